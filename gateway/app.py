"""The gateway: everything put together in one TaskGroup.

`async with Gateway(settings, clock) as gateway` is ready when it is entered: the broker accepts units, we
hear them, the console is served. A task that dies ends all of it with its error. Tests, the demo and the bench
use it as `tipstaff serve` does.
"""

import asyncio
import contextlib
import errno
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway import data_folder
from gateway.api.app import create_app
from gateway.api.gate import Gate
from gateway.api.rtsp_gate import RtspGate, is_loopback
from gateway.api.server import listen, server
from gateway.broker import Broker, Verdict, open_broker
from gateway.clock import Clock, SystemClock
from gateway.dispatch import courts
from gateway.dispatch.centre import Centre
from gateway.errors import SettingsError, TipstaffError
from gateway.evidence import keeping
from gateway.evidence.evidence import Evidence
from gateway.evidence.live import front_on_disk
from gateway.evidence.places import Key
from gateway.evidence.reading import Archive
from gateway.evidence.remote import Mover, Remote
from gateway.evidence.stills import Stills
from gateway.evidence.watching import PictureWatch
from gateway.ingest import Ingest
from gateway.ingest.media import Media
from gateway.logs import Faults, logger
from gateway.metrics import Metrics
from gateway.model import Unit
from gateway.provision import Authority, Endpoint, provision, revoke, warn_of_ends
from gateway.relay import Relay
from gateway.relay.rtsp_door import Door
from gateway.relay.rtsp_process import RtspProcess
from gateway.relay.talk import Talks
from gateway.relay.talk_book import Book
from gateway.relay.talk_link import TalkLink
from gateway.retention import keep_bounded
from gateway.settings import Settings
from gateway.store import Store, units


