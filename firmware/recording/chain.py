"""The unit's signature under each segment, and the number that shows a missing one.

The chain is kept on the flash, not on the card. `chain`: `previous` and `seq` of the next manifest, and the segment
that was sealed last when its recording goes on after it, so that a power cut between two segments is known. `signed`:
place, segment and digest of a manifest, before it goes onto the card. So a cut before `chain` says that the place is
taken uses no place twice: what is on the card tells, and if that is another card by then, the chain goes on behind the
digest.
"""

import asyncio
import hashlib

from bodyunit.wire import encoded
from store.copies import Copies
from store.errors import FlashRefused

from protocol import ed25519
from protocol.manifest import CUT, FIRST_PREVIOUS, LAST, Manifest, key_id
from protocol.media import SEGMENT_BYTES
from recording.shelf import decoded

KEY_FILE = "/unit.sign.key"
_KEY_ID_BYTES = 8
_DIGEST_BYTES = 32
_MOST_BYTES = _KEY_ID_BYTES + 4 + _DIGEST_BYTES + 2 * SEGMENT_BYTES
_SIGNED_BYTES = _KEY_ID_BYTES + 4 + SEGMENT_BYTES + _DIGEST_BYTES
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
        self._signed = Copies(home + "/signed", _SIGNED_BYTES)
        self._seed = b""
        self._previous = FIRST_PREVIOUS
        self._begun = _NONE
        # Of the manifest of `begun`; empty when older firmware began it, which kept none.
        self._digest = b""
        self._unended = _NONE
        # Whether `chain` on the flash says all this.
        self._kept = True
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
        told = self._signed.load() or b""
        if len(told) == _SIGNED_BYTES and told[:12] == self._place():
            self._begun, self._digest = told[12:24], told[24:]
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

    def _place(self) -> bytes:
        return self.key_id + self.seq.to_bytes(4, "big")

    def _keep(self, copies, value: bytes) -> None:
        try:
            copies.save(value)
        except OSError as error:
            raise FlashRefused(error.errno)

    def _save(self) -> None:
        self._keep(self._copies, self._place() + self._previous + _NONE + self._unended)
        self._kept = True

    async def adopt(self, data: "bytes | None") -> bool:
        """Whether `data`, which the card has of the segment `begun`, is its manifest: then the chain follows it."""
        manifest = decoded(data)
        await asyncio.sleep_ms(0)
        mine = manifest is not None and manifest.key_id == self.key_id and manifest.signature is not None
        if not mine or manifest.seq != self.seq or manifest.previous != self._previous:
            return False
        self.sealed(manifest, data)
        return True

    def free(self) -> None:
        """The card has the segment `begun` without a manifest: its place is to be taken yet."""
        self._begun = _NONE

    def pass_over(self) -> None:
        """The segment `begun` is not on this card: its place may be taken, and the chain goes on behind it."""
        if self._digest:
            self._follow(self.seq + 1, self._digest, _NONE)
        self._begun = _NONE

    async def sign(self, manifest: Manifest) -> bytes:
        """Gives it its place in the chain and the signature; returns its bytes. FlashRefused: try later."""
        manifest.seq, manifest.previous, manifest.key_id = self.seq, self._previous, self.key_id
        if not self._kept:
            self._save()
            await asyncio.sleep_ms(0)
        manifest.signature = None
        told = encoded(manifest)
        await asyncio.sleep_ms(0)
        manifest.signature = await worked(ed25519.sign_steps(self._seed, self.public, told))
        await asyncio.sleep_ms(0)
        data = encoded(manifest)
        await asyncio.sleep_ms(0)
        digest = hashlib.sha256(data).digest()
        self._keep(self._signed, self._place() + manifest.segment + digest)
        self._begun, self._digest = manifest.segment, digest
        return data

    def sealed(self, manifest: Manifest, data: bytes) -> None:
        """Its manifest, as `data`, is on the card: the next one follows it."""
        ends = manifest.flags & (LAST | CUT)
        self._follow(manifest.seq + 1, hashlib.sha256(data).digest(), _NONE if ends else manifest.segment)
        try:
            self._save()
        except FlashRefused:
            # `signed` tells until then; before anything else is signed it is tried again.
            pass

    def _follow(self, seq: int, previous: bytes, unended: bytes) -> None:
        self.seq, self._previous, self._unended = seq, previous, unended
        self._begun = _NONE
        self._kept = False


def file_hash(stream, buffer):
    """Steps to the SHA-256 of a file, as the card gives it back; `buffer` is read into."""
    found = hashlib.sha256()
    while True:
        size = stream.readinto(buffer)
        if not size:
            return found.digest()
        found.update(buffer[:size])
        yield
