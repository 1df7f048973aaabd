"""Units that hand over recordings as fast as they are taken: `python -m bench.film_process FOLDER` (`bench.film`).

Each has two TLS connections with its own certificate, as the firmware: chunks at QoS 0 on `<unit>:m`, manifests and
wants at QoS 1 on the other. A unit sends a segment, then its manifest, the ranges that it is asked for, the manifest
again, until the segment is sealed. It records on meanwhile, as the firmware does, but has at most UNSEALED_MAX segments
that are not sealed: eight units stand for a thousand, of which each has one or two. The pictures in it are one JPEG,
filled up with random bytes. What is signed and chained is made by `cryptography`, and everything is encoded once, so
that the generator takes as little of the machine as it can.

Out, JSON lines: {"connected": n}, then four times a second {"sealed_bytes": n, "sealed": n, "sent_bytes": n} since the
start. It ends with its input.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import secrets
import ssl
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import simplejpeg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import packets
from protocol import matroska, topics
from protocol.manifest import FIRST_PREVIOUS, Manifest, key_id
from protocol.media import LIVE, MAX_DATA_BYTES, STARTS, Chunk, segment_name
from protocol.messages import Want
from protocol.records import Stamp
from simulator import scene

KEEPALIVE_S = 60
BLOCK_BYTES = 16_000
BLOCK_MS = 160  # 100 KB/s
ANSWER_S = 5.0
UNSEALED_MAX = 8
SAY_S = 0.25
HIGH_WATER_BYTES = 256 * 1024


@dataclass
class Totals:
    """What all of them did."""

    sealed_bytes: int = 0
    sealed: int = 0
    sent_bytes: int = 0


class Data(Protocol):
    """A file's bytes, as far as they are asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Film:
    """One segment's bytes, used again for each: only names and manifests differ."""

    data: Data
    sha256: bytes
    chunks: list[bytes]
    length_ms: int


def picture(size_bytes: int) -> bytes:
    """A real JPEG, made as long as a picture of the stream is."""
    drawn = scene.draw(0, 0, 640, 480)
    jpeg: bytes = simplejpeg.encode_jpeg(drawn, quality=30, colorsubsampling="420")
    return jpeg[:size_bytes] + secrets.token_bytes(max(0, size_bytes - len(jpeg)))