class Gateway:
    """See the module. `store`, `centre`, `broker`, `ingest`, `evidence`, `archive`, `stills`, `media`, `relay` and
    `talks` are
    there once it is entered."""

    store: Store
    centre: Centre
    broker: Broker
    ingest: Ingest
    evidence: Evidence
    archive: Archive
    stills: Stills
    media: Media
    relay: Relay
    talks: Talks
    authority: Authority
    rtsp: RtspProcess

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.metrics = Metrics()
        self.http_port = settings.http.port
        self._log = logger("gateway")
        self._refusals = Faults(self.clock, settings.log.repeat_s, "broker")
        self._left_days = keeping.LEFT_DAYS_AT_START
        self._ready = asyncio.Event()
        self._stop = asyncio.Event()
        self._main: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Return when everything is ready. Raises TipstaffError when it cannot be."""
        self._main = asyncio.create_task(self._run(), name="gateway")
        ready = asyncio.create_task(self._ready.wait(), name="gateway-ready")
        try:
            await asyncio.wait((self._main, ready), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.stop()
            raise
        finally:
            ready.cancel()
        if self._main.done():
            await self.wait()

    async def stop(self) -> None:
        """End everything in order, or at once if it is not ready yet: a broker that never lets us in must not
        keep us. Twice does no harm. Raises what had ended it before."""
        self._stop.set()
        if self._main is not None and not self._ready.is_set():
            self._main.cancel()
        await self.wait()

    async def wait(self) -> None:
        """Return when it was stopped; raise what ended it otherwise."""
        if self._main is None:
            return
        try:
            await asyncio.shield(self._main)
        except asyncio.CancelledError:
            if not self._main.cancelled():
                raise
        except BaseExceptionGroup as group:
            raise _cause(group) from group

    @property
    def endpoint(self) -> Endpoint:
        """Where units find the broker."""
        chosen = self.settings.broker
        client = self.broker.client
        return Endpoint(
            chosen.units_host or client.host, chosen.units_port or client.port, chosen.server_name
        )

    @property
    def url(self) -> str:
        """Of the console."""
        scheme = "https" if self.settings.http.tls_cert else "http"
        return f"{scheme}://{self.settings.http.host}:{self.http_port}"

    async def provision(
        self,
        unit_id: str,
        court_id: str,
        out: Path | None = None,
        *,
        officer: str | None = None,
        cancel_code: int | None = None,
        admit: bool = True,
    ) -> Unit:
        """Provision a unit; its files go to `out` or `<data_dir>/units/<unit_id>`. It is admitted at once, or, of many,
        without `admit`, with the next `reload`."""
        unit = await provision(
            self.store,
            self.authority,
            self.settings.unit,
            self.endpoint,
            unit_id,
            court_id,
            out or self.settings.data_dir / "units" / unit_id,
            now_ms=self.clock.now_ms(),
            officer=officer,
            cancel_code=cancel_code,
        )
        if admit:
            await self.reload()
        return unit

    async def revoke(self, unit_id: str) -> Unit:
        """Refuse a unit from now on."""
        unit = await revoke(self.store, unit_id, now_ms=self.clock.now_ms())
        await self.reload()
        return unit

    async def reload(self) -> None:
        """Take over what was changed in the registers of units and courts, here or by another process."""
        await self.centre.reload()
        async with self.store.read() as connection:
            admitted, revoked = await units.all_units(connection), await units.revoked_serials(connection)
        self.broker.admit(admitted, revoked)
        self._log.info("registers_read", units=len(admitted), courts=len(self.centre.courts()))

    async def delete_old_recordings(self) -> int:
        """Delete recordings whose time is over and to which nothing refers; returns how many."""
        days = self.settings.evidence.retention_days
        now_ms = self.clock.now_ms()
        await self.talks.book.delete_old(days)
        deleted = await keeping.delete_old(
            self.store, self.evidence, self._remote, self.metrics, days, now_ms, self._left_days
        )
        self._left_days = keeping.LEFT_DAYS
        return deleted

    async def _run(self) -> None:
        data_dir = self.settings.data_dir
        try:
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise TipstaffError(f"{data_dir}: {error.strerror}; set site.data_dir") from None
        with data_folder.held(data_dir):
            self.authority = Authority(data_dir / "ca", self.clock.now_ms())
            async with Store(
                self.settings.store_url, self.settings.store.sqlite_max_pages, self.clock
            ) as self.store:
                await self._first_courts()
                self.centre = Centre(self.store, self.clock, self.settings.dispatch, self.metrics, self._send)
                await self.centre.load()
                self.evidence = Evidence(
                    self.settings.evidence,
                    data_dir / "evidence",
                    self.clock,
                    self.store,
                    self.metrics,
                    self._unit,
                    lambda topic, payload: self.media.send(topic, payload),
                    lambda number: self.media.mark(number),
                    self.settings.log.repeat_s,
                )
                self._remote = (
                    Remote(self.settings.evidence) if self.settings.evidence.store == "s3" else None
                )
                self.archive = Archive(self.evidence, self._remote)
                self.stills = Stills(self.archive)
                async with self.evidence:
                    await self._run_with_store()

    async def _run_with_store(self) -> None:
        settings, clock = self.settings, self.clock
        async with self.store.read() as connection:
            admitted, revoked = await units.all_units(connection), await units.revoked_serials(connection)
        self.broker = open_broker(
            settings.broker,
            settings.data_dir,
            self.authority,
            admitted,
            revoked,
            self.metrics.broker_restarts.inc,
            self._refused,
        )
        self.centre.add_health("broker", self.broker.health)
        self.ingest = Ingest(settings, self.broker.client, clock, self.store, self.metrics, self.centre)
        watch = PictureWatch(
            settings.evidence, clock, self.metrics, self.centre.pictured, settings.log.repeat_s
        )
        self.media = Media(
            settings, self.broker.client, clock, self.metrics, self.centre, self.evidence, watch
        )
        self.relay = Relay(
            settings.live, clock, self.store, self.metrics, self.centre, self.evidence.live, self._front,
            settings.log.repeat_s,
        )  # fmt: skip
        talk_link = TalkLink(self.broker.client)
        book = Book(self.store, clock, self.centre, settings.data_dir)
        self.talks = Talks(
            settings.talk,
            clock,
            self.centre,
            book,
            talk_link.publish,
            lambda: talk_link.connected,
            self.metrics,
        )
        app = create_app(self)
        web = server(
            app,
            tls_cert=settings.http.tls_cert,
            tls_key=settings.http.tls_key,
            public_url=settings.http.public_url,
        )
        web.capture_signals = contextlib.nullcontext  # type: ignore[assignment]  # signals are the command line's
        with contextlib.closing(self._listen()) as listening:
            self.http_port = listening.getsockname()[1]
            try:
                async with asyncio.TaskGroup() as tasks:
                    broker = tasks.create_task(self.broker.run(), name="broker")
                    await self.broker.ready.wait()
                    inner = [
                        tasks.create_task(self.centre.run(), name="centre"),
                        tasks.create_task(self.ingest.run(), name="ingest"),
                        tasks.create_task(self.evidence.run(), name="evidence"),
                        tasks.create_task(self.media.run(), name="media"),
                        tasks.create_task(watch.run(), name="pictures"),
                        tasks.create_task(self.relay.run(), name="relay"),
                        tasks.create_task(_talking(self.talks, talk_link), name="talk"),
                        tasks.create_task(keep_bounded(self.store, clock, settings.store), name="retention"),
                        tasks.create_task(
                            keeping.keep_bounded(self.delete_old_recordings, clock), name="evidence-retention"
                        ),
                        tasks.create_task(
                            warn_of_ends(
                                self.store, clock, self.metrics.faults.labels("certificate_ends").inc
                            ),
                            name="certificate-ends",
                        ),
                    ]
                    if settings.rtsp.enabled:
                        inner.append(tasks.create_task(self._serve_rtsp(app.state.parts.gate), name="rtsp"))
                    if self._remote is not None:
                        mover = Mover(self._remote, self.evidence.places, self.store, clock)
                        self.centre.add_health(
                            "object_store", lambda: {"ok": mover.problem is None, "problem": mover.problem}
                        )
                        inner.append(tasks.create_task(mover.run(), name="evidence-mover"))
                    if self.broker.kind != "external":
                        await self.ingest.wait_connected()
                        await self.media.wait_connected()
                    serving = tasks.create_task(web.serve([listening]), name="http")
                    self._ready.set()
                    self._log.info("ready", console=self.url, broker=self.broker.kind, units=self.endpoint)
                    await self._stop.wait()
                    self._log.info("stopping")
                    web.should_exit = True
                    for task in inner:
                        task.cancel()
                    await asyncio.wait([serving, *inner])
                    self.broker.stop()
                    await broker
            finally:
                self.broker.stop()

    async def _serve_rtsp(self, gate: Gate) -> None:
        chosen = self.settings.rtsp
        passwords = chosen.tls is not None or is_loopback(chosen.host)
        keeper = RtspGate(gate, self.clock, self.store, self.centre, passwords=passwords)
        door = Door(
            self.settings.data_dir,
            chosen.sessions,
            self.relay,
            keeper,
            self.clock,
            self.metrics,
            self.settings.log.repeat_s,
        )
        self.rtsp = RtspProcess(chosen, self.settings.data_dir, self.metrics)
        self.centre.add_health("rtsp", self.rtsp.health)
        async with door.listening(), asyncio.TaskGroup() as tasks:
            tasks.create_task(door.recheck_for_ever(), name="rtsp-recheck")
            tasks.create_task(self.rtsp.run(), name="rtsp-process")

    def _refused(self, verdict: Verdict) -> None:
        self.metrics.faults.labels(verdict.fault).inc()
        self._refusals.warn(verdict.fault, verdict.unit, **verdict.facts)

    def _send(self, topic: str, payload: bytes) -> bool:
        return self.ingest.send(topic, payload)

    def _unit(self, unit_id: str) -> Unit | None:
        status = self.centre.units().get(unit_id)
        return status.unit if status is not None and status.unit.known else None

    async def _front(self, key: Key) -> bytes | None:
        return await asyncio.to_thread(front_on_disk, self.evidence.places, key)

    def _listen(self) -> socket.socket:
        host, port = self.settings.http.host, self.settings.http.port
        try:
            return listen(host, port)
        except (OSError, UnicodeError) as error:
            number = getattr(error, "errno", None)
            if number not in (errno.EADDRINUSE, errno.EACCES):
                why = getattr(error, "strerror", None) or "is no host name"
                raise SettingsError("http.host", f"{host!r} cannot be listened on: {why}") from None
            raise TipstaffError(
                f"{host}:{port} cannot be used for the console: {os.strerror(number)}; set http.port"
            ) from None

    async def _first_courts(self) -> None:
        async with self.store.read() as connection:
            if await units.all_courts(connection):
                return
        path = self.settings.site.courts_csv
        found = courts.read_file(path or courts.SAMPLE)
        await self.store.write(lambda connection: units.save_courts(connection, found))
        self._log.info("courts_imported", courts=len(found), source=str(path or "the shipped sample"))


async def _talking(talks: Talks, link: TalkLink) -> None:
    """Both, until cancelled."""
    link.start()
    try:
        await talks.run()
    finally:
        await asyncio.to_thread(link.stop)


def _cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of a group that is not a group itself."""
    first = group.exceptions[0]
    return _cause(first) if isinstance(first, BaseExceptionGroup) else first
