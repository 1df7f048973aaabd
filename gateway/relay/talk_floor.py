"""Who speaks to one officer, and which packets of speech go on to the unit. Pure: the time is passed in.

One person speaks to a unit at a time. Speech is never queued: a packet that is late is dropped and counted. How late
one is, is measured against the earliest packet of its talk, for the speaker's clock is not ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.errors import TipstaffError
from protocol.talk import PACKET_MS

LATE_S = 0.2
AHEAD_S = 0.4
"""A speaker may be so much ahead of real time: packets come in bursts, and no clock is exact."""
DRIFT = 0.0005
"""Of a sound card's clock against ours, at most."""
FED_S = 2.0
OFFER_S = 10.0
"""Who is handed the talk has so long to take it."""
PACKET_S = PACKET_MS / 1000


class Ended(StrEnum):
    """Why a talk is over."""

    RELEASED = "released"
    HANDED_OVER = "handed_over"
    NOT_FED = "not_fed"
    TOO_LONG = "too_long"
    LEFT = "left"
    SESSION = "session"
    OFFLINE = "offline"
    NO_LINK = "no_link"
    SILENT = "silent"
    RESTART = "restart"


class Verdict(StrEnum):
    """What becomes of a packet."""

    SENT = "sent"
    LATE = "late"
    TOO_FAST = "too_fast"


class Busy(TipstaffError):
    """Somebody else speaks, or was handed the talk."""

    def __init__(self, by: Talker) -> None:
        super().__init__(f"{by.name} speaks")
        self.by = by


class OutOfOrder(TipstaffError):
    """A packet's number is not above that of the one before: no sender of ours does that."""


@dataclass(frozen=True, slots=True)
class Talker:
    """A person who may speak."""

    login: str
    name: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The talk was handed to `to`, who has not taken it yet."""

    to: Talker
    by: Talker
    until_s: float


@dataclass(slots=True, eq=False)
class Talking:
    """One talk, from press to release. `seat`: the connection that feeds it. `asked`: the number under which it asked;
    None: under none."""

    talk: bytes
    by: Talker
    seat: object
    aloud: bool
    call: bool
    began_ms: int
    began_s: float
    fed_s: float
    asked: int | None = None
    packets: int = 0
    dropped: int = 0
    last_number: int = field(default=-1)
    _least_s: float = float("inf")
    _fed_before_s: float = float("-inf")

    def take(self, number: int, now_s: float) -> Verdict:
        """Whether this packet goes on. Raises OutOfOrder."""
        if number <= self.last_number:
            raise OutOfOrder(f"packet {number} after {self.last_number}")
        spoken_s = number * PACKET_S
        if spoken_s > (now_s - self.began_s) * (1 + DRIFT) + AHEAD_S:
            return Verdict.TOO_FAST
        skipped = number - self.last_number - 1
        self.last_number = number
        # What never came counts as dropped: a hole in the speech, whoever made it.
        self.dropped += skipped
        behind_s = now_s - spoken_s
        self._least_s = min(self._least_s, behind_s)
        if behind_s - self._least_s > LATE_S + (now_s - self.began_s) * DRIFT:
            self.dropped += 1
            return Verdict.LATE
        self.packets += 1
        self._fed_before_s, self.fed_s = self.fed_s, now_s
        return Verdict.SENT

    def unsent(self) -> None:
        """The packet that was taken last did not go on after all: it feeds nothing and counts as dropped."""
        self.packets -= 1
        self.dropped += 1
        self.fed_s = self._fed_before_s


class Floor:
    """Of one unit. `talking` is the talk that goes on now; `offer` who was handed it."""

    def __init__(self, longest_s: float) -> None:
        self.talking: Talking | None = None
        self.offer: Offer | None = None
        self._longest_s = longest_s

    def begin(
        self,
        talk: bytes,
        by: Talker,
        seat: object,
        now_ms: int,
        now_s: float,
        *,
        aloud: bool,
        call: bool,
        asked: int | None = None,
    ) -> Talking:
        """Give the floor. Raises Busy; not to who has it already: that is a talk of its own, which goes on."""
        self.lapse(now_s)
        if self.talking is not None:
            if self.talking.seat is seat:
                return self.talking
            raise Busy(self.talking.by)
        # Who handed it over may take it back: an officer is not to wait for somebody who does not react.
        if self.offer is not None and by.login not in (self.offer.to.login, self.offer.by.login):
            raise Busy(self.offer.to)
        self.offer = None
        self.talking = Talking(talk, by, seat, aloud, call, now_ms, now_s, now_s, asked)
        return self.talking

    def end(self, talking: Talking) -> bool:
        """Take the floor back. False: it was over already."""
        if self.talking is not talking:
            return False
        self.talking = None
        return True

    def hand_over(self, to: Talker, now_s: float) -> Talking | None:
        """End the talk and keep the floor for `to`. Returns what ended."""
        ended, self.talking = self.talking, None
        if ended is not None:
            self.offer = Offer(to, ended.by, now_s + OFFER_S)
        return ended

    def left(self, login: str) -> None:
        """Somebody has no panel open any more: what was handed to them is nobody's."""
        if self.offer is not None and self.offer.to.login == login:
            self.offer = None

    def lapse(self, now_s: float) -> bool:
        """Forget an offer that nobody took in time. Whether there was one."""
        if self.offer is None or now_s < self.offer.until_s:
            return False
        self.offer = None
        return True

    def due(self, now_s: float) -> Ended | None:
        """Why the talk must end now; None: it need not."""
        if self.talking is None:
            return None
        if now_s - self.talking.fed_s >= FED_S:
            return Ended.NOT_FED
        return Ended.TOO_LONG if now_s - self.talking.began_s >= self._longest_s else None
