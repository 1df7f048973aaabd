"""Health and metrics."""

from __future__ import annotations

import ipaddress

from fastapi import APIRouter, Request, Response

from gateway import __version__
from gateway.api import problems, views
from gateway.api.ask import Here, Parts, visitor_of
from gateway.api.problems import responses
from gateway.api.schemas import Health

router = APIRouter()

#: A wall clock that was moved by more than this since the start is reported.
STEP_LIMIT_MS = 2000


@router.get(
    "/api/v1/health",
    response_model=Health,
    response_model_exclude_unset=True,
    responses=responses(500),
    tags=["health"],
)
async def health(request: Request, here: Here) -> views.Json:
    """How the gateway is: only `ok` without a session, the parts with one."""
    whole = picture(here)
    try:
        await visitor_of(request)
    except problems.Problem:
        return {"ok": whole["ok"]}
    return {
        **whole,
        "version": __version__,
        "now_ms": here.gateway.clock.now_ms(),
        "started_ms": here.started_ms,
    }


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, here: Here) -> Response:
    """Counters for Prometheus; to this machine only, unless the settings say otherwise."""
    if not (here.gateway.settings.http.metrics_public or _is_local(request)):
        raise problems.forbidden("Metrics are for this machine only (http.metrics_public).")
    here.gateway.metrics.subscribers.set(here.hub.viewer_count)
    return Response(here.gateway.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def picture(here: Parts) -> views.Json:
    """The parts' health as one object: in `/health` of who is signed in, and in the live picture."""
    centre = dict(here.gateway.centre.health())
    clock = here.gateway.clock
    passed_ms = round((clock.monotonic_s() - here.started_s) * 1000)
    stepped_ms = round(
        clock.now_ms() - here.started_ms - passed_ms, -2
    )  # coarse, or it would change at each look
    tianditu = here.basemap.tianditu
    return {
        "ok": centre.pop("ok"),
        "broker": centre.pop("broker", {}),
        "database": centre.pop("store", {}),
        **centre,
        "clock": _clock_part(stepped_ms, here.synchronized()),
        # Alarms do not need a map: its service is told of, and is no fault of the gateway.
        **({} if tianditu is None else {"map": {"ok": True, "problem": tianditu.problem}}),
        "subscribers": here.hub.viewer_count,
    }


def _clock_part(stepped_ms: int, synchronized: bool | None) -> views.Json:
    """The server's clock. Not to be synchronised is told, and is no fault: a closed network may have no time server."""
    stepped = abs(stepped_ms) > STEP_LIMIT_MS
    problem = "was set while the gateway ran" if stepped else None
    if not stepped and synchronized is False:
        problem = "no time service keeps it right"
    return {"ok": not stepped, "stepped_ms": stepped_ms, "synchronized": synchronized, "problem": problem}


def _is_local(request: Request) -> bool:
    """Whether the caller is on this machine, and not a proxy on this machine that speaks for another."""
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers or request.client is None:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
