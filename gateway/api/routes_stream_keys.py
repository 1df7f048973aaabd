"""Keys with which a system watches by RTSP in a person's name, until a day or until they are revoked."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.api import problems, views
from gateway.api.ask import Here, Who
from gateway.api.key_schemas import MadeStreamKey, StreamKeys
from gateway.api.problems import responses
from gateway.api.requests import NewStreamKey
from gateway.api.routes_units import seen_unit
from gateway.api.rtsp_gate import KEY_PREFIX, is_loopback
from gateway.model import Role
from gateway.store import audit, stream_keys
from gateway.store.stream_keys import StreamKey

router = APIRouter(prefix="/api/v1")

HOLDING_MAX = 50
DAY_MS = 86_400_000
KeyPath = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]


@router.get("/stream-keys", response_model=StreamKeys, responses=responses(401), tags=["rtsp"])
async def list_stream_keys(who: Who, here: Here) -> views.Json:
    """Your keys, also those that have ended; an administrator sees everybody's."""
    login = None if who.user.role is Role.ADMIN else who.user.login
    async with here.gateway.store.read() as connection:
        found = await stream_keys.newest(connection, login)
    now_ms = here.gateway.clock.now_ms()
    return {"items": [_view(one, now_ms) for one in found], "rtsp": _door(here)}


@router.post(
    "/stream-keys",
    status_code=201,
    response_model=MadeStreamKey,
    responses=responses(401, 403, 404, 413, 422, 503),
    tags=["rtsp"],
)
async def make_stream_key(body: NewStreamKey, who: Who, here: Here) -> views.Json:
    """A new key, told this once. It shows what you may see at that moment, and nothing once you are disabled."""
    if body.unit_id is not None:
        seen_unit(body.unit_id, who, here)
    now_ms, login = here.gateway.clock.now_ms(), who.user.login
    one = StreamKey(secrets.token_hex(8), login, body.note, body.unit_id, now_ms, now_ms + body.days * DAY_MS)
    key = KEY_PREFIX + secrets.token_urlsafe(24)

    async def job(connection: AsyncConnection) -> bool:
        if await stream_keys.holding(connection, login, now_ms) >= HOLDING_MAX:
            return False
        await stream_keys.add(connection, one, key)
        facts: dict[str, object] = {"note": one.note, "unit_id": one.unit_id, "ends_ms": one.ends_ms}
        await audit.record(connection, now_ms, login, "stream_key.make", one.key_id, facts)
        return True

    if not await here.gateway.store.write(job):
        raise problems.missing("note", f"You have {HOLDING_MAX} keys that hold. Revoke one first.")
    return {**_view(one, now_ms), "key": key}


@router.delete(
    "/stream-keys/{key_id}", status_code=204, responses=responses(401, 403, 404, 503), tags=["rtsp"]
)
async def revoke_stream_key(key_id: KeyPath, who: Who, here: Here) -> Response:
    """End a key, and within five seconds what is watched by it. Twice does no harm."""
    now_ms = here.gateway.clock.now_ms()

    async def job(connection: AsyncConnection) -> bool:
        one = await stream_keys.by_id(connection, key_id)
        if one is None or (one.login != who.user.login and who.user.role is not Role.ADMIN):
            return False
        if await stream_keys.revoke(connection, key_id, now_ms):
            facts: dict[str, object] = {"of": one.login}
            await audit.record(connection, now_ms, who.user.login, "stream_key.revoke", key_id, facts)
        return True

    if not await here.gateway.store.write(job):
        raise problems.not_found("stream key")
    return Response(status_code=204)


def _door(here: Here) -> views.Json:
    chosen = here.gateway.settings.rtsp
    return {
        "enabled": chosen.enabled,
        "port": chosen.port or None,
        "only_here": is_loopback(chosen.host),
        "encrypted": chosen.tls is not None,
    }


def _view(one: StreamKey, now_ms: int) -> views.Json:
    return {**asdict(one), "holds": one.holds(now_ms)}
