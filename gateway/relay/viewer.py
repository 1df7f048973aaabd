"""One viewer of a unit: what waits for it, bounded in bytes and blocks, and how far behind it is.

No I/O and no clock: the caller says what time it is. Whoever puts never waits. When a viewer is slow its old pictures
go first, then its old sound; each that goes is counted, and the numbers of what follows show the gap.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from enum import StrEnum

from gateway.relay.pace import Pace
from gateway.relay.telling import (
    ALONE,
    GAP,
    PICTURE,
    SOUND,
    Block,
    Codec,
    Head,
    Said,
    Sent,
    State,
    Telling,
    Who,
    Wish,
)

PICTURES_MAX = 8
OTHERS_MAX = 136
"""Packets of sound, and lines: some 5 s of them. A viewer that comes back hears that much, and no more."""
SAID_MAX = 8
BEHIND_S = 3.0
"""So far behind, it gets no pictures until it has caught up."""
ENDED_BEHIND_S = 10.0
WISH_PAUSE_S = 0.5
"""Between two wishes that are followed, the newest only: each may begin a transcode."""


class Why(StrEnum):
    """Why a view ended."""

    LEFT = "left"
    BEHIND = "behind"
    MALFORMED = "malformed"
    SESSION_ENDED = "session_ended"
    RIGHTS = "rights_changed"
    GATEWAY = "gateway_ended"
    FAILED = "failed"


class Viewer:
    """Iterate over it for what it is told; that ends when the view ends. Owned by the relay's event loop."""

    def __init__(
        self, who: Who, most_bytes: int, now_s: float, dropped: Callable[[str], None] = lambda what: None
    ) -> None:
        self.who = who
        self.wish = Wish()
        self.on_wish: Callable[[], None] = lambda: None
        self.on_news: Callable[[], None] = lambda: None
        """Called when there is something to `take`, often more than once."""
        self.ended = asyncio.Event()
        self.why: Why | None = None
        self.dropped = 0
        self.pictures = self.sounds = self.bytes = 0
        """That it took."""
        self._told_bytes = 0
        self._tell_dropped = dropped
        self._most_bytes = most_bytes
        self._pictures: deque[tuple[int, Block, Head]] = deque()
        self._others: deque[tuple[int, Block, Head]] = deque()
        self._waiting_bytes = 0
        self._said: deque[Said] = deque()
        self._state: State | None = None
        self._head: Head | None = None
        self._wake = asyncio.Event()
        self._number = 0
        self._taken = 0
        self._broken, self._begun = True, False
        """What is of use only after the picture before it: whether that is missing, and whether there was any."""
        self._pace = Pace(self.wish)
        self._wanted: Wish | None = None
        self._wished_s = now_s - WISH_PAUSE_S
        self._took_s = now_s
        self._unseen: deque[tuple[int, float]] = deque()
        self._now_s = now_s

    # From the relay.

    def wants_picture(self, taken_ms: int) -> bool:
        """Whether it is time for another one; then that was it."""
        return self._pace.due(taken_ms)

    @property
    def broken(self) -> bool:
        """Whether only a picture that can be decoded alone is of use to it."""
        return self._broken

    def put(self, block: Block, head: Head) -> None:
        """One more block; `head` says what it is."""
        if self.why is not None:
            return
        if block.codec is Codec.H264:
            if block.flags & ALONE:
                self._broken, self._begun = False, True
            elif not self._begun:
                return
        self._number += 1
        if block.codec is Codec.H264 and self._broken:
            self._drop(block)
            return
        queue = self._pictures if block.track == PICTURE else self._others
        queue.append((self._number, block, head))
        self._waiting_bytes += len(block.content)
        self._bound()
        self._news()

    def tell(self, state: State) -> None:
        """How it stands; only the newest waits."""
        self._state = state
        self._news()

    def say(self, what: dict[str, object]) -> None:
        """Something else; the oldest goes if the viewer does not take it."""
        if len(self._said) == SAID_MAX:
            self._said.popleft()
        self._said.append(Said(what))
        self._news()

    def check(self, now_s: float) -> None:
        """Every moment: give the viewer up if it has not read for too long, or follow what it wants."""
        self._now_s = now_s
        if not (self._pictures or self._others or self._said or self._state):
            self._took_s = now_s
        if now_s - self._took_s > ENDED_BEHIND_S or self.behind_s > ENDED_BEHIND_S:
            self.end(Why.BEHIND)
        self._follow()

    @property
    def behind_s(self) -> float:
        """For how long it has had something that it has not seen."""
        return self._now_s - self._unseen[0][1] if self._unseen else 0.0

    @property
    def slow(self) -> bool:
        """Whether it gets no pictures for now, because it is behind."""
        return self.behind_s > BEHIND_S

    def news_bytes(self) -> int:
        """How many bytes it took since this was asked last."""
        news, self._told_bytes = self.bytes - self._told_bytes, self.bytes
        return news

    def end(self, why: Why) -> None:
        """End the view; the first reason counts."""
        if self.why is None:
            self.why = why
            self.ended.set()
            self._pictures.clear()
            self._others.clear()
            self._waiting_bytes = 0
            self._news()

    def settle(self, wish: Wish) -> None:
        """It gets this instead of what it wants."""
        self.wish = wish

    # From the viewer.

    def want(self, wish: Wish) -> None:
        """From now on it wants this, if it can be had: `wish` is what it gets."""
        self._wanted = wish
        self._follow()

    def seen(self, number: int) -> None:
        """It has seen everything up to this block. Raises ValueError for one that was never sent."""
        if number > self._taken:
            raise ValueError("never sent")
        while self._unseen and self._unseen[0][0] <= number:
            self._unseen.popleft()

    def __aiter__(self) -> AsyncIterator[Telling]:
        return self

    async def __anext__(self) -> Telling:
        while True:
            if self.why is not None:
                raise StopAsyncIteration
            told = self.take()
            if told is not None:
                return told
            self._wake.clear()
            await self._wake.wait()

    def take(self) -> Telling | None:
        """The next that it is told, None when there is nothing, or the view has ended."""
        if self.why is not None:
            return None
        self._took_s = self._now_s
        return self._next()

    # Inside.

    def _follow(self) -> None:
        wish = self._wanted
        if wish is None or self.why is not None or self._now_s - self._wished_s < WISH_PAUSE_S:
            return
        self._wanted = None
        if wish != self.wish:
            self.wish, self._wished_s = wish, self._now_s
            self._pace = Pace(wish)
            self._broken, self._begun = True, False
            self.on_wish()

    def _news(self) -> None:
        self._wake.set()
        self.on_news()

    def _next(self) -> Telling | None:
        if self._said:
            return self._said.popleft()
        if self._state is not None:
            state, self._state = self._state, None
            return state
        pictures, others = self._pictures, self._others
        while self.slow and pictures:
            self._drop_first(pictures)
        queue = pictures if pictures and not (others and others[0][0] < pictures[0][0]) else others
        if not queue:
            return None
        number, block, head = queue[0]
        if head != self._head:
            self._head = head
            return head
        queue.popleft()
        self._waiting_bytes -= len(block.content)
        flags = block.flags | (GAP if number > self._taken + 1 else 0)
        self._taken = max(self._taken, number)
        self._count(block)
        if self.who.echoes and (not self._unseen or self._now_s > self._unseen[-1][1]):
            self._unseen.append((number, self._now_s))
        return Sent(number, flags, block)

    def _count(self, block: Block) -> None:
        self.bytes += len(block.content)
        self.pictures += block.track == PICTURE
        self.sounds += block.track == SOUND

    def _bound(self) -> None:
        while len(self._pictures) > PICTURES_MAX:
            self._drop_first(self._pictures)
        while len(self._others) > OTHERS_MAX:
            self._drop_first(self._others)
        while self._waiting_bytes > self._most_bytes:
            self._drop_first(self._pictures or self._others)

    def _drop_first(self, queue: deque[tuple[int, Block, Head]]) -> None:
        _, block, _ = queue.popleft()
        self._waiting_bytes -= len(block.content)
        self._drop(block)
        if block.codec is Codec.H264:
            # What follows it cannot be decoded without it.
            self._broken = True
            while queue and not queue[0][1].flags & ALONE:
                _, after, _ = queue.popleft()
                self._waiting_bytes -= len(after.content)
                self._drop(after)
            self._broken = not queue

    def _drop(self, block: Block) -> None:
        self.dropped += 1
        self._tell_dropped("picture" if block.track == PICTURE else "sound")
