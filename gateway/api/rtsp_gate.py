"""Who may watch without a session, by RTSP or a picture's address: a person with the console's password or with a
stream key, and the units that they see."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

from gateway import accounts
from gateway.api import problems, scope
from gateway.api.gate import Gate
from gateway.clock import Clock
from gateway.dispatch.centre import Centre
from gateway.model import User
from gateway.relay import Who
from gateway.relay.rtsp_door import Guest, NotAdmitted
from gateway.store import Store, stream_keys
from gateway.store.stream_keys import StreamKey

KEY_PREFIX = "tsk_"
"""No password of ours is taken for a key: a password that begins so is looked for among the keys only."""
BELIEVED_S = 60.0
"""A password costs 50 ms of a core, and RTSP sends it with every request."""
BELIEVED_MAX = 256


@dataclass(frozen=True, slots=True)
class RtspGuest:
    """`how` they watch; `mark`: of the password with which they came, None with a key."""

    how: str
    user: User
    address: str
    mark: bytes | None
    key: StreamKey | None

    @property
    def who(self) -> Who:
        """As the audit has them."""
        by = f" key {self.key.key_id}" if self.key is not None else ""
        return Who(self.user.login, self.user.name, f"{self.how} {self.address}{by}")


class RtspGate:
    """A `Doorkeeper`. passwords: whether they are taken, because nobody else can read what comes; `how` is for the
    audit."""

    def __init__(
        self, gate: Gate, clock: Clock, store: Store, centre: Centre, *, passwords: bool, how: str = "rtsp"
    ) -> None:
        self._gate = gate
        self._clock = clock
        self._store = store
        self._centre = centre
        self._passwords = passwords
        self._how = how
        self._believed: OrderedDict[bytes, tuple[float, RtspGuest]] = OrderedDict()

    async def admit(self, authorization: str, address: str) -> Guest:
        """By the header `Authorization: Basic …`. Raises NotAdmitted."""
        proof = hashlib.sha256(f"{address}\n{authorization}".encode()).digest()
        until_s, guest = self._believed.get(proof, (0.0, None))
        if guest is None or self._clock.monotonic_s() >= until_s or not await self.holds(guest):
            self._believed.pop(proof, None)
            login, secret = _basic(authorization)
            try:
                guest = await self._found(login, secret, address)
            except problems.Problem as problem:
                raise NotAdmitted(problem.detail) from None
            self._believed[proof] = (self._clock.monotonic_s() + BELIEVED_S, guest)
            while len(self._believed) > BELIEVED_MAX:
                self._believed.popitem(last=False)
        return guest

    async def holds(self, guest: Guest) -> bool:
        """Whether the person, the password or the key are still what they were."""
        assert isinstance(guest, RtspGuest)
        found = await accounts.password_mark(self._store, guest.user.login)
        if found is None or found[0] != guest.user or guest.mark not in (None, found[1]):
            return False
        if guest.key is None:
            return True
        async with self._store.read() as connection:
            key = await stream_keys.by_id(connection, guest.key.key_id)
        return key is not None and key.holds(self._clock.now_ms())

    def sees(self, guest: Guest, unit_id: str) -> bool:
        """As in the console, and for the unit of the key only if it has one."""
        assert isinstance(guest, RtspGuest)
        if guest.key is not None and guest.key.unit_id not in (None, unit_id):
            return False
        status = self._centre.units().get(unit_id)
        seen = scope.scope_of(guest.user, self._centre.courts().values())
        return status is not None and seen.sees_unit(
            status, scope.guest_units(seen, self._centre.live_incidents())
        )

    async def _found(self, login: str, secret: str, address: str) -> RtspGuest:
        """Raises NotAdmitted, Problem."""
        if not secret.startswith(KEY_PREFIX):
            if not self._passwords:
                raise NotAdmitted("what is not encrypted takes stream keys, no passwords, from elsewhere")
            user = await self._gate.verified(login, secret, address)
            found = await accounts.password_mark(self._store, login)
            if found is None:
                raise NotAdmitted("the person was disabled")
            return RtspGuest(self._how, user, address, found[1], None)
        key: StreamKey | None = None

        async def find() -> User | None:
            nonlocal key
            async with self._store.read() as connection:
                key = await stream_keys.find(connection, secret)
            if key is None or key.login != login or not key.holds(self._clock.now_ms()):
                return None
            of = await accounts.password_mark(self._store, login)
            return None if of is None else of[0]

        user = await self._gate.known_by(login, address, find)
        return RtspGuest(self._how, user, address, None, key)


def _basic(authorization: str) -> tuple[str, str]:
    """(login, secret). Raises NotAdmitted."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        login, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise NotAdmitted("no login and password in it") from None
    if scheme.lower() != "basic" or not colon or not 1 <= len(login) <= 64 or not 1 <= len(secret) <= 256:
        raise NotAdmitted("no login and password in it")
    return login, secret


def is_loopback(host: str) -> bool:
    """Whether what listens there can be reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
