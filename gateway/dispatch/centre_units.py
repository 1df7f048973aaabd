"""The units as they are now: the register, and what each last said of itself."""

from collections.abc import Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from gateway.model import Fix, Unit, UnitStatus
from gateway.store.units import unknown_unit
from protocol.messages import CLOCK_NETWORK

if TYPE_CHECKING:
    from protocol.messages import State

UNKNOWN_MAX = 1_000
# Our two links bring the messages of a unit out of order by less than this.
OUT_OF_ORDER_MS = 60_000
_PLACES = {one.name: place for place, one in enumerate(fields(UnitStatus))}
_values_of = attrgetter(*_PLACES)


class Units:
    """Statuses by unit id. Held by the centre; changed only through these functions."""

    def __init__(self) -> None:
        self.statuses: dict[str, UnitStatus] = {}
        self._unknown: list[str] = []

    def register(self, unit: Unit) -> UnitStatus:
        """Enter a unit, or its new entry in the register."""
        before = self.statuses.get(unit.unit_id)
        status = registered(before, unit) if before is not None else UnitStatus(unit)
        self.statuses[unit.unit_id] = status
        return status

    def put(self, status: UnitStatus) -> None:
        """Replace a status."""
        self.statuses[status.unit.unit_id] = status

    def stranger(self, unit_id: str, court_id: str) -> UnitStatus:
        """The status of a unit that is in no register and raised an alarm. The oldest of 1,000 is forgotten,
        unless it has an incident."""
        status = self.statuses.get(unit_id)
        if status is None:
            status = self.statuses[unit_id] = UnitStatus(unknown_unit(unit_id, court_id), wire_court=court_id)
            self._unknown.append(unit_id)
            if len(self._unknown) > UNKNOWN_MAX:
                oldest = self.statuses.get(self._unknown.pop(0))
                if oldest is not None and not oldest.unit.known and oldest.incident_id is None:
                    del self.statuses[oldest.unit.unit_id]
        return status

    def where(self, unit_id: str) -> str:
        """The court level of the topics on which this unit listens."""
        status = self.statuses[unit_id]
        return status.wire_court or status.unit.court_id

    def online(self, unit_id: str) -> bool:
        """Whether it says that it is connected."""
        status = self.statuses.get(unit_id)
        return status is not None and status.online


def registered(status: UnitStatus, unit: Unit) -> UnitStatus:
    """The status of a unit under its entry in the register. Provisioned anew it is perhaps another device,
    whose boots count from one again and which was never where the earlier one was: nothing of that counts."""
    if unit.generation > status.unit.generation:
        return replace(status, unit=unit, fix=None, boot=0, session=0)
    return status if status.unit is unit else replace(status, unit=unit)


def restored(status: UnitStatus) -> UnitStatus:
    """The status as it was stored, without what an earlier device said before the unit was provisioned."""
    since_ms, fix = status.unit.registered_ms, status.fix
    if (status.seen_ms or 0) < since_ms:
        status = replace(status, boot=0, session=0)
    return replace(status, fix=None) if fix is not None and fix.received_ms < since_ms else status


def heard(status: UnitStatus, court_id: str, received_ms: int) -> UnitStatus:
    """The status after any message of the unit that was not a retained one. `seen_ms` goes back only when the
    clock was set back: otherwise a unit that fell silent would look fresh for as long."""
    return moved(status, court_id, received_ms)


def moved(
    status: UnitStatus, court_id: str, received_ms: int | None, found: Sequence[Fix] = ()
) -> UnitStatus:
    """As `heard` (not when received_ms is None: a retained message), and after these positions: one is kept if it
    can be used and is not older than the one before. One copy, for this is done 2,000 times a second."""
    fix = status.fix
    for one in found:
        if one.usable and (fix is None or newer(one, fix)):
            fix = one
    if received_ms is None:
        return status if fix is status.fix else _with(status, fix=fix)
    seen_ms = status.seen_ms or 0
    later = received_ms >= seen_ms or seen_ms - received_ms > OUT_OF_ORDER_MS
    return _with(status, seen_ms=received_ms if later else seen_ms, wire_court=court_id, fix=fix)


def after_state(status: UnitStatus, state: "State", clock_offset_ms: int | None = None) -> UnitStatus | None:
    """The status after a State; None for an offline of an earlier connection, which is to be ignored.
    clock_offset_ms: of the unit's clock, measured at its arrival; None when that was not set."""
    if not state.online:
        if (state.boot, state.session) < (status.boot, status.session):
            return None
        return replace(status, online=False, boot=state.boot, session=state.session)
    return replace(
        status,
        online=True,
        boot=state.boot,
        session=state.session,
        battery_pct=state.battery_pct,
        battery_mv=state.battery_mv,
        charging=bool(state.charging),
        storage_free_kib=state.storage_free_kib,
        storage_total_kib=state.storage_total_kib,
        signal_dbm=state.signal_dbm,
        network=state.network,
        recording=bool(state.recording),
        firmware=state.firmware,
        case_no=state.case_no,
        uptime_s=state.uptime_s,
        clock_quality=state.stamp.quality if state.stamp is not None else 0,
        last_error=state.last_error,
        clock_offset_ms=clock_offset_ms,
        counters=dict(state.counters or {}),
        speaker=state.speaker,
    )


def newer(fix: Fix, before: Fix) -> bool:
    """Whether `fix` was taken after `before`.

    By the unit's clock where GNSS or the network set it for both, for a boot count can come again (the unit was
    replaced, its flash wiped); else by the unit's own count within one boot; else by whatever time there is.
    """
    if _timed(fix) and _timed(before) and fix.taken_ms != before.taken_ms:
        return (fix.taken_ms or 0) > (before.taken_ms or 0)
    if fix.boot == before.boot:
        return fix.mono_ms > before.mono_ms
    return fix.at_ms() >= before.at_ms()


def _with(status: UnitStatus, **changed: object) -> UnitStatus:
    """`dataclasses.replace`, in half the time."""
    values = list(_values_of(status))
    for name, value in changed.items():
        values[_PLACES[name]] = value
    return UnitStatus(*values)


def _timed(fix: Fix) -> bool:
    return fix.taken_ms is not None and fix.clock_quality >= CLOCK_NETWORK and fix.fault is None
