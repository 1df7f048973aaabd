"""Units as JSON text, made anew only in what has changed: of 2,000 units a second it is the position, and the rest of
what is known of a unit is eight tenths of the work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter

from gateway.api import views
from gateway.api.json_text import dumps
from gateway.model import UnitStatus

MOVING = frozenset({"seen_ms", "fix"})
_rest_of = attrgetter(*(one.name for one in fields(UnitStatus) if one.name not in MOVING))


@dataclass(slots=True)
class _Known:
    status: UnitStatus
    rest: tuple[object, ...]
    head: str
    text: str


class UnitTexts:
    """The text of each unit (`views.unit`) as it was asked for last."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def of(self, status: UnitStatus) -> str:
        """The unit as JSON."""
        known = self._known.get(status.unit.unit_id)
        if known is not None and known.status is status:
            return known.text
        rest = _rest_of(status)
        if known is None or known.rest != rest:
            steady = {name: value for name, value in views.unit(status).items() if name not in MOVING}
            known = self._known[status.unit.unit_id] = _Known(status, rest, dumps(steady)[:-1], "")
        known.status, known.text = status, f"{known.head},{dumps(views.moving(status))[1:]}"
        return known.text

    def unwritten(self, statuses: Iterable[UnitStatus]) -> list[UnitStatus]:
        """Those of which `of` has still to make the text."""
        known = self._known
        return [
            status
            for status in statuses
            if (text := known.get(status.unit.unit_id)) is None or text.status is not status
        ]

    def keep(self, statuses: Mapping[str, UnitStatus]) -> None:
        """Forget all others, when there are more than these."""
        if len(self._known) > len(statuses):
            self._known = {unit_id: known for unit_id, known in self._known.items() if unit_id in statuses}
