"""The board's battery clock: true time goes into it at once, and it is never earlier than the unit's certificates.

TLS on the target holds the dates of the broker's certificate against that clock. After a power cut it begins in
2000, before every certificate: without this no alarm would leave the unit until a satellite has told the time.
"""

from drivers import calendar
from store.copies import Copies

from protocol import messages

KEEP_MS = 600_000
REMEMBER_S = 86_400
_TIMES = ((0x17, 13), (0x18, 15))  # UTCTime YYMMDDhhmmssZ, GeneralizedTime YYYYMMDDhhmmssZ


class BatteryClock:
    """Sets `clock` by the board's, and the board's by what `clock` learns.

    Args:
        clock: drivers.clock.Clock.
        board: has home, rtc_utc_s(), keep_utc_s() and assume_utc_s().
    """

    def __init__(self, clock, board) -> None:
        self._clock = clock
        self._board = board
        self._kept_ms: int | None = None
        self._quality = messages.CLOCK_NONE
        self._copies = Copies(board.home + "/clock", 16)
        self._remembered_s = int.from_bytes(self._copies.load() or b"", "big")
        utc_s = board.rtc_utc_s()
        if utc_s:
            clock.set_rtc(utc_s)
        else:
            self._assume()

    def _assume(self) -> None:
        """Not a time to tell anybody, only one at which the certificates hold."""
        first_s, last_s = 0, 1 << 40
        for name in ("ca.der", "unit.der"):
            try:
                with open(self._board.home + "/" + name, "rb") as stream:
                    begins_s, ends_s = validity_s(stream.read())
            except (OSError, ValueError):
                continue
            first_s, last_s = max(first_s, begins_s), min(last_s, ends_s)
        # The broker's may be younger than the unit's own: better the last day on which the time was known.
        utc_s = self._remembered_s if first_s <= self._remembered_s <= last_s else first_s
        if utc_s:
            self._board.assume_utc_s(utc_s)

    def network(self, utc_s: int) -> None:
        """The network tells the time."""
        self._clock.set_network(utc_s)
        self.keep()

    def keep(self) -> None:
        """Keeps the time if it has become known or better, else each 10 minutes; call it every few seconds."""
        now_ms = self._clock.mono_ms()
        utc_s, _, quality, _, _ = self._clock.stamp(now_ms)
        if quality < messages.CLOCK_NETWORK:
            return
        if self._kept_ms is not None and quality <= self._quality and now_ms - self._kept_ms < KEEP_MS:
            return
        self._kept_ms, self._quality = now_ms, quality
        self._board.keep_utc_s(utc_s)
        if abs(utc_s - self._remembered_s) >= REMEMBER_S:
            try:
                self._copies.save(utc_s.to_bytes(8, "big"))
                self._remembered_s = utc_s
            except OSError:
                # Tried again in 10 minutes.
                pass


def validity_s(certificate: bytes) -> "tuple[int, int]":
    """First and last second since 1970 of a certificate in DER (RFC 5280, 4.1.2.5). Raises ValueError."""
    for at in range(len(certificate) - 4):
        if certificate[at] == 0x17 or certificate[at] == 0x18:
            first = _time(certificate, at)
            last = _time(certificate, first[1]) if first else None
            if first and last:
                return first[0], last[0]
    raise ValueError("no certificate")


def _time(data: bytes, at: int) -> "tuple[int, int] | None":
    """(seconds since 1970, position after it) of the time that stands at `at`, or None."""
    head = tuple(data[at : at + 2])
    end = at + 2 + (head[1] if len(head) == 2 else 0)
    text = data[at + 2 : end]
    if head not in _TIMES or text[-1:] != b"Z" or not text[:-1].isdigit():
        return None
    year = int(text[:-11])
    if head[0] == 0x17:
        year += 1900 if year >= 50 else 2000
    try:
        days = calendar.days(year, int(text[-11:-9]), int(text[-9:-7]))
    except ValueError:
        return None
    return ((days * 24 + int(text[-7:-5])) * 60 + int(text[-5:-3])) * 60 + int(text[-3:-1]), end
