"""A talk panel over a real WebSocket, and what became of what was said: at the unit, in the store, in the audit."""

import asyncio
import json
import struct
from contextlib import AsyncExitStack, suppress
from typing import Any

import websockets
from sqlalchemy import select

from gateway.store import audit
from gateway.store.tables import talks
from protocol.talk import Talk

TOPIC = "tip/1/B1/U1/down/talk"


WITHIN_S = 30.0


class Panel:
    """An open talk panel."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.number = 0

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def read(self) -> dict[str, Any]:
        return json.loads(await asyncio.wait_for(self.connection.recv(), WITHIN_S))

    async def until(self, **wanted: Any) -> dict[str, Any]:
        while True:
            message = await self.read()
            if all(message.get(name) == value for name, value in wanted.items()):
                return message

    async def begin(self, aloud: bool = False, call: bool = False, **more: Any) -> dict[str, Any]:
        self.number = 0
        await self.say(t="begin", aloud=aloud, call=call, **more)
        return await self.until(t="state", you=True)

    async def speak(self, packets: int = 1, sound: bytes = b"\xd5" * 320) -> None:
        for _ in range(packets):
            await self.connection.send(struct.pack(">I", self.number) + sound)
            self.number += 1

    async def closed(self) -> int | None:
        with suppress(websockets.ConnectionClosed):
            while True:
                await asyncio.wait_for(self.connection.recv(), WITHIN_S)
        return self.connection.close_code


async def panel(stack: AsyncExitStack, site: Any, client: Any, unit_id: str = "U1") -> Panel:
    url = f"{site.base_url.replace('http:', 'ws:')}/api/v1/units/{unit_id}/talk"
    headers = {"Cookie": client.headers.get("Cookie", "")}
    opened = Panel(
        await stack.enter_async_context(websockets.connect(url, additional_headers=headers, max_size=None))
    )
    await opened.until(t="state")
    return opened


async def settled(true: Any) -> Any:
    async with asyncio.timeout(WITHIN_S):
        while not (found := await true()):
            await asyncio.sleep(0.01)
    return found


async def actions(site: Any) -> list[tuple[str, dict[str, Any]]]:
    async with site.parts.store.read() as connection:
        entries = await audit.entries(connection, 0, 1000)
    return [(entry.action, entry.facts) for entry in entries if entry.action.startswith("talk.")]


async def ended(site: Any) -> Any:
    """The rows of talks, once all of them have an end."""

    async def rows() -> Any:
        async with site.parts.store.read() as connection:
            found = (await connection.execute(select(talks).order_by(talks.c.began_ms))).all()
        return found if found and all(row.ended_ms is not None for row in found) else None

    return await settled(rows)


async def heard(site: Any, count: int) -> None:
    """So many packets went to the unit."""

    async def true() -> bool:
        return len(site.spoken) >= count

    await settled(true)


def packets(site: Any) -> list[Talk]:
    assert all(topic == TOPIC for topic, _ in site.spoken)
    return [Talk.decode(payload) for _, payload in site.spoken]


async def ended_of(site: Any) -> dict[str, Any]:
    async def facts() -> Any:
        return next((facts for name, facts in await actions(site) if name == "talk.end"), None)

    return await settled(facts)
