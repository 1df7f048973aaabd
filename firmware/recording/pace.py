"""How fast the media connection may send: about four fifths of what the link was seen to carry."""

FIRST_BYTES_S = 65_536
LEAST_BYTES_S = 1000
MOST_BYTES_S = 50_000_000
MEASURED_BYTES = 4096
# What the socket takes without the link having carried it.
BUFFER_BYTES = 5744
SHARE_PCT = 80
MOST_OWED_US = 2_000_000


class Pace:
    """`rate_bytes_s`: the goodput as it is believed now; falls to what is measured, rises by steps of an eighth."""

    def __init__(self) -> None:
        self.rate_bytes_s = FIRST_BYTES_S
        self._owed_us = 0

    def sent(self, length: int, took_ms: int) -> int:
        """So many bytes took that long to hand over; returns the ms to wait before the next."""
        rate = self.rate_bytes_s
        if length >= MEASURED_BYTES:
            # What ran out of the buffer in the pause before was carried then, and not now.
            emptied = min(BUFFER_BYTES, self._owed_us * rate // 1_000_000)
            carried = max(length - emptied, length // 4)
            if took_ms * rate * 9 < carried * 8000:
                rate += rate >> 3
            else:
                rate = (rate + carried * 1000 // took_ms) // 2
            self.rate_bytes_s = rate = max(LEAST_BYTES_S, min(MOST_BYTES_S, rate))
        self._owed_us = self._rest(length, took_ms, rate)
        return self._owed_us // 1000

    def _rest(self, length: int, took_ms: int, rate: int) -> int:
        owed_us = self._owed_us % 1000 + length * 1_000_000 // (rate * SHARE_PCT // 100) - took_ms * 1000
        return max(0, min(MOST_OWED_US, owed_us))
