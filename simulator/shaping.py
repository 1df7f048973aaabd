"""How a radio link slows bytes down. Pure: time comes in as an argument, chance as a `Random`."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

SEGMENT_BYTES = 1400  # what one loss holds up, about one TCP segment over PPP
FIRST_RETRANSMISSION_S = 0.2  # RTO_MIN of Linux; doubles at each further loss (RFC 6298, 5.5)
LONGEST_RETRANSMISSION_S = 6.4


@dataclass(frozen=True, slots=True)
class Shape:
    """A link: bytes a second each way (None: as fast as it goes), one-way delay, lost segments in per cent."""

    bandwidth_bytes_s: float | None = None
    delay_ms: float = 0.0
    loss_pct: float = 0.0

    def __post_init__(self) -> None:
        """Raises ValueError for a shape that no link can have."""
        if self.bandwidth_bytes_s is not None and not 1 <= self.bandwidth_bytes_s <= 1e12:
            raise ValueError("bandwidth_bytes_s must be at least 1, or None for no limit")
        if not 0 <= self.delay_ms <= 60_000:
            raise ValueError("delay_ms must be from 0 to 60000")
        if not 0 <= self.loss_pct <= 90:
            raise ValueError("loss_pct must be from 0 to 90")

    @property
    def clear(self) -> bool:
        """Whether bytes may pass untouched."""
        return self.bandwidth_bytes_s is None and not self.delay_ms and not self.loss_pct


class TokenBucket:
    """Bytes allowed by now. Debt is allowed, so that a large piece waits once and order is kept."""

    def __init__(self, rate_bytes_s: float, burst_bytes: float, now_s: float) -> None:
        self.rate_bytes_s = rate_bytes_s
        self.burst_bytes = burst_bytes
        self._tokens = burst_bytes
        self._at_s = now_s

    def take(self, size_bytes: int, now_s: float) -> float:
        """Spend `size_bytes`; returns how many seconds they must wait from `now_s`."""
        elapsed_s = max(0.0, now_s - self._at_s)
        self._tokens = min(self.burst_bytes, self._tokens + elapsed_s * self.rate_bytes_s)
        self._at_s = now_s
        self._tokens -= size_bytes
        return max(0.0, -self._tokens / self.rate_bytes_s)


def stall_s(random: Random, loss_pct: float) -> float:
    """Seconds that a segment is held up by losses: TCP repeats it after 0.2, 0.4, 0.8 … s."""
    total_s, wait_s = 0.0, FIRST_RETRANSMISSION_S
    while random.random() * 100 < loss_pct and wait_s <= LONGEST_RETRANSMISSION_S:
        total_s += wait_s
        wait_s *= 2
    return total_s


class Direction:
    """One way of the link, shared by all its connections: decides when a segment arrives."""

    def __init__(self, shape: Shape, random: Random, now_s: float) -> None:
        self.shape = shape
        self.stalls = 0
        self._random = random
        rate = shape.bandwidth_bytes_s
        self._bucket = None if rate is None else TokenBucket(rate, max(SEGMENT_BYTES, rate * 0.05), now_s)

    def arrival_s(self, size_bytes: int, now_s: float) -> tuple[float, float]:
        """(when the sender may go on, when the segment arrives), both on the clock of `now_s`."""
        sent_s = now_s + (self._bucket.take(size_bytes, now_s) if self._bucket is not None else 0.0)
        held_s = stall_s(self._random, self.shape.loss_pct) if self.shape.loss_pct else 0.0
        if held_s:
            self.stalls += 1
        return sent_s, sent_s + self.shape.delay_ms / 1000 + held_s
