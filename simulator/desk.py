"""A dispatcher without a browser: signs in, watches the live stream and acts, over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from simulator.errors import GatewayRefused

LIVE_BYTES = 16 << 20


class Desk:
    """Async context manager. `incidents` holds the newest view of every incident that came by the stream.

    `arrived_s[(incident_id, version)]` is when that version came, in seconds of `time.monotonic`.
    Raises GatewayRefused when the gateway says no.
    """

    def __init__(self, url: str, login: str, password: str) -> None:
        self.url = url.rstrip("/")
        self._login = login
        self._password = password
        self._csrf = ""
        self._stack = AsyncExitStack()
        self._http = httpx.AsyncClient(base_url=f"{self.url}/api/v1", timeout=10.0)
        self._news = asyncio.Event()
        self.signed_in = False  # the snapshot has come
        self.incidents: dict[str, dict[str, Any]] = {}
        self.units: dict[str, dict[str, Any]] = {}
        self.arrived_s: dict[tuple[str, int], float] = {}

    async def __aenter__(self) -> Desk:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._http)
            answer = await self._http.post(
                "/session", json={"login": self._login, "password": self._password}
            )
            self._csrf = str(_checked(answer)["csrf"])
            live = await stack.enter_async_context(self.socket("/live"))
            reader = asyncio.create_task(self._read(live), name="desk reads the live stream")
            stack.push_async_callback(_ended, reader)
            stack.callback(reader.cancel)
            await self.until(lambda: self.signed_in, what="the snapshot")
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _read(self, live: ClientConnection) -> None:
        async for text in live:
            now_s = time.monotonic()
            message = json.loads(text)
            await live.send(json.dumps({"t": "seen", "seq": message["seq"]}))
            for incident in [*message.get("incidents", ()), *filter(None, [message.get("incident")])]:
                known = self.incidents.get(incident["incident_id"])
                if known is None or known["version"] <= incident["version"]:
                    self.incidents[incident["incident_id"]] = incident
                self.arrived_s.setdefault((incident["incident_id"], incident["version"]), now_s)
            for unit in message.get("units", ()):
                self.units[unit["unit_id"]] = unit
            self.signed_in = True
            self._news.set()
            self._news = asyncio.Event()

    async def until(self, look: Callable[[], Any], timeout_s: float = 30.0, what: str = "") -> Any:
        """The first true value of `look`, asked after every message. Raises TimeoutError when none comes."""
        try:
            async with asyncio.timeout(timeout_s):
                while not (found := look()):
                    await self._news.wait()
                return found
        except TimeoutError:
            raise TimeoutError(
                f"{what or 'what was waited for'} did not come within {timeout_s:g} s"
            ) from None

    async def wait_news(self) -> None:
        """Until the gateway said something more, which it does once a second."""
        await self._news.wait()

    async def incident_of(self, unit_id: str, timeout_s: float = 30.0) -> dict[str, Any]:
        """The live incident of a unit. Raises TimeoutError when none comes."""

        def look() -> dict[str, Any] | None:
            for incident in self.incidents.values():
                if incident["unit_id"] == unit_id and incident["state"] not in ("CLOSED", "MERGED"):
                    return incident
            return None

        found: dict[str, Any] = await self.until(look, timeout_s, f"an incident of {unit_id}")
        return found

    async def online(self, unit_ids: list[str], timeout_s: float = 30.0) -> None:
        """Until the console shows all these units online. Raises TimeoutError."""
        await self.until(
            lambda: all(self.units.get(unit_id, {}).get("online") for unit_id in unit_ids),
            timeout_s,
            "units online: " + ", ".join(unit_ids),
        )

    async def act(self, incident_id: str, deed: str, **body: object) -> dict[str, Any]:
        """One of acknowledge, offer, accept, decline, en_route, arrived, close, note, …; the incident after it."""
        path = f"/incidents/{incident_id}/{deed}"
        return _checked(await self._http.post(path, json=body, headers={"X-CSRF-Token": self._csrf}))

    async def command(
        self, unit_id: str, kind: str, value: int | str | None = None, *, name: str | None = None
    ) -> str:
        """A command to a unit, as "record" with 1; returns its id. name: of a setting."""
        body = {"kind": kind, "value": value, "name": name}
        answer = await self._http.post(
            f"/units/{unit_id}/commands", json=body, headers={"X-CSRF-Token": self._csrf}
        )
        return str(_checked(answer)["command_id"])

    @asynccontextmanager
    async def socket(self, path: str) -> AsyncIterator[ClientConnection]:
        """A WebSocket below /api/v1, as this person. Raises GatewayRefused when that is not allowed."""
        cookie = "; ".join(f"{name}={value}" for name, value in self._http.cookies.items())
        try:
            opened = await connect(
                self.url.replace("http", "ws", 1) + "/api/v1" + path,
                additional_headers={"Cookie": cookie, "Origin": self.url},
                compression=None,
                max_size=LIVE_BYTES,
            )
        except InvalidStatus as error:
            raise GatewayRefused(error.response.status_code, f"{path}: not opened") from None
        async with opened:
            yield opened

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """A resource below /api/v1."""
        return _checked(await self._http.get(path, params=query))


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.gather(task, return_exceptions=True)


def _checked(answer: httpx.Response) -> dict[str, Any]:
    content = answer.json() if answer.content else {}
    if answer.is_error:
        detail = content.get("detail") or content.get("title") or answer.text[:200]
        raise GatewayRefused(answer.status_code, f"{answer.request.url.path}: {detail}")
    assert isinstance(content, dict)
    return content
