"""A unit's recordings as they should be, for tests that spoil them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol import ebml, matroska
from protocol.manifest import FIRST_PREVIOUS, LAST, Manifest, key_id
from protocol.media import segment_name
from protocol.records import Stamp

START_S = 1_795_486_330
SEGMENT_MS = 2000


def stamp(mono_ms: int, *, boot: int = 7, ahead_ms: int = 0, quality: int = 3) -> Stamp:
    """A moment of the unit whose UTC is `ahead_ms` more than its monotonic clock says."""
    utc_ms = START_S * 1000 + mono_ms + ahead_ms
    return Stamp(utc_s=utc_ms // 1000, utc_ms=utc_ms % 1000, quality=quality, mono_ms=mono_ms, boot=boot)


def segment_file(seed: int) -> bytes:
    """A small segment with pictures and sound that no other seed has."""
    head, duration_at = matroska.head(
        matroska.Format(320, 240), seed.to_bytes(16, "big"), "tipstaff 0.1.0", None, []
    )
    out = bytearray(head)
    buffer = bytearray(64)
    out += buffer[: matroska.put_cluster(buffer, 0, 0)]
    for at_ms in range(0, SEGMENT_MS, 100):
        content = hashlib.sha256(b"%d %d" % (seed, at_ms)).digest()
        out += buffer[: matroska.put_block(buffer, 0, matroska.PICTURE, at_ms, len(content))] + content
    out[duration_at : duration_at + 8] = ebml.double(SEGMENT_MS)
    return bytes(out)


@dataclass
class Recorder:
    """Seals segments one after another into `folder`, as a unit does."""

    folder: Path
    seed: int = 1
    unit: str = "MZ2534"
    seq: int = 0
    previous: bytes = FIRST_PREVIOUS
    mono_ms: int = 5000
    ahead_ms: int = 0
    sealed: list[Manifest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(bytes([self.seed]) * 32)
        self.public = self.key.public_key().public_bytes_raw()
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def pem(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def record(self, recording: int, count: int, *, ends: bool = True) -> list[Manifest]:
        """A recording of `count` segments; `ends`: its last one says so."""
        made = [
            self.seal(recording, number, LAST if ends and number == count - 1 else 0)
            for number in range(count)
        ]
        return made

    def seal(
        self,
        recording: int,
        number: int,
        flags: int,
        *,
        first: Stamp | None = None,
        last: Stamp | None = None,
    ) -> Manifest:
        """One more segment: file and manifest. first, last: instead of what the clocks say."""
        segment = recording.to_bytes(8, "big") + number.to_bytes(4, "big")
        data = segment_file((self.seed - 1) * 10**9 + recording * 1000 + number)
        manifest = Manifest(
            segment=segment, size=len(data), sha256=hashlib.sha256(data).digest(),
            first=first or stamp(self.mono_ms, ahead_ms=self.ahead_ms),
            last=last or stamp(self.mono_ms + SEGMENT_MS, ahead_ms=self.ahead_ms),
            seq=self.seq, previous=self.previous, flags=flags, dropped_pictures=0, dropped_sounds=0,
            unit=self.unit, key_id=key_id(self.public), case_no="(2026)闽0105执1287号",
        )  # fmt: skip
        manifest.signature = self.key.sign(manifest.signed_bytes())
        self.seq, self.previous = self.seq + 1, manifest.digest()
        self.mono_ms += SEGMENT_MS
        name = segment_name(segment)
        (self.folder / f"{name}.mkv").write_bytes(data)
        (self.folder / f"{name}.manifest").write_bytes(manifest.encode())
        self.sealed.append(manifest)
        return manifest

    def path(self, at: int, suffix: str = ".mkv") -> Path:
        """A file of the segment at this place of the chain."""
        return self.folder / (segment_name(self.sealed[at].segment) + suffix)
