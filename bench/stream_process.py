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

import simplejpeg

from bench.film_process import SAY_S, Film, Filmer, Totals
from protocol import matroska
from protocol.manifest import Manifest
from protocol.media import LIVE, STARTS, Chunk
from simulator import scene

PACKET_MS = 40
PICTURE_MS = 120  # three packets: both fall on one clock
SOUND_BYTES = scene.RATE_HZ * PACKET_MS // 1000
PICTURE_BYTES = 10_080  # with the sound 100 KB/s
SEGMENT_S = 20
STEPS = SEGMENT_S * 1000 // PACKET_MS


@dataclass
class Sent(Totals):
    """What all of them did; `late_ms`: how late the latest block was since somebody looked."""

    blocks: int = 0
    late_ms: float = 0.0
    sending: int = 0


@dataclass
class Streamer(Filmer):
    """One unit that is watched."""

    sent: Sent = field(default_factory=Sent)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    picture: bytes = b""

    async def _record(self) -> Manifest:
        await self.go.wait()
        began_ms = time.time() * 1000
        segment = self._recording + self._number.to_bytes(4, "big")
        topic = self._topic(segment)
        form = matroska.Format(640, 480)
        head, _ = matroska.head(form, secrets.token_bytes(16), "tipstaff bench", round(began_ms), [])
        out, buffer = bytearray(head), bytearray(64)
        await self._media.publish(topic, Chunk(0, LIVE, head).encode(), 0)
        for step in range(STEPS):
            at_ms = step * PACKET_MS
            await self._due(began_ms + at_ms)
            start = len(out)
            if at_ms % 1000 == 0:
                out += buffer[: matroska.put_cluster(buffer, 0, at_ms)]
            blocks = [(matroska.SOUND, secrets.token_bytes(SOUND_BYTES))]
            if at_ms % PICTURE_MS == 0:
                blocks.append((matroska.PICTURE, self.picture))
            for track, content in blocks:
                out += buffer[: matroska.put_block(buffer, 0, track, at_ms % 1000, len(content))]
                out += content
                chunk = Chunk(start, LIVE | STARTS, memoryview(out)[start:].tobytes(), at_ms)
                await self._media.publish(topic, chunk.encode(), 0)
                self.sent.blocks += 1
                start = len(out)
        self.film = Film(bytes(out), hashlib.sha256(out).digest(), [], SEGMENT_S * 1000)
        manifest = self._manifest(segment)
        self._number, self._previous = self._number + 1, manifest.digest()
        return manifest

    async def _due(self, at_ms: float) -> None:
        wait_s = at_ms / 1000 - time.time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        else:
            self.sent.late_ms = max(self.sent.late_ms, -wait_s * 1000)


def picture() -> bytes:
    """A real JPEG, made as long as a picture of the stream is."""
    drawn = scene.draw(0, 0, 640, 480)
    jpeg: bytes = simplejpeg.encode_jpeg(drawn, quality=30, colorsubsampling="420")
    return jpeg[:PICTURE_BYTES].ljust(PICTURE_BYTES, b"\0")


async def stream(folder: Path) -> None:
    """Connect everybody, and send as many as is said until the input ends."""
    plan = json.loads((folder / "film.json").read_text("utf-8"))
    sent, made, nothing = Sent(), picture(), Film(b"", b"", [], 0)
    streamers = [
        Streamer(one["unit_id"], one["court_id"], Path(one["home"]), nothing, sent, sent=sent, picture=made)
        for one in plan["units"]
    ]
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
