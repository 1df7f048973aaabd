"""How long recordings are kept: at least half a year, and for good when an incident or a hold refers to them."""

from __future__ import annotations

import asyncio
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
from gateway.store import Store, recording_register, recordings
from gateway.store.recording_register import Gone

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
AT_ONCE = 50
FAILED_MAX = 20
"""Objects that cannot be deleted: then the store is not asked for more until the next time."""
LEFT_DAYS = 2
LEFT_DAYS_AT_START = 30
"""The first time after a start: the gateway before us may have been killed, and nobody there for a while."""
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
    left_days: int = LEFT_DAYS,
) -> int:
    """Delete recordings whose time is over; returns how many. Killed in between, files that are left are deleted
    with the next, if that was not more than `left_days` ago: the register says first that they are gone. What is left
    in the object store is known to the register, however long that cannot be reached.

    What cannot be deleted stops nothing else, and is raised at the end: StoreError, FAILURES.
    """
    log = logger("retention")
    before_ms = now_ms - retention_days * DAY_MS
    failed: list[Exception] = []
    async with store.read() as connection:
        left = await recording_register.deleted_since(connection, now_ms - left_days * DAY_MS)
    for unit_id, recording in left:
        for key in await asyncio.to_thread(evidence.places.here, unit_id, recording):
            await _remove(evidence, key, 0, failed)
    deleted = 0
    while True:
        async with store.read() as connection:
            found = await recording_register.over(connection, before_ms, AT_ONCE)
        gone_now = 0
        for unit_id, recording in found:
            gone = await store.write(partial(_deleting, (unit_id, recording, before_ms, LOGIN, now_ms)))
            for one in gone:
                key = Key(unit_id, recording, one.number)
                await _remove(evidence, key, one.kept_bytes if one.sealed else None, failed)
            if gone:
                gone_now += 1
                metrics.recordings_deleted.inc()
                log.info("recording_deleted", unit=unit_id, recording=recording, segments=len(gone))
        if not gone_now:
            break
        deleted += gone_now
    if remote is not None:
        await _delete_there(store, remote, failed)
    if failed:
        raise failed[0]
    return deleted


async def _remove(evidence: Evidence, key: Key, kept_bytes: int | None, failed: list[Exception]) -> None:
    try:
        await evidence.remove(key, kept_bytes)
    except OSError as error:
        failed.append(error)


async def _delete_there(store: Store, remote: Remote, failed: list[Exception]) -> None:
    kept = 0
    while True:
        async with store.read() as connection:
            found = await recording_register.to_delete_there(connection, AT_ONCE, kept)
        for unit_id, recording, number, name in found:
            try:
                await remote.delete(name)
            except FAILURES as error:
                failed.append(error)
                kept += 1
                if kept == FAILED_MAX:
                    return
            else:
                await store.write(partial(_not_there, unit_id, recording, number))
        if not found:
            return


async def _not_there(unit_id: str, recording: str, number: int, connection: AsyncConnection) -> None:
    await recordings.moved(connection, unit_id, recording, number, None)


async def _deleting(job: tuple[str, str, int, str, int], connection: AsyncConnection) -> list[Gone]:
    return await recording_register.delete(connection, *job)
