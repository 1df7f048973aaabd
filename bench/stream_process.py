"""Units that send live at their own pace, and are recorded: `python -m bench.stream_process FOLDER` (`bench.live`).

As `bench.film_process`, whose `film.json` says which units there are, but each sends 100 KB a second: ten pictures, and
sound in packets of 40 ms, block by block, when it is due. In, a line with a number: so many of them send from then on.

Out, JSON lines: {"connected": n}, then four times a second {"sending": n, "sent": blocks, "late_ms": the latest of them
since the last line, "sealed": n}. It ends with its input.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import secrets
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench import packets
from bench.film_process import SAY_S, Film, Filmer, Totals, picture
from protocol import matroska
from protocol.manifest import Manifest
from protocol.media import LIVE, STARTS, Chunk
from simulator import scene

PACKET_MS = 40
PICTURE_MS = 120  # three packets: both fall on one clock
SOUND_BYTES = scene.RATE_HZ * PACKET_MS // 1000
PICTURE_BYTES = 10_080  # with the sound 100 KB/s
SEGMENT_S = 20
SPREAD = 47
"""So many lengths the units' first segments have."""
FULL_S = 0.02
"""A connection that takes nothing is tried again after this."""


@dataclass
class Sent(Totals):
    """What all of them did; `late_ms`: how late the latest block was since somebody looked."""

    blocks: int = 0
    late_ms: float = 0.0
    sending: int = 0


@dataclass(frozen=True, slots=True)
class Reel:
    """What all units send after the head of a segment. `blocks`: their contents; `steps`: their chunks, packet by
    packet of sound, each `packet_ms` long; `ends`: how much of `data` is sent by the end of each."""

    data: bytes
    blocks: list[bytes]
    steps: list[list[bytes]]
    ends: list[int]
    packet_ms: int = PACKET_MS


@dataclass(frozen=True, slots=True)
class Joined:
    """A segment of one unit, whose bytes are for the most part those of all others: `size` of them after its head."""

    head: bytes
    reel: Reel
    size: int

    def __len__(self) -> int:
        return len(self.head) + self.size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(len(self))
        begin = len(self.head)
        return self.head[start:stop] + self.reel.data[max(0, start - begin) : max(0, stop - begin)]


def head(began_ms: float) -> bytes:
    """Of a segment; as long as all others."""
    made, _ = matroska.head(
        matroska.Format(640, 480), secrets.token_bytes(16), "tipstaff bench", round(began_ms), []
    )
    return made


def reel(drawn: bytes, packet_ms: int = PACKET_MS) -> Reel:
    """Encoded once, so that the generator takes as little of the machine as it can. Every third packet of sound has a
    picture after it."""
    begin = len(head(0))
    out, buffer = bytearray(), bytearray(64)
    contents: list[bytes] = []
    steps: list[list[bytes]] = []
    ends: list[int] = []
    for step in range(SEGMENT_S * 1000 // packet_ms):
        at_ms, start = step * packet_ms, len(out)
        if at_ms % 1000 == 0:
            out += buffer[: matroska.put_cluster(buffer, 0, at_ms)]
        blocks = [(matroska.SOUND, secrets.token_bytes(scene.RATE_HZ * packet_ms // 1000))]
        if step % 3 == 0:
            blocks.append((matroska.PICTURE, drawn))
        chunks = []
        for track, content in blocks:
            out += buffer[: matroska.put_block(buffer, 0, track, at_ms % 1000, len(content))]
            out += content
            chunks.append(Chunk(begin + start, LIVE | STARTS, bytes(out[start:]), at_ms).encode())
            contents.append(content)
            start = len(out)
        steps.append(chunks)
        ends.append(len(out))
    return Reel(bytes(out), contents, steps, ends, packet_ms)


@dataclass
class Streamer(Filmer):
    """One unit that is watched. Its blocks go out by the loop's clock alone, without a task's turn for each.

    first_steps: of its first segment; None: all of them, as the others have.
    """

    sent: Sent = field(default_factory=Sent)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    reel: Reel = field(default_factory=lambda: Reel(b"", [], [], []))
    first_steps: int | None = None

    async def _record(self) -> Manifest:
        await self.go.wait()
        loop = asyncio.get_running_loop()
        began_s, began_ms = loop.time(), time.time() * 1000
        segment = self._recording + self._number.to_bytes(4, "big")
        topic, first = self._topic(segment), head(began_ms)
        steps, self.first_steps = self.first_steps or len(self.reel.steps), None
        await self._media.publish(topic, Chunk(0, LIVE, first).encode(), 0)
        done: asyncio.Future[None] = loop.create_future()

        def put(step: int) -> None:
            if done.done():
                return
            if step == steps:
                done.set_result(None)
                return
            self.sent.late_ms = max(
                self.sent.late_ms, (loop.time() - began_s) * 1000 - step * self.reel.packet_ms
            )
            made = [packets.publish(topic, chunk) for chunk in self.reel.steps[step]]
            try:
                taken = self._media.put(b"".join(made))
            except ConnectionError as error:
                done.set_exception(error)
                return
            if not taken:
                loop.call_later(FULL_S, put, step)
                return
            self.sent.blocks += len(made)
            loop.call_at(began_s + (step + 1) * self.reel.packet_ms / 1000, put, step + 1)

        put(0)
        await done
        size = self.reel.ends[steps - 1]
        digest = hashlib.sha256(first)
        digest.update(memoryview(self.reel.data)[:size])
        self.film = Film(Joined(first, self.reel, size), digest.digest(), [], steps * self.reel.packet_ms)
        manifest = self._manifest(segment)
        self._number, self._previous = self._number + 1, manifest.digest()
        return manifest


async def stream(folder: Path) -> None:
    """Connect everybody, and send as many as is said until the input ends."""
    plan = json.loads((folder / "film.json").read_text("utf-8"))
    sent, made, nothing = Sent(), reel(picture(PICTURE_BYTES)), Film(b"", b"", [], 0)
    streamers = [
        Streamer(
            one["unit_id"], one["court_id"], Path(one["home"]), nothing, sent, sent=sent, reel=made,
            # In a city, segments do not all end at the same time.
            first_steps=len(made.steps) * (number % SPREAD + 1) // SPREAD,
        )
        for number, one in enumerate(plan["units"])
    ]  # fmt: skip
    for streamer in streamers:
        await streamer.enter(plan)
    gc.freeze()
    print(json.dumps({"connected": len(streamers)}), flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    jobs = {asyncio.create_task(streamer.run()) for streamer in streamers}
    jobs |= {asyncio.create_task(_report(sent)), asyncio.create_task(_obey(reader, streamers, sent))}
    done, rest = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    for job in rest:
        job.cancel()
    for job in done:
        job.result()


async def _obey(reader: asyncio.StreamReader, streamers: list[Streamer], sent: Sent) -> None:
    while line := await reader.readline():
        for streamer in streamers[sent.sending : int(line)]:
            streamer.go.set()
            # Units do not begin all at once.
            await asyncio.sleep(PICTURE_MS / 1000 / max(1, int(line) - sent.sending))
        sent.sending = int(line)


async def _report(sent: Sent) -> None:
    while True:
        await asyncio.sleep(SAY_S)
        facts = {"sending": sent.sending, "sent": sent.blocks, "late_ms": round(sent.late_ms)}
        print(json.dumps({**facts, "sealed": sent.sealed}), flush=True)
        sent.late_ms = 0.0


if __name__ == "__main__":
    asyncio.run(stream(Path(sys.argv[1])))
