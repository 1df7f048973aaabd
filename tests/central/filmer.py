"""A stand-in for a unit that records: segments as its card holds them, their manifests, and both of its connections."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standin import StandIn

from protocol import ebml, matroska, topics
from protocol.manifest import FIRST_PREVIOUS, Manifest, key_id
from protocol.media import LIVE, STARTS, Chunk, segment_name
from protocol.messages import Want
from protocol.records import Stamp

START_S = 1_795_478_400
SEGMENT_MS = 2_000


@dataclass(frozen=True)
class Segment:
    """`chunks`: (offset, flags, time_ms) in the order of the file; `early`: the file before Duration was filled in."""

    segment: bytes
    data: bytes
    early: bytes
    chunks: list[tuple[int, int, int | None]]

    def chunk(self, number: int, *, live: bool = True, early: bool = False) -> Chunk:
        offset, flags, time_ms = self.chunks[number]
        end = self.chunks[number + 1][0] if number + 1 < len(self.chunks) else len(self.data)
        source = self.early if early else self.data
        return Chunk(offset, flags | (LIVE if live else 0), source[offset:end], time_ms)


def segment(name: bytes, blocks: int = 20, block_bytes: int = 3000) -> Segment:
    """A segment of random pictures and sound, a chunk for the head and each block."""
    head, duration_at = matroska.head(
        matroska.Format(320, 240), secrets.token_bytes(16), "tipstaff 0.1.0", START_S * 1000, []
    )
    out, buffer = bytearray(head), bytearray(64)
    chunks: list[tuple[int, int, int | None]] = [(0, 0, None)]
    chunks.append((len(out), STARTS, 0))
    out += buffer[: matroska.put_cluster(buffer, 0, 0)]
    for number in range(blocks):
        at_ms = number * SEGMENT_MS // blocks
        track = matroska.PICTURE if number % 2 == 0 else matroska.SOUND
        if number:
            chunks.append((len(out), STARTS, at_ms))
        content = secrets.token_bytes(block_bytes)
        out += buffer[: matroska.put_block(buffer, 0, track, at_ms, len(content))] + content
    early = bytes(out)
    out[duration_at : duration_at + 8] = ebml.double(SEGMENT_MS)
    return Segment(name, bytes(out), early, chunks)


def picture_segment(name: bytes, pictures: list[bytes]) -> Segment:
    """A segment of these pictures, ten in a second."""
    head, _ = matroska.head(matroska.Format(320, 240), bytes(16), "tipstaff 0.1.0", START_S * 1000, [])
    out, buffer = bytearray(head), bytearray(64)
    chunks: list[tuple[int, int, int | None]] = [(0, 0, None)]
    for number, content in enumerate(pictures):
        chunks.append((len(out), STARTS, number * 100))
        if not number:
            out += buffer[: matroska.put_cluster(buffer, 0, 0)]
        head_size = matroska.put_block(buffer, 0, matroska.PICTURE, number * 100, max(1, len(content)))
        # Our writer makes no block of nothing: its size by hand.
        out += (buffer[:head_size] if content else b"\xa3\x84" + buffer[5:head_size]) + content
    return Segment(name, bytes(out), bytes(out), chunks)


class Filmer:
    """Signs with the seed in `folder`; `control` and `media` are its two connections."""

    def __init__(self, folder: Path) -> None:
        self.control = StandIn(folder)
        self.media = StandIn(folder, client_id=self.control.unit_id + ":m")
        self.unit_id, self.court_id = self.control.unit_id, self.control.court_id
        self.key = Ed25519PrivateKey.from_private_bytes((folder / "unit.sign.key").read_bytes())
        self.seq, self.previous, self.mono_ms = 0, FIRST_PREVIOUS, 5_000

    @property
    def trusted(self) -> dict[bytes, Any]:
        """Its public key by id, as `judge` takes it."""
        public = self.key.public_key()
        return {key_id(public.public_bytes_raw()): public}

    async def __aenter__(self) -> Filmer:
        await self.control.__aenter__()
        await self.media.__aenter__()
        await self.control.online()
        await self.media.until(lambda: self.media.connected)
        return self

    async def __aexit__(self, *gone: object) -> None:
        await self.media.__aexit__(*gone)
        await self.control.__aexit__(*gone)

    def manifest(self, made: Segment, *, key: Any = None, **given: Any) -> Manifest:
        """The next manifest of the chain; with `given`, one that says something else and moves nothing on."""
        signer = key or self.key
        values: dict[str, Any] = {
            "segment": made.segment,
            "size": len(made.data),
            "sha256": hashlib.sha256(made.data).digest(),
            "first": self._stamp(self.mono_ms),
            "last": self._stamp(self.mono_ms + SEGMENT_MS),
            "seq": self.seq,
            "previous": self.previous,
            "flags": 0,
            "dropped_pictures": 0,
            "dropped_sounds": 0,
            "unit": self.unit_id,
            "key_id": key_id(signer.public_key().public_bytes_raw()),
        }
        manifest = Manifest(**(values | given))
        manifest.signature = signer.sign(manifest.signed_bytes())
        if key is None and not given.keys() - {"flags", "alarm_id", "case_no", "marks", "first", "last"}:
            self.seq, self.previous = self.seq + 1, manifest.digest()
            self.mono_ms += SEGMENT_MS
        return manifest

    def _stamp(self, mono_ms: int) -> Stamp:
        utc_ms = START_S * 1000 + mono_ms
        return Stamp(utc_s=utc_ms // 1000, utc_ms=utc_ms % 1000, quality=3, mono_ms=mono_ms, boot=7)

    async def send(self, made: Segment, chunks: Iterable[Chunk]) -> None:
        """Chunks at QoS 0 on the media connection, and wait until they are in the broker's hands."""
        for chunk in chunks:
            self.put(segment_name(made.segment), chunk.encode())
        await self.media.raw(topics.up(self.court_id, self.unit_id, "reply"), b"\xa0")

    def put(self, name: str, payload: bytes, *, unit: str | None = None) -> None:
        """Anything on a topic of media."""
        topic = f"tip/1/{self.court_id}/{unit or self.unit_id}/media/{name}"
        self.media._client.publish(topic, payload, 0)

    async def seal(self, manifest: Manifest) -> Want:
        """Send a manifest; the answer to it."""
        heard = len(self._wants(manifest))
        await self.control.say("manifest", manifest)
        await self.control.until(lambda: len(self._wants(manifest)) > heard)
        return self._wants(manifest)[heard]

    async def refused(self, manifest: Manifest) -> int:
        """Send a manifest that is not believed; why. A receipt for an earlier one can come before."""
        heard = len(self._wants(manifest))
        await self.control.say("manifest", manifest)
        return await self.control.until(
            lambda: next((w.refused for w in self._wants(manifest)[heard:] if w.refused is not None), None)
        )

    async def restore(self, made: Segment, manifest: Manifest, rounds: int = 40) -> Want:
        """Manifest, ranges, manifest … as the firmware does, until it is sealed or refused."""
        for _ in range(rounds):
            want = await self.seal(manifest)
            if not want.ranges:
                return want
            for start, end in zip(want.ranges[::2], want.ranges[1::2], strict=True):
                await self.send(
                    made,
                    [Chunk(at, 0, made.data[at : min(at + 16_384, end)]) for at in range(start, end, 16_384)],
                )
        raise AssertionError("never sealed")

    def _wants(self, manifest: Manifest) -> list[Want]:
        return [
            said
            for leaf, said in self.control.heard
            if leaf == "want" and said.segment is not None and bytes(said.segment) == manifest.segment
        ]


async def settled() -> None:
    """One turn of everything that is ready."""
    await asyncio.sleep(0)
