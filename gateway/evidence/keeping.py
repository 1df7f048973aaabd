"""How long recordings are kept: at least half a year, and for good when an incident or a hold refers to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.evidence.evidence import Evidence
from gateway.evidence.places import Key
from gateway.evidence.remote import FAILURES, Remote
from gateway.logs import logger
from gateway.metrics import Metrics
from gateway.store import Store, recording_register
from gateway.store.recording_register import Gone

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
AT_ONCE = 50
LOGIN = "retention"
"""In the audit: it was nobody's decision but the setting's."""


async def keep_bounded(keep: Callable[[], Awaitable[int]], clock: Clock) -> None:
    """Every hour, for ever."""
    log = logger("retention")
    while True:
        await clock.sleep_until_ms(clock.now_ms() + HOUR_MS)
        try:
            await keep()
        except (StoreError, *FAILURES) as error:
            log.warning("recordings_not_deleted", error=str(error))


async def delete_old(
    store: Store,
    evidence: Evidence,
    remote: Remote | None,
    metrics: Metrics,
    retention_days: int,
    now_ms: int,
) -> int:
    """Delete recordings whose time is over; returns how many. Killed in between, files that are left are deleted
    with the next: the register says first that they are gone."""
    log = logger("retention")
    before_ms, deleted = now_ms - retention_days * DAY_MS, 0
    async with store.read() as connection:
        left = await recording_register.deleted_since(connection, now_ms - 2 * DAY_MS)
    for unit_id, recording, number, name in left:
        await evidence.remove(Key(unit_id, recording, number), 0)
        if name is not None and remote is not None:
            await remote.delete(name)
    while True:
        async with store.read() as connection:
            found = await recording_register.over(connection, before_ms, AT_ONCE)
        gone_now = 0
        for unit_id, recording in found:
            job = (unit_id, recording, before_ms, LOGIN, now_ms)
            gone = await store.write(partial(_deleting, job))
            for one in gone:
                if one.remote is not None and remote is not None:
                    await remote.delete(one.remote)
                await evidence.remove(
                    Key(unit_id, recording, one.number), one.kept_bytes if one.sealed else None
                )
            if gone:
                gone_now += 1
                metrics.recordings_deleted.inc()
                log.info("recording_deleted", unit=unit_id, recording=recording, segments=len(gone))
        deleted += gone_now
        if not gone_now:
            return deleted


async def _deleting(job: tuple[str, str, int, str, int], connection: AsyncConnection) -> list[Gone]:
    return await recording_register.delete(connection, *job)
