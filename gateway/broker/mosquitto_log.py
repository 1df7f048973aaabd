"""mosquitto's log. It names a refused publish at `log_type debug` only, with some four lines for each message:
dropped unread, they cost 4 µs a message at the broker and 1.4 µs here (2.0.11, 30,000 messages at 5,000/s)."""

import re

from gateway.broker.verdict import CERTIFICATE, DENIED, OVERSIZED, SLOW, Names, Verdict, host_of

_PER_MESSAGE = (b"Sending ", b"Received ", b"No will", b"\t")
_CAME = re.compile(r"New connection from (\S+) on port \d+")
_CONNECTED = re.compile(r"New client connected from (\S+) as (.*) \(.*u'([^']*)'\)\.$")
_DENIED = re.compile(r"Denied PUBLISH from (.*) \(d\d, q\d, r\d, m\d+, '(.*)', \.\.\. \((\d+) bytes\)\)")
_OVERSIZED = re.compile(
    r"Client (.*?)(?: \[\S+\])? disconnected(?:: | due to )(?i:oversize packet|packet too large)"
)
_SLOW = re.compile(r"Outgoing messages are being dropped for client (.*)\.$")
_TLS = re.compile(r"OpenSSL Error\[\d+\]: error:[0-9A-F]+:[^:]*:[^:]*:(.*)$")
_TLS_AT_ONCE = re.compile(r"Client connection from (\S+) failed: error:[0-9A-F]+:[^:]*:[^:]*:(.*?)\.?$")
"""The same, when all that the client says was there before it was accepted: then nothing else is said of it."""
_SUBSCRIBED = re.compile(r" [012] ")
_ANONYMOUS_ENDED = re.compile(r"Client <unknown>.* (?:disconnected|closed|exceeded)")
HANDSHAKES_MAX = 1000


class MosquittoLog:
    """A `LogReader`. `gateway`: our own user, who may subscribe to all units."""

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway
        self._users = Names()
        self._shaking: dict[str, None] = {}

    def noise(self, line: bytes) -> bool:
        return line.startswith(_PER_MESSAGE, line.find(b": ") + 2)

    def detail(self, line: str) -> bool:
        return self._subscription(line.partition(": ")[2]) is not None

    def verdict(self, line: str) -> Verdict | None:
        said = line.partition(": ")[2]
        if came := _CAME.match(said):
            if len(self._shaking) >= HANDSHAKES_MAX:
                del self._shaking[next(iter(self._shaking))]
            self._shaking[came[1]] = None
        elif connected := _CONNECTED.match(said):
            self._shaking.pop(connected[1], None)
            self._users.learn(connected[2], connected[3])
        elif denied := _DENIED.match(said):
            facts = {"action": "publish", "topic": denied[2], "bytes": int(denied[3])}
            return self._of(denied[1], DENIED, facts)
        elif large := _OVERSIZED.match(said):
            return self._of(large[1], OVERSIZED, {})
        elif slow := _SLOW.match(said):
            return self._of(slow[1], SLOW, {"reason": "messages for it are dropped"})
        elif (failed := _TLS.match(said)) and _of_certificate(failed[1]):
            last = host_of(self._shaking.popitem()[0]) if self._shaking else None
            return _not_certified(failed[1], last)
        elif (failed := _TLS_AT_ONCE.match(said)) and _of_certificate(failed[2]):
            return _not_certified(failed[2], failed[1])
        elif _ANONYMOUS_ENDED.match(said):
            if self._shaking:
                del self._shaking[next(iter(self._shaking))]
        elif subscription := self._subscription(said):
            return self._foreign(*subscription)
        return None

    def _of(self, client_id: str, fault: str, facts: dict[str, object]) -> Verdict:
        unit = self._users.of(client_id)
        return Verdict(fault, unit, facts if unit is not None else {"client_id": client_id, **facts})

    def _subscription(self, said: str) -> tuple[str, str] | None:
        """(client id, topic filter) of `log_type subscribe`: `<client id> <qos> <filter>`."""
        for between in _SUBSCRIBED.finditer(said):
            if self._users.of(said[: between.start()]) is not None:
                return said[: between.start()], said[between.end() :]
        return None

    def _foreign(self, client_id: str, topic: str) -> Verdict | None:
        """mosquitto takes any subscription and holds back what the client may not read: said here."""
        user, levels = self._users.of(client_id), topic.split("/")
        own = len(levels) == 6 and [levels[n] for n in (0, 1, 3, 4)] == ["tip", "1", user, "down"]
        if own or user == self._gateway:
            return None
        return Verdict(DENIED, user, {"action": "subscribe", "topic": topic})


def _of_certificate(reason: str) -> bool:
    return "certificate" in reason and "alert" not in reason


def _not_certified(reason: str, address: str | None) -> Verdict:
    """`_TLS` names no address: that of the connection that came last is meant, if there is one."""
    facts: dict[str, object] = {} if address is None else {"address": address}
    if reason == "certificate verify failed":
        reason += ": expired, revoked or of another authority"
    return Verdict(CERTIFICATE, None, facts | {"reason": reason})
