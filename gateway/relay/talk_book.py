"""What remains of talks: their rows, their files, the audit, and the incident's log.

A talk is entered before anybody is heard. One that a kill cut off is ended at the next start, with what there is of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.dispatch.centre import Centre
from gateway.dispatch.events import Talk as TalkEvent
from gateway.errors import NotFound, Refused
from gateway.logs import logger
from gateway.relay import talk_file
from gateway.relay.talk_file import Kept, TalkFile
from gateway.relay.talk_floor import Ended, Talking
from gateway.store import Store, talks
from gateway.store.talks import TalkEnd, TalkRow
from protocol.talk import PACKET_MS

AT_ONCE = 100
DAY_MS = 86_400_000
RETENTION = "retention"


@dataclass(slots=True)
class Speech:
    """A talk with what is kept of it."""

    talking: Talking
    row: TalkRow
    file: TalkFile


class Book:
    """The register and the files of all talks."""

    def __init__(self, store: Store, clock: Clock, centre: Centre, data_dir: Path) -> None:
        self._store = store
        self._clock = clock
        self._centre = centre
        self._data_dir = data_dir
        self._own: set[str] = set()
        self._log = logger("talk")

    def path(self, row: TalkRow) -> Path:
        """Where the file of a talk is, or would be."""
        return talk_file.path_of(self._data_dir, row.unit_id, row.talk)

    async def begin(self, unit_id: str, talking: Talking) -> Speech:
        """Enter a talk. Raises StoreError: then nobody must be heard."""
        status = self._centre.units()[unit_id]
        row = TalkRow(
            talking.talk.hex(),
            unit_id,
            status.unit.court_id,
            status.unit.officer,
            status.incident_id,
            talking.by.login,
            talking.by.name,
            talking.aloud,
            talking.call,
            talking.began_ms,
        )
        self._own.add(row.talk)
        try:
            await self._store.write(lambda connection: talks.begun(connection, row))
        except BaseException:
            self._own.discard(row.talk)
            raise
        tags = [
            ("TALK", row.talk),
            ("UNIT", unit_id),
            ("OFFICER", row.officer),
            ("SPEAKER", row.name),
            ("LOGIN", row.login),
            ("INCIDENT", row.incident_id or ""),
        ]
        return Speech(talking, row, TalkFile(self.path(row), row.began_ms, tags))

    async def end(self, speech: Speech, why: Ended, ended_ms: int) -> None:
        """Close the file, say it in the incident's log, and enter the end. Raises StoreError: try again."""
        talking, kept = speech.talking, None
        if talking.packets:
            try:
                kept = await asyncio.to_thread(speech.file.close)
            except OSError as error:
                self._log.error("speech_not_kept", talk=speech.row.talk, error=error.strerror)
        if speech.file.unkept:
            self._log.error("speech_not_whole", talk=speech.row.talk, packets=speech.file.unkept)
        await self._enter(
            speech.row, ended_ms, str(why), talking.packets, talking.dropped, kept, silent=not talking.packets
        )

    async def recover(self) -> int:
        """End the talks that a kill cut off, with what there is of them; returns how many. Raises StoreError."""
        count = 0
        while True:
            async with self._store.read() as connection:
                left = await talks.unfinished(connection, AT_ONCE)
            cut_off = [row for row in left if row.talk not in self._own]
            if not cut_off:
                return count
            for row in cut_off:
                path, kept = self.path(row), None
                packets = await asyncio.to_thread(talk_file.packets_in, path)
                if packets:
                    try:
                        kept = await asyncio.to_thread(talk_file.seal, path)
                    except OSError as error:
                        self._log.error("speech_not_kept", talk=row.talk, error=error.strerror)
                ended_ms = row.began_ms + packets * PACKET_MS
                await self._enter(row, ended_ms, str(Ended.RESTART), packets, 0, kept, silent=not packets)
                count += 1

    async def delete_old(self, retention_days: int) -> int:
        """Delete talks whose time is over and that belong to no incident; returns how many. Killed in between, files
        that are left go with the next."""
        now_ms, count = self._clock.now_ms(), 0
        async with self._store.read() as connection:
            left = await talks.deleted_since(connection, now_ms - 2 * DAY_MS)
        await asyncio.to_thread(self._remove, left)
        while True:
            async with self._store.read() as connection:
                found = await talks.old(connection, now_ms - retention_days * DAY_MS, AT_ONCE)
            if not found:
                return count
            await self._store.write(partial(_deleting, found, now_ms))
            await asyncio.to_thread(self._remove, found)
            count += len(found)

    async def _enter(
        self,
        row: TalkRow,
        ended_ms: int,
        why: str,
        packets: int,
        dropped: int,
        kept: Kept | None,
        *,
        silent: bool,
    ) -> None:
        """The end of a talk; one in which nobody was heard is in the audit alone."""
        status = self._centre.units().get(row.unit_id)
        if row.incident_id is None and status is not None and not silent:
            row = replace(row, incident_id=status.incident_id)
        sha256 = kept.sha256 if kept is not None else None
        if row.incident_id is not None and not silent:
            event = TalkEvent(
                row.name,
                row.talk,
                row.unit_id,
                row.began_ms,
                ended_ms - row.began_ms,
                dropped,
                why,
                row.aloud,
                sha256.hex() if sha256 is not None else None,
            )
            await self._tell(row.incident_id, event, row.login)
        end = TalkEnd(
            ended_ms, why, packets, dropped, kept.size if kept is not None else None, sha256, row.incident_id
        )
        await self._store.write(lambda connection: talks.over(connection, row, end))
        self._own.discard(row.talk)
        self._log.info(
            "talk_ended",
            unit=row.unit_id,
            talk=row.talk,
            login=row.login,
            why=why,
            lasted_ms=ended_ms - row.began_ms,
            packets=packets,
            dropped=dropped,
        )

    async def _tell(self, incident_id: str, event: TalkEvent, login: str) -> None:
        """Into the incident's log, or that of the one it was merged into. A closed one takes nothing more."""
        try:
            view = await self._centre.incident(incident_id)
            if view.incident.merged_into is not None:
                incident_id = view.incident.merged_into
                view = await self._centre.incident(incident_id)
            if not any(entry.facts.get("talk_id") == event.talk_id for entry in view.timeline):
                await self._centre.act(incident_id, event, login=login)
        except (NotFound, Refused) as refused:
            self._log.info("talk_after_the_end", incident=incident_id, talk=event.talk_id, why=str(refused))

    def _remove(self, rows: Sequence[TalkRow]) -> None:
        for row in rows:
            try:
                self.path(row).unlink(missing_ok=True)
            except OSError as error:
                self._log.warning("speech_not_deleted", talk=row.talk, error=error.strerror)


async def _deleting(rows: Sequence[TalkRow], now_ms: int, connection: AsyncConnection) -> None:
    await talks.deleted(connection, rows, RETENTION, now_ms)
