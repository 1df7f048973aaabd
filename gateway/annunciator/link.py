"""The way to the gateway: signs in, follows the live picture, and begins again whenever that ends."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from gateway.annunciator.alarms import Alarms
from gateway.errors import TipstaffError

#: As the console: the gateway speaks once a second, and is lost when it has said nothing for this long.
LOST_AFTER_S = 5.0
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 4.0
#: Five refused sign-ins a minute are all that the gateway takes.
REFUSED_PAUSE_S = 20.0
ANSWER_WITHIN_S = 8.0
MESSAGE_MAX_BYTES = 64 << 20
SESSION_ENDED = 4401


class SignInRefused(TipstaffError):
    """The gateway does not take this login and password."""


class Listener(Protocol):
    """Whom the link tells. `followed`: a new session, with the rules for its account; `heard`: a message of it."""

    def followed(self, alarms: Alarms) -> None: ...

    def heard(self, message: dict[str, Any]) -> None: ...

    def failed(self, why: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Account:
    """Where to sign in, as whom. tls: for https, with the authority that a site has of its own."""

    url: str
    login: str
    password: str
    tls: ssl.SSLContext | None = None


class Link:
    """`run` for ever. Raises SignInRefused when the first sign-in is refused: then waiting does not help. Later it
    does, and the loss is heard."""

    def __init__(
        self,
        account: Account,
        listener: Listener,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._account = account
        self._listener = listener
        self._sleep = sleep
        self._was_in = False

    async def run(self) -> None:
        """See the class."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                got_through = await self._session()
            except SignInRefused as refused:
                if not self._was_in:
                    raise
                self._listener.failed(str(refused))
                await self._sleep(REFUSED_PAUSE_S)
                continue
            pause_s = FIRST_PAUSE_S if got_through else min(pause_s * 2, LONGEST_PAUSE_S)
            await self._sleep(pause_s)

    async def _session(self) -> bool:
        """One sign-in and what follows, until it ends; whether a message came."""
        heard = False
        account = self._account
        try:
            async with httpx.AsyncClient(
                base_url=account.url, timeout=ANSWER_WITHIN_S, verify=account.tls or True, trust_env=False
            ) as http:
                cookie, person = await self._sign_in(http)
                async with connect(
                    account.url.replace("http", "ws", 1) + "/api/v1/live",
                    additional_headers={"Cookie": cookie, "Origin": account.url},
                    ssl=account.tls if account.url.startswith("https:") else None,
                    compression=None,
                    max_size=MESSAGE_MAX_BYTES,
                    open_timeout=ANSWER_WITHIN_S,
                    close_timeout=1,
                    proxy=None,
                ) as live:
                    self._listener.followed(Alarms(str(person["role"]), person["court_id"]))
                    self._was_in = True
                    while True:
                        async with asyncio.timeout(LOST_AFTER_S):
                            text = await live.recv()
                        message = json.loads(text)
                        await live.send(json.dumps({"t": "seen", "seq": message["seq"]}))
                        self._listener.heard(message)
                        heard = True
        except (OSError, TimeoutError, httpx.HTTPError, WebSocketException) as error:
            self._listener.failed(_why(error))
        except (ValueError, KeyError, TypeError) as error:
            self._listener.failed(f"{account.url} does not speak as a gateway: {error!r}"[:200])
        return heard

    async def _sign_in(self, http: httpx.AsyncClient) -> tuple[str, dict[str, Any]]:
        """The cookie and the person. Raises SignInRefused, httpx.HTTPError."""
        answer = await http.post(
            "/api/v1/session", json={"login": self._account.login, "password": self._account.password}
        )
        if answer.status_code == 401:
            raise SignInRefused(
                f"{self._account.url} does not take the login {self._account.login!r} with this password"
            )
        answer.raise_for_status()
        cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
        return cookie, answer.json()["user"]


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"it has said nothing for {LOST_AFTER_S:g} s"
    return (str(error) or repr(error))[:200]
