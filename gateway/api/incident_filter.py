"""What the list of incidents and its export are asked for, as query parameters that a page's address can hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query

from gateway.api.ask import EPOCH_END_MS
from gateway.api.requests import Line
from gateway.api.scope import Scope, courts_below
from gateway.dispatch.events import AlarmKind
from gateway.model import Court
from gateway.store.incident_search import Wanted

Part = Annotated[Line | None, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """The filters that were given; an empty text is none."""

    state: Literal["open", "closed", "all"]
    court: str | None
    unit: str | None
    officer: str | None
    case: str | None
    kind: AlarmKind | None
    by: str | None
    q: str | None
    from_ms: int | None
    to_ms: int | None

    def wanted(self, scope: Scope, courts: Iterable[Court]) -> Wanted:
        """The same for the store, within what the asker sees."""
        return Wanted(
            live=None if self.state == "all" else self.state == "open",
            seen_by=scope.court_ids,
            court_ids=courts_below(self.court, courts) if self.court else None,
            kind=self.kind,
            unit=self.unit,
            officer=self.officer,
            case_no=self.case,
            by=self.by,
            text=self.q,
            from_ms=self.from_ms,
            to_ms=self.to_ms,
        )

    def given(self) -> dict[str, object]:
        """What was asked for, for the audit."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) not in (None, "")}


def _filter(
    state: Annotated[Literal["open", "closed", "all"], Query()] = "open",
    court: Annotated[
        str | None,
        Query(pattern=r"^[A-Za-z0-9_-]{0,16}$", description="The officer's court is this one or below it."),
    ] = None,
    unit: Annotated[Part, Query(description="A part of a unit's number.")] = None,
    officer: Annotated[Part, Query(description="A part of an officer's name.")] = None,
    case: Annotated[Part, Query(description="A part of the case number.")] = None,
    kind: Annotated[AlarmKind | None, Query(description="`duress`: also what became one.")] = None,
    by: Annotated[Part, Query(description="A part of the name of somebody who acted on it.")] = None,
    q: Annotated[Part, Query(description="A part of officer, unit, case number or id.")] = None,
    from_ms: Annotated[int | None, Query(ge=0, le=EPOCH_END_MS, description="Opened then or later.")] = None,
    to_ms: Annotated[int | None, Query(ge=0, le=EPOCH_END_MS, description="Opened before then.")] = None,
) -> IncidentFilter:
    return IncidentFilter(state, court, unit, officer, case, kind, by, q, from_ms, to_ms)


Filter = Annotated[IncidentFilter, Depends(_filter)]