def film(size_bytes: int) -> Film:
    """About `size_bytes` of pictures, at 100 KB/s."""
    head, _ = matroska.head(matroska.Format(640, 480), secrets.token_bytes(16), "tipstaff bench", 0, [])
    out, buffer = bytearray(head), bytearray(64)
    starts: list[tuple[int, int | None]] = [(0, None), (len(out), 0)]
    out += buffer[: matroska.put_cluster(buffer, 0, 0)]
    blocks, drawn = max(1, size_bytes // BLOCK_BYTES), picture(BLOCK_BYTES)
    for number in range(blocks):
        if number:
            starts.append((len(out), number * BLOCK_MS))
        out += buffer[: matroska.put_block(buffer, 0, matroska.PICTURE, number * BLOCK_MS, BLOCK_BYTES)]
        out += drawn
    ends = [at for at, _ in starts[1:]] + [len(out)]
    chunks = [
        Chunk(at, LIVE | (0 if at_ms is None else STARTS), out[at:end], at_ms).encode()
        for (at, at_ms), end in zip(starts, ends, strict=True)
    ]
    return Film(bytes(out), hashlib.sha256(out).digest(), chunks, blocks * BLOCK_MS)


@dataclass
class Line(asyncio.Protocol):
    """One MQTT connection. `on_publish(topic, payload)` is called with what comes at QoS 0 or 1."""

    client_id: str
    on_publish: Any = None

    def __post_init__(self) -> None:
        self.welcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.subscribed = asyncio.Event()
        self._flows = asyncio.Event()
        self._flows.set()
        self._received = b""
        self._packet_id = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(HIGH_WATER_BYTES)
        transport.write(packets.connect(self.client_id, KEEPALIVE_S))

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self._flows.set()
        if not self.welcome.done():
            self.welcome.set_exception(error or ConnectionError(f"{self.client_id}: the broker hung up"))

    def pause_writing(self) -> None:
        self._flows.clear()

    def resume_writing(self) -> None:
        self._flows.set()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (packet := packets.first_of(self._received)) is not None:
            first, body, taken = packet
            self._received = self._received[taken:]
            kind = first >> 4
            if kind == packets.CONNACK and not self.welcome.done():
                if body[1:] == b"\x00":
                    self.welcome.set_result(None)
                else:
                    self.welcome.set_exception(ConnectionError(f"{self.client_id}: refused ({body.hex()})"))
            elif kind == packets.SUBACK:
                self.subscribed.set()
            elif kind == packets.PUBLISH and self.transport is not None:
                end = 2 + int.from_bytes(body[:2], "big")
                at = end + 2 if first & 0x06 else end
                if first & 0x06:
                    self.transport.write(packets.packet(0x40, body[end:at]))
                self.on_publish(body[2:end].decode(), body[at:])

    def subscribe(self, topic_filter: str) -> None:
        assert self.transport is not None
        self.transport.write(packets.subscribe(1, topic_filter))

    def put(self, made: bytes) -> bool:
        """Packets as they are; False while the broker takes nothing. Raises ConnectionError when it hung up."""
        if self.transport is None:
            raise ConnectionError(f"{self.client_id}: the broker hung up")
        if not self._flows.is_set():
            return False
        self.transport.write(made)
        return True

    async def publish(self, topic: bytes, payload: bytes, qos: int) -> None:
        """Waits while the broker takes nothing. Raises ConnectionError when it hung up."""
        await self._flows.wait()
        if self.transport is None:
            raise ConnectionError(f"{self.client_id}: the broker hung up")
        self._packet_id = self._packet_id % 65535 + 1
        self.transport.write(packets.publish(topic, payload, self._packet_id if qos else None))


@dataclass
class Filmer:
    """One unit."""

    unit_id: str
    court_id: str
    home: Path
    film: Film
    totals: Totals
    answers: dict[bytes, asyncio.Queue[Want]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes((self.home / "unit.sign.key").read_bytes())
        self._key_id = key_id(self._key.public_key().public_bytes_raw())
        self._recording = secrets.token_bytes(8)
        self._number, self._previous = 0, FIRST_PREVIOUS
        self._control = Line(self.unit_id, self._heard)
        self._media = Line(self.unit_id + ":m")

    async def enter(self, plan: dict[str, Any]) -> None:
        """Connect both."""
        context = ssl.create_default_context(cafile=plan["ca"])
        context.load_cert_chain(str(self.home / "unit.crt"), str(self.home / "unit.key"))
        for line in (self._control, self._media):
            await asyncio.get_running_loop().create_connection(
                partial(_itself, line), plan["host"], plan["port"], ssl=context, server_hostname=plan["server_name"],
                ssl_handshake_timeout=30.0,
            )  # fmt: skip
            await line.welcome
        self._control.subscribe(topics.down_all(self.court_id, self.unit_id))
        await self._control.subscribed.wait()

    async def run(self) -> None:
        """Segment after segment."""
        room = asyncio.Semaphore(UNSEALED_MAX)
        async with asyncio.TaskGroup() as tasks:
            while True:
                await room.acquire()
                manifest = await self._record()
                task = tasks.create_task(self._hand_over(manifest))
                task.add_done_callback(lambda _: room.release())

    async def _record(self) -> Manifest:
        """The next segment's chunks, as they are recorded."""
        segment = self._recording + self._number.to_bytes(4, "big")
        topic = self._topic(segment)
        for chunk in self.film.chunks:
            await self._media.publish(topic, chunk, 0)
            self.totals.sent_bytes += len(chunk)
        manifest = self._manifest(segment)
        self._number, self._previous = self._number + 1, manifest.digest()
        return manifest

    async def _hand_over(self, manifest: Manifest) -> None:
        """What follows a segment's end. Raises RuntimeError when it is refused."""
        answers = self.answers[manifest.segment] = asyncio.Queue()
        topic = self._topic(manifest.segment)
        while True:
            await self._control.publish(
                topics.up(self.court_id, self.unit_id, "manifest").encode(), manifest.encode(), 1
            )
            try:
                async with asyncio.timeout(ANSWER_S):
                    want = await answers.get()
            except TimeoutError:
                continue
            if want.refused is not None:
                raise RuntimeError(f"{self.unit_id}: refused ({want.refused})")
            if want.sealed is not None:
                break
            ranges = want.ranges or []
            for start, end in zip(ranges[::2], ranges[1::2], strict=True):
                for at in range(start, end, MAX_DATA_BYTES):
                    data = self.film.data[at : min(at + MAX_DATA_BYTES, end)]
                    await self._media.publish(topic, Chunk(at, 0, data).encode(), 0)
                    self.totals.sent_bytes += len(data)
        del self.answers[manifest.segment]
        self.totals.sealed += 1
        self.totals.sealed_bytes += len(self.film.data)

    def _topic(self, segment: bytes) -> bytes:
        return f"tip/1/{self.court_id}/{self.unit_id}/media/{segment_name(segment)}".encode()

    def _manifest(self, segment: bytes) -> Manifest:
        begin_ms = self._number * self.film.length_ms
        manifest = Manifest(
            segment=segment, size=len(self.film.data), sha256=self.film.sha256, first=_stamp(begin_ms),
            last=_stamp(begin_ms + self.film.length_ms), seq=self._number, previous=self._previous, flags=0,
            dropped_pictures=0, dropped_sounds=0, unit=self.unit_id, key_id=self._key_id,
        )  # fmt: skip
        manifest.signature = self._key.sign(manifest.signed_bytes())
        return manifest

    def _heard(self, topic: str, payload: bytes) -> None:
        if topic.endswith("/want"):
            want = Want.decode(payload)
            answers = self.answers.get(bytes(want.segment)) if want.segment is not None else None
            if answers is not None:
                answers.put_nowait(want)


def _itself(line: Line) -> Line:
    return line


_BEGAN_MS = time.time_ns() // 1_000_000


def _stamp(mono_ms: int) -> Stamp:
    utc_ms = _BEGAN_MS + mono_ms
    return Stamp(utc_s=utc_ms // 1000, utc_ms=utc_ms % 1000, quality=3, mono_ms=mono_ms, boot=1)


async def shoot(folder: Path) -> None:
    """Connect everybody and film until the input ends."""
    plan = json.loads((folder / "film.json").read_text("utf-8"))
    totals, made = Totals(), film(plan["segment_bytes"])
    filmers = [
        Filmer(one["unit_id"], one["court_id"], Path(one["home"]), made, totals) for one in plan["units"]
    ]
    for filmer in filmers:
        await filmer.enter(plan)
    gc.freeze()
    _say(connected=len(filmers), segment_bytes=len(made.data))
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    jobs = {asyncio.create_task(filmer.run()) for filmer in filmers}
    jobs |= {asyncio.create_task(_report(totals)), asyncio.create_task(reader.read())}  # type: ignore[arg-type]
    done, rest = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    for job in rest:
        job.cancel()
    for job in done:
        job.result()


async def _report(totals: Totals) -> None:
    while True:
        await asyncio.sleep(SAY_S)
        _say(sealed_bytes=totals.sealed_bytes, sealed=totals.sealed, sent_bytes=totals.sent_bytes)


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    asyncio.run(shoot(Path(sys.argv[1])))
