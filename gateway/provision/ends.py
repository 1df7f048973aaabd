"""Units whose certificate ends soon or has ended: said every day, before the broker refuses them."""

from collections.abc import Callable, Sequence

from gateway.clock import Clock
from gateway.logs import logger
from gateway.model import Unit
from gateway.provision.authority import RENEW_DAYS
from gateway.store import Store, units

DAY_MS = 86_400_000


def ending(known: Sequence[Unit], now_ms: int) -> list[tuple[Unit, int]]:
    """(unit, whole days left; negative once it has ended) of those that end within 30 days, soonest first.
    Revoked units are left out."""
    found = [
        (unit, (unit.certificate_ends_ms - now_ms) // DAY_MS)
        for unit in known
        if not unit.revoked and unit.certificate_ends_ms is not None
    ]
    return sorted((one for one in found if one[1] < RENEW_DAYS), key=lambda one: one[1])


async def warn_of_ends(store: Store, clock: Clock, count: Callable[[], None]) -> None:
    """Now and every day, for ever: a warning for each unit whose certificate ends within 30 days or has ended;
    `count` is called for each."""
    log = logger("provision")
    while True:
        now_ms = clock.now_ms()
        async with store.read() as connection:
            known = await units.all_units(connection)
        for unit, days in ending(known, now_ms):
            count()
            log.warning(
                "certificate_ends",
                unit=unit.unit_id,
                days_left=days,
                do=f"tipstaff provision {unit.unit_id}, and copy its files to the unit",
            )
        await clock.sleep_until_ms(now_ms + DAY_MS)
