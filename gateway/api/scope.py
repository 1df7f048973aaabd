"""Who sees what, and who may do what: the table of rights, as pure functions.

A person sees the units of their own court and of all courts below it; with no court they see all. An incident is seen
by the court of its unit and by every court that was asked to come, from then on.

    right       admin  dispatcher  court            viewer
    look        yes    yes         yes              yes
    command     yes    yes         no               no       (acknowledge, offer, close, merge, note,
                                                          callback, hand_over, take_over, units)
    answer      yes    yes         own court only   no       (accept, decline, en_route, arrived, duty)
    hold        yes    yes         no               no       (a recording is kept whatever its age)
    release     yes    no          no               no       (... and no longer)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.api import problems
from gateway.dispatch.centre_live import View
from gateway.dispatch.incident import Incident
from gateway.model import Court, Role, UnitStatus, User

COMMANDERS = frozenset({Role.ADMIN, Role.DISPATCHER})


@dataclass(frozen=True, slots=True)
class Scope:
    """The courts that somebody sees; `court_ids` None is all, those not in any register included."""

    court_ids: frozenset[str] | None

    def covers(self, court_id: str | None) -> bool:
        """Whether `court_id` lies in it. An unknown court (None) is seen by those only who see all."""
        return self.court_ids is None or court_id in self.court_ids

    def sees(self, incident: Incident) -> bool:
        """Whether an incident is seen: by its unit's court, and by every court that was asked to come.

        Once everybody was paged, the courts of the ranking and those above them count as asked.
        """
        if self.court_ids is None:
            return True
        asked = {incident.court_id, incident.owner_court_id, *(offer.court_id for offer in incident.offers)}
        if incident.pages:
            asked.update(court.court_id for court in (*incident.ranking.candidates, *incident.ranking.above))
        return not self.court_ids.isdisjoint(asked)

    def sees_unit(self, status: UnitStatus, guests: frozenset[str]) -> bool:
        """Whether a unit is seen; `guests` from `guest_units`."""
        return self.covers(status.unit.court_id) or status.unit.unit_id in guests


def guest_units(scope: Scope, live: Iterable[View]) -> frozenset[str]:
    """Units of other courts that are seen while an incident of theirs is open to which the scope was asked."""
    if scope.court_ids is None:
        return frozenset()
    return frozenset(
        member.unit_id for view in live if scope.sees(view.incident) for member in view.incident.members
    )


def scope_of(user: User, courts: Iterable[Court]) -> Scope:
    """The courts at and below the user's own. A court that is its own ancestor by mistake does no harm."""
    return Scope(None if user.court_id is None else courts_below(user.court_id, courts))


def courts_below(court_id: str, courts: Iterable[Court]) -> frozenset[str]:
    """A court and all courts below it, by id; itself alone when it is in no register."""
    children: dict[str | None, list[str]] = {}
    for court in courts:
        children.setdefault(court.parent_id, []).append(court.court_id)
    found: set[str] = set()
    waiting = [court_id]
    while waiting:
        below = waiting.pop()
        if below not in found:
            found.add(below)
            waiting += children.get(below, ())
    return frozenset(found)


def related(one: str | None, other: str | None, courts: Mapping[str, Court]) -> bool:
    """Whether two courts are the same or one is above the other; None stands above all."""
    if one is None or other is None:
        return True
    return one in _line_of(other, courts) or other in _line_of(one, courts)


def _line_of(court_id: str, courts: Mapping[str, Court]) -> set[str]:
    """A court and those above it. One that is above itself by mistake does no harm."""
    line: set[str] = set()
    at: str | None = court_id
    while at is not None and at not in line:
        line.add(at)
        court = courts.get(at)
        at = court.parent_id if court is not None else None
    return line


def must_command(user: User) -> None:
    """Raise a 403 unless the person directs incidents and units."""
    if user.role not in COMMANDERS:
        raise problems.forbidden("Only a dispatcher may do this.")


def must_release(user: User) -> None:
    """Raise a 403 unless the person may end a hold on a recording."""
    if user.role is not Role.ADMIN:
        raise problems.forbidden("Only an administrator may release a recording.")


def answering_court(user: User, asked: str | None) -> str:
    """The court for which the person answers: `asked`, or their own. Raises 403, or 422 when it is missing."""
    if user.role in COMMANDERS:
        if asked is None:
            raise problems.missing("court_id", "Say which court answers.")
        return asked
    if user.role is not Role.COURT or user.court_id is None:
        raise problems.forbidden("Only a court's duty officer or a dispatcher may answer for a court.")
    if asked not in (None, user.court_id):
        raise problems.forbidden("You may answer for your own court only.")
    return user.court_id
