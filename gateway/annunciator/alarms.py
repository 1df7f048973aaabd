"""Which incidents wait to be acknowledged, by the messages of the live picture: the console's rules, in Python.

Pure. What rings for an account is what rings in its console (`console/src/live/picture.ts`), but for one thing: an
annunciator may sign in as a viewer, which has the least rights, and it sounds all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Literal

ENDED = frozenset({"CLOSED", "MERGED"})
EXERCISE = ("exercise", 6)
TEXT_MAX = 120

What = Literal["alarm", "test_alarm", "answered"]


@dataclass(frozen=True, slots=True)
class News:
    """A change of what waits: a real alarm (or exercise) began to wait, a test was heard of, one waits no longer."""

    what: What
    incident_id: str
    unit_id: str
    officer: str
    kind: str
    exercise: bool
    by: str | None = None


class Alarms:
    """What waits, for one account. `role` and `court_id` are its own."""

    def __init__(self, role: str, court_id: str | None) -> None:
        self._role = role
        self._court_id = court_id
        self._versions: dict[str, int] = {}
        self._waiting: dict[str, News] = {}
        self._tests: set[str] = set()

    @property
    def waiting(self) -> int:
        """Real alarms and exercises that nobody has answered."""
        return len(self._waiting)

    @property
    def known(self) -> frozenset[str]:
        """Ids of what waits, and of the tests that were heard of."""
        return frozenset(self._waiting) | self._tests

    def answered_without(self, still: Set[str]) -> list[News]:
        """What waited and is not in `still`, as answered by nobody knows whom."""
        return [_answered(news, None) for number, news in self._waiting.items() if number not in still]

    def take(self, message: Mapping[str, Any]) -> list[News]:
        """Take over a message of the live picture; what changed by it. A snapshot is the first of a session.

        Raises ValueError, KeyError or TypeError for what is no message of a gateway.
        """
        kind = message["t"]
        if kind == "snapshot":
            return [news for incident in message["incidents"] for news in self._take(incident)]
        return self._take(message["incident"]) if kind == "incident" else []

    def _take(self, incident: Mapping[str, Any]) -> list[News]:
        number, version = str(incident["incident_id"]), int(incident["version"])
        if version <= self._versions.get(number, -1):
            return []
        ended = incident["state"] in ENDED
        self._versions[number] = version
        if ended:
            self._tests.discard(number)
            del self._versions[number]
        before, waits = self._waiting.get(number), not ended and self._waits(incident)
        exercise = incident["kind"] in EXERCISE
        if incident["test"] and not exercise:
            if not waits or number in self._tests:
                return []
            self._tests.add(number)
            return [_news("test_alarm", incident, exercise)]
        if waits and before is None:
            self._waiting[number] = news = _news("alarm", incident, exercise)
            return [news]
        if before is not None and not waits:
            del self._waiting[number]
            return [_answered(before, incident["centre"].get("acknowledged_by"))]
        return []

    def _waits(self, incident: Mapping[str, Any]) -> bool:
        if self._role != "court":
            return incident["centre"]["acknowledged_ms"] is None
        if incident["owner_court_id"] is not None:
            return False
        own = next(
            (one["offer"] for one in incident["candidates"] if one["court_id"] == self._court_id), None
        )
        return own == "open" or (incident["state"] == "UNCOVERED" and own != "declined")


def _news(what: What, incident: Mapping[str, Any], exercise: bool) -> News:
    return News(
        what,
        str(incident["incident_id"]),
        str(incident["unit_id"])[:TEXT_MAX],
        str(incident["officer"] or "")[:TEXT_MAX],
        "duress" if incident["duress"] else str(incident["kind"]),
        exercise,
    )


def _answered(news: News, by: object) -> News:
    name = str(by)[:TEXT_MAX] if by else None
    return News("answered", news.incident_id, news.unit_id, news.officer, news.kind, news.exercise, name)
