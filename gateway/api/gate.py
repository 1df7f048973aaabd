"""Who is asking: sign-in, sessions, and the checks that every request passes before its route runs."""

from __future__ import annotations

import asyncio
import ipaddress
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hmac import compare_digest

from starlette.requests import HTTPConnection

from gateway import accounts
from gateway.api import problems
from gateway.api.scope import Scope, scope_of
from gateway.api.server import origin_of
from gateway.api.throttle import Throttle
from gateway.clock import Clock
from gateway.dispatch.centre import Centre
from gateway.logs import logger
from gateway.model import User, WebSession
from gateway.settings import HttpSettings
from gateway.store import Store, audit

log = logger("api")

COOKIE = "tipstaff_session"
CSRF_HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: A sign-in costs 64 MiB and some 50 ms of a core (Argon2id): few at once, and few waiting.
VERIFYING_AT_ONCE = 2
VERIFYING_WAITING = 32
WINDOW_S = 60.0
FAILURES_BY_LOGIN_AND_ADDRESS = 5
FAILURES_BY_ADDRESS = 30
FAILURES_BY_LOGIN = 20
#: Pairs of login and address from which somebody signed in: the limit by login is not for them.
TRUSTED_MAX = 4096


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person, as one request sees them."""

    token: str
    session: WebSession
    scope: Scope

    @property
    def user(self) -> User:
        return self.session.user


class Gate:
    """Sessions and their checks. `on_end(token)` is called when a session ends before its time."""

    def __init__(self, settings: HttpSettings, clock: Clock, store: Store, centre: Centre) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._centre = centre
        self._verifying = asyncio.Semaphore(VERIFYING_AT_ONCE)
        self._waiting = 0
        self._by_pair = Throttle(FAILURES_BY_LOGIN_AND_ADDRESS, WINDOW_S)
        self._by_address = Throttle(FAILURES_BY_ADDRESS, WINDOW_S)
        self._by_login = Throttle(FAILURES_BY_LOGIN, WINDOW_S)
        self._trusted: OrderedDict[str, None] = OrderedDict()
        self._used_s: dict[str, float] = {}
        self.on_end: Callable[[str], None] = lambda token: None

    # -- sign in and out

    async def sign_in(self, login: str, password: str, address: str) -> tuple[str, WebSession]:
        """(token, session). Raises a 401, 429 or 503 problem; both outcomes are in the audit."""
        user = await self.verified(login, password, address)
        now_ms = self._clock.now_ms()
        await self._sweep()
        token, session = await accounts.open_session(
            self._store, user, now_ms, self._settings.session_hours * 3_600_000
        )
        await audit.note(self._store, now_ms, user.login, "session.open", user.login, {"address": address})
        self._used_s[token] = self._clock.monotonic_s()
        return token, session

    async def verified(self, login: str, password: str, address: str) -> User:
        """Whose password it is; failures are limited and in the audit. Raises a 401, 429 or 503 problem."""
        return await self._attempt(login, address, lambda: self._verify(login, password))

    async def known_by(self, login: str, address: str, find: Callable[[], Awaitable[User | None]]) -> User:
        """The same for another secret than the password; `find` compares it. It counts as an attempt as well."""
        return await self._attempt(login, address, find)

    async def _verify(self, login: str, password: str) -> User | None:
        async with self._verifying:
            return await accounts.verify(self._store, login, password)

    async def _attempt(self, login: str, address: str, find: Callable[[], Awaitable[User | None]]) -> User:
        pair = f"{login.casefold()}\n{address}"
        keys = [(self._by_pair, pair), (self._by_address, address)]
        if pair not in self._trusted:
            keys.append((self._by_login, login.casefold()))
        now_s = self._clock.monotonic_s()
        if (wait_s := max(throttle.wait_s(key, now_s) for throttle, key in keys)) > 0:
            raise problems.too_many(math.ceil(wait_s))
        if self._waiting >= VERIFYING_WAITING:
            raise problems.unavailable("Many people sign in just now. Try again in a moment.")
        for throttle, key in keys:  # before the check: attempts at the same instant count as well
            throttle.failed(key, now_s)
        self._waiting += 1
        try:
            user = await find()
        finally:
            self._waiting -= 1
        if user is None:
            log.warning("sign_in_failed", login=login, address=address)
            await audit.note(
                self._store, self._clock.now_ms(), login, "session.failed", login, {"address": address}
            )
            raise problems.unauthenticated("Login or password is wrong.")
        for throttle, key in keys:
            throttle.forgive(key)
        self._trust(pair)
        return user

    async def sign_out(self, visitor: Visitor) -> None:
        """End the session; its live connections are closed."""
        await self._end(visitor.token)
        await audit.note(
            self._store, self._clock.now_ms(), visitor.user.login, "session.close", visitor.user.login
        )

    def _trust(self, pair: str) -> None:
        """Whoever signed in from here before is not locked out by what others try under the same login."""
        self._trusted[pair] = None
        self._trusted.move_to_end(pair)
        if len(self._trusted) > TRUSTED_MAX:
            self._trusted.popitem(last=False)

    async def _sweep(self) -> None:
        """End the sessions that nobody used for too long, so that what is remembered of them stays bounded."""
        now_s = self._clock.monotonic_s()
        for token in [token for token, used_s in self._used_s.items() if self._is_idle(used_s, now_s)]:
            await self._end(token)

    def _is_idle(self, used_s: float, now_s: float) -> bool:
        return now_s - used_s > self._settings.idle_minutes * 60

    async def _end(self, token: str) -> None:
        self._used_s.pop(token, None)
        await accounts.close_session(self._store, token)
        self.on_end(token)

    # -- each request

    async def visitor(self, connection: HTTPConnection) -> Visitor:
        """Who is asking. Raises 401 without a live session, 403 for a foreign origin or a missing CSRF token."""
        self.check_origin(connection)
        token = connection.cookies.get(COOKIE, "")
        session = await self.session(token)
        if session is None:
            raise problems.unauthenticated()
        method = connection.scope.get("method", "GET")
        given = connection.headers.get(CSRF_HEADER, "")
        if method not in SAFE_METHODS and not compare_digest(given.encode(), session.csrf.encode()):
            detail = "The header X-CSRF-Token is missing or wrong; GET /api/v1/session tells it."
            raise problems.forbidden(detail, "csrf")
        return Visitor(token, session, scope_of(session.user, self._centre.courts().values()))

    async def session(self, token: str) -> WebSession | None:
        """The live session of `token`, which counts as used now; None if it ended or was idle too long.

        The idle time is kept in memory: after a restart of the gateway it counts from the next use.
        """
        if not 1 <= len(token) <= 128 or not token.isascii():
            return None
        now_s = self._clock.monotonic_s()
        used_s = self._used_s.get(token)
        if used_s is not None and self._is_idle(used_s, now_s):
            await self._end(token)
            return None
        if used_s is not None:
            self._used_s[token] = now_s  # also while the database does not answer
        session = await accounts.find_session(self._store, token, self._clock.now_ms())
        if session is None:
            self._used_s.pop(token, None)
            return None
        self._used_s[token] = now_s
        return session

    def check_origin(self, connection: HTTPConnection) -> None:
        """Raise a 403 if a browser says that another site sends a change or opens a live connection."""
        origin = connection.headers.get("origin")
        if origin is None or connection.scope.get("method") in SAFE_METHODS:
            return
        own = {
            f"{'https' if self._is_tls(connection) else 'http'}://{connection.headers.get('host', '')}".lower()
        }
        if self._settings.public_url is not None:
            own.add(origin_of(self._settings.public_url))
        if origin.lower() not in own:
            raise problems.forbidden("This request comes from another site.", "origin")

    def secure(self, connection: HTTPConnection) -> bool:
        """Whether the browser reached us by https, so that the cookie may say Secure."""
        public_url = self._settings.public_url or ""
        return self._is_tls(connection) or public_url.lower().startswith("https:")

    @staticmethod
    def _is_tls(connection: HTTPConnection) -> bool:
        return connection.scope["scheme"] in ("https", "wss")


def address_of(connection: HTTPConnection) -> str:
    """The caller's address for throttling: an IPv4 address, or the /64 that one IPv6 host has to itself."""
    host = connection.client.host if connection.client is not None else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host[:64]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
