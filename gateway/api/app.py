"""The web application: what is put together of the routes, the gate, the hub and the console."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from gateway import __version__
from gateway.api import (
    console,
    kernel_clock,
    openapi,
    problems,
    routes_attachments,
    routes_exports,
    routes_health,
    routes_incident_csv,
    routes_incidents,
    routes_map,
    routes_picture,
    routes_recordings,
    routes_replay,
    routes_session,
    routes_shift,
    routes_stream_keys,
    routes_talks,
    routes_units,
    views,
)
from gateway.api.ask import Gateway, Parts, parts_of
from gateway.api.attended import Attended
from gateway.api.gate import Gate
from gateway.api.guard import Guard
from gateway.api.hub import Hub
from gateway.api.live import Live
from gateway.api.rtsp_gate import RtspGate
from gateway.api.talk import TalkSockets
from gateway.api.unit_live import UnitLive
from gateway.basemap import Basemap
from gateway.dispatch.centre_live import View
from gateway.errors import Conflict, NotCommitted, NotFound, Refused, StoreError
from gateway.evidence.exporting import Exports
from gateway.logs import logger
from gateway.store import incidents
from gateway.store.files import AttachmentFiles
from protocol.errors import ProtocolError

log = logger("api")

MAX_BODY_BYTES = 64 * 1024
BODY_TIMEOUT_S = 10.0
FILE_TIMEOUT_S = 300.0

DESCRIPTION = """The command centre's API. Times are integer UTC milliseconds (`*_ms`), positions WGS-84 degrees.

Sign in at `POST /api/v1/session`; every change needs the header `X-CSRF-Token`. Every error is a problem detail
(RFC 9457). Lists are `{items, next}`; give `next` back as `cursor`. The live picture is a WebSocket at
`/api/v1/live`, described in `docs/api.md`."""


def create_app(
    gateway: Gateway,
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    console_dir: Path = console.CONSOLE_DIR,
    synchronized: Callable[[], bool | None] = kernel_clock.synchronized,
) -> FastAPI:
    """The application for a running gateway (its store and centre are open).

    sleep: waits so many seconds between two beats of the live picture. console_dir: the built console.
    synchronized: whether a time service keeps the machine's clock right; None is not known.
    Raises SettingsError when `site.outlines` or `map.pmtiles` cannot be used.
    """
    http, clock = gateway.settings.http, gateway.clock
    gate = Gate(http, clock, gateway.store, gateway.centre)
    started_ms = clock.now_ms()
    basemap = Basemap(gateway.settings.map, gateway.settings.data_dir, clock, gateway.metrics)

    def health() -> views.Json:
        return routes_health.picture(parts)

    hub = Hub(
        clock,
        gateway.centre,
        health=health,
        sleep=sleep,
        about=views.about(
            gateway.settings, __version__, started_ms, console.build_of(console_dir), basemap.layers()
        ),
    )
    attended = Attended(gate)
    live = Live(gate, hub, http.max_live, gateway.centre.turns, attended)
    unit_live = UnitLive(gate, gateway.centre.turns, attended)
    talk = TalkSockets(gate, gateway.centre, gateway.talks, attended)
    evidence = gateway.settings.evidence
    exports = Exports(gateway.settings.data_dir / "exports", evidence.max_exports, evidence.free_mib << 20)
    files = AttachmentFiles(gateway.settings.data_dir / "attachments")
    parts = Parts(
        gateway,
        gate,
        hub,
        started_ms,
        clock.monotonic_s(),
        files,
        synchronized,
        live.logins,
        basemap,
        exports,
        RtspGate(gate, clock, gateway.store, gateway.centre, passwords=False, how="picture"),
    )

    async def sweep() -> None:
        """Before anybody attaches anything."""
        try:
            async with gateway.store.read() as connection:
                named = await incidents.attached(connection)
            moved = await files.sweep(named, clock.now_ms())
        except (OSError, SQLAlchemyError) as error:
            log.warning("attachments_not_swept", error=str(error))
        else:
            if moved:
                log.warning("attachments_unnamed", files=moved, folder="attachments/unnamed")

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        await sweep()
        jobs = [
            asyncio.create_task(hub.run(), name="live-hub"),
            asyncio.create_task(attended.recheck_for_ever(sleep), name="live-recheck"),
        ]
        for job in jobs:
            job.add_done_callback(_must_not_die)
        try:
            async with basemap:
                yield
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    app = FastAPI(
        title="Tipstaff",
        version=__version__,
        description=DESCRIPTION,
        lifespan=running,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.parts = parts
    app.add_middleware(
        Guard,
        max_body_bytes=MAX_BODY_BYTES,
        body_timeout_s=BODY_TIMEOUT_S,
        max_file_bytes=routes_attachments.FILE_MAX_BYTES,
        file_timeout_s=FILE_TIMEOUT_S,
        turns=gateway.centre.turns,
    )
    problems.install(app)
    openapi.install(app)
    _install_outcomes(app)
    for router in (
        routes_session.router,
        routes_units.router,
        routes_picture.router,
        routes_shift.router,
        routes_stream_keys.router,
        routes_map.router,
        routes_incidents.router,
        routes_attachments.router,
        routes_incident_csv.router,
        routes_replay.router,
        routes_recordings.router,
        routes_exports.router,
        routes_talks.router,
        routes_talks.of_incidents,
        routes_health.router,
        live.router,
        unit_live.router,
        talk.router,
    ):
        app.include_router(router)
    console.install(app, console_dir, console.outlines_of(gateway.settings.site.outlines))
    return app


def _must_not_die(job: asyncio.Task[None]) -> None:
    """Without the live picture the consoles would go grey one by one: end the process, loudly, instead."""
    if not job.cancelled() and (error := job.exception()) is not None:
        log.critical("task_died", task=job.get_name(), exc_info=error)
        signal.raise_signal(signal.SIGTERM)


def _install_outcomes(app: FastAPI) -> None:
    """The gateway's own errors as problems."""

    async def on_refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)
        courts = parts_of(request).gateway.centre.courts()
        incident = views.incident(error.incident, courts) if isinstance(error.incident, View) else None
        if isinstance(error, Conflict) and incident is not None:
            return problems.conflict(_whose(error.incident, error.reason), incident).response()
        return problems.refused(error.reason, incident).response()

    async def on_not_found(request: Request, error: Exception) -> JSONResponse:
        return problems.not_found("thing").response()

    async def on_not_said(request: Request, error: Exception) -> JSONResponse:
        return problems.missing("value", "The unit's protocol cannot say this.").response()

    async def on_not_stored(request: Request, error: Exception) -> JSONResponse:
        log.error("request_not_stored", path=request.url.path, error=str(error))
        return problems.unavailable("It could not be stored; nothing was changed. Try again.").response()

    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(NotFound, on_not_found)
    app.add_exception_handler(ProtocolError, on_not_said)
    for kind in (StoreError, NotCommitted, SQLAlchemyError):
        app.add_exception_handler(kind, on_not_stored)


def _whose(view: View, reason: str) -> str:
    """The reason, with who acknowledged or owns the incident: what the slower of two people wants to know."""
    incident = view.incident
    known = [f"Acknowledged by {incident.acknowledged_by}."] if incident.acknowledged_by else []
    if incident.handler != incident.acknowledged_by:
        known.append(f"{incident.handler} has it in hand.")
    if incident.owner_name:
        known.append(f"{incident.owner_name} has taken it.")
    return " ".join([reason[:1].upper() + reason[1:].rstrip(".") + ".", *known])
