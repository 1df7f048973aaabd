"""Old positions are removed, a few at once, so that nothing waits for it."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.logs import logger
from gateway.settings import StoreSettings
from gateway.store import Store, fixes

HOUR_MS = 3_600_000
DAY_MS = 86_400_000


async def keep_bounded(store: Store, clock: Clock, settings: StoreSettings) -> None:
    """Every hour, for ever: remove what is older than the settings say."""
    log = logger("retention")
    while True:
        await clock.sleep_until_ms(clock.now_ms() + HOUR_MS)
        try:
            removed = await remove_old(store, clock.now_ms(), settings)
        except StoreError as error:
            log.warning("positions_not_removed", error=str(error))
        else:
            if removed:
                log.info("positions_removed", rows=removed)


async def remove_old(store: Store, now_ms: int, settings: StoreSettings) -> int:
    """Remove what is older than `fix_retention_days`; with more than `fix_max_rows` rows, the older part of
    that time as well, as if positions came evenly. Returns how many rows went."""
    async with store.read() as connection:
        rows = await fixes.count(connection)
        unit_ids = await fixes.unit_ids(connection)
    share = min(1.0, settings.fix_max_rows / max(1, rows))
    before_ms = now_ms - int(settings.fix_retention_days * DAY_MS * share)
    removed = 0
    for unit_id in unit_ids:
        while gone := await store.write(_removing(unit_id, before_ms)):
            removed += gone
    return removed


def _removing(unit_id: str, before_ms: int) -> Callable[[AsyncConnection], Awaitable[int]]:
    async def job(connection: AsyncConnection) -> int:
        return await fixes.remove_old(connection, unit_id, before_ms)

    return job
