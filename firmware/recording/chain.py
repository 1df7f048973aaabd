"""The unit's signature under each segment, and the number that shows a missing one.

The chain is kept on the flash, not on the card: `previous` and `seq` of the next manifest, the segment that is being
sealed, and the one that was sealed last when its recording goes on after it. So a power cut between the manifest on the
card and the number on the flash uses no number twice, and one between two segments is known.
"""

import asyncio
import hashlib

from bodyunit.wire import encoded
from store.copies import Copies

from protocol import ed25519
from protocol.manifest import CUT, FIRST_PREVIOUS, LAST, Manifest, key_id
from protocol.media import SEGMENT_BYTES
from recording.shelf import decoded

KEY_FILE = "/unit.sign.key"
_KEY_ID_BYTES = 8
_MOST_BYTES = 8 + 4 + 32 + 2 * SEGMENT_BYTES
_NONE = bytes(SEGMENT_BYTES)


async def worked(steps):
    """What a generator of steps returns; between two of them everything else runs."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        await asyncio.sleep_ms(0)


class Chain:
    """Of the key in the unit's home. Attributes: public (32 bytes, None before `open`), key_id, seq."""

    def __init__(self, home: str, note) -> None:
        self._home = home
        self._note = note
        self._copies = Copies(home + "/chain", _MOST_BYTES)
        self._seed = b""
        self._previous = FIRST_PREVIOUS
        self._begun = _NONE
        self._unended = _NONE
        self.public: bytes | None = None
        self.key_id = b""
        self.seq = 0

    async def open(self) -> bool:
        """Reads the key and where its chain ends; False without a key: then nothing can be sealed."""
        if self.public is not None:
            return True
        try:
            with open(self._home + KEY_FILE, "rb") as stream:
                seed = stream.read()
        except OSError:
            seed = b""
        if len(seed) != ed25519.SEED_BYTES:
            return False
        self._seed = seed
        public = await worked(ed25519.public_steps(seed))
        self.key_id = key_id(public)
        kept = self._copies.load() or b""
        if kept[:_KEY_ID_BYTES] == self.key_id and len(kept) >= 44:
            self.seq = int.from_bytes(kept[8:12], "big")
            self._previous = kept[12:44]
            self._begun, self._unended = kept[44:56] or _NONE, kept[56:68] or _NONE
        self.public = public
        return True

    @property
    def begun(self) -> bytes:
        """The segment (12 bytes) whose sealing may not have come to its end, or nothing."""
        return b"" if self._begun == _NONE else self._begun

    @property
    def unended(self) -> bytes:
        """The segment (12 bytes) that was sealed last, if its recording goes on after it; or nothing."""
        return b"" if self._unended == _NONE else self._unended

    def _save(self) -> None:
        place = self.key_id + self.seq.to_bytes(4, "big") + self._previous
        self._copies.save(place + self._begun + self._unended)

    async def adopt(self, data: "bytes | None") -> None:
        """What the card has of the segment `begun`, if it was sealed: then the chain goes on behind it."""
        manifest = decoded(data)
        await asyncio.sleep_ms(0)
        mine = manifest is not None and manifest.key_id == self.key_id and manifest.signature is not None
        if mine and manifest.seq == self.seq and manifest.previous == self._previous:
            self.sealed(manifest, data)
        self._begun = _NONE

    async def sign(self, manifest: Manifest) -> bytes:
        """Gives it its place in the chain and the signature; returns its bytes. OSError from the flash: try later."""
        manifest.seq, manifest.previous, manifest.key_id = self.seq, self._previous, self.key_id
        self._begun = manifest.segment
        self._save()
        await asyncio.sleep_ms(0)
        manifest.signature = None
        told = encoded(manifest)
        await asyncio.sleep_ms(0)
        manifest.signature = await worked(ed25519.sign_steps(self._seed, self.public, told))
        await asyncio.sleep_ms(0)
        return encoded(manifest)

    def sealed(self, manifest: Manifest, data: bytes) -> None:
        """Its manifest, as `data`, is on the card: the next one follows it. OSError from the flash: `begun` tells."""
        self._previous = hashlib.sha256(data).digest()
        self.seq = manifest.seq + 1
        self._begun = _NONE
        self._unended = _NONE if manifest.flags & (LAST | CUT) else manifest.segment
        self._save()


def file_hash(stream, buffer):
    """Steps to the SHA-256 of a file, as the card gives it back; `buffer` is read into."""
    found = hashlib.sha256()
    while True:
        size = stream.readinto(buffer)
        if not size:
            return found.digest()
        found.update(buffer[:size])
        yield
