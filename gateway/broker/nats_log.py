"""nats-server's log. With `debug: true` it says which user a certificate was mapped to, and what it refuses to
it; it says nothing about single messages."""

import re

from gateway.broker.verdict import CERTIFICATE, DENIED, OVERSIZED, SLOW, Names, Verdict, host_of

_LINE = re.compile(r'\[\w{3}\] (\S+) - (mid:\d+) - (?:"(?:[^"\\]|\\.)*" - )?(.*)$')
_MAPPED = re.compile(r'Using SAN found in cert for auth \["([^"]*)"\]')
_NOBODY = re.compile(r'User in cert \["CN=([^",]*)"\], not found')
_VIOLATION = re.compile(r'(Publish|Subscription) Violation - (?:User "[^"]*", )?Subject "([^"]*)"')
_OVERSIZED = re.compile(r"maximum payload exceeded: (\d+) vs (\d+)")
_SLOW = re.compile(r"Slow Consumer Detected: (.*?)\.?$")
_TLS = re.compile(r"TLS handshake error: tls: (.*)$")
_CLAIMED = re.compile(r" \(CN=([^ ]*) .*$")


class NatsLog:
    """A `LogReader`."""

    def __init__(self) -> None:
        self._users = Names()

    def noise(self, line: bytes) -> bool:
        return b"[DBG] JETSTREAM - " in line

    def detail(self, line: str) -> bool:
        return "[DBG]" in line

    def verdict(self, line: str) -> Verdict | None:
        found = _LINE.search(line)
        if found is None:
            return None
        address, connection, said = found.groups()
        facts: dict[str, object] = {"address": host_of(address)}
        if mapped := _MAPPED.match(said):
            # g<generation>.<unit>: see provision/authority
            self._users.learn(connection, mapped[1].partition(".")[2] or mapped[1])
        elif said.startswith("Client connection closed"):
            self._users.forget(connection)
        elif refused := _VIOLATION.match(said):
            action = "publish" if refused[1] == "Publish" else "subscribe"
            topic = refused[2].replace("/", "//").replace(".", "/").replace("*", "+")
            return Verdict(DENIED, self._users.of(connection), facts | {"action": action, "topic": topic})
        elif large := _OVERSIZED.match(said):
            sizes = {"bytes": int(large[1]), "limit_bytes": int(large[2])}
            return Verdict(OVERSIZED, self._users.of(connection), facts | sizes)
        elif slow := _SLOW.match(said):
            return Verdict(SLOW, self._users.of(connection), facts | {"reason": slow[1]})
        elif nobody := _NOBODY.match(said):
            why = "revoked, replaced by a newer one, or of a unit that is not registered"
            return Verdict(CERTIFICATE, nobody[1], facts | {"reason": why})
        elif (handshake := _TLS.match(said)) and "certificate" in handshake[1]:
            if claimed := _CLAIMED.search(handshake[1]):
                facts["claims_to_be"] = claimed[1]
            return Verdict(CERTIFICATE, None, facts | {"reason": _CLAIMED.sub("", handshake[1])})
        return None
