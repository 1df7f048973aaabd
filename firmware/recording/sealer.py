"""What comes after a segment's last byte: hash, signature, chain; after a power cut, or when a card comes back, too."""

import asyncio

from bodyunit.bell import Bell
from bodyunit.wire import encoded
from store import files
from store.errors import FlashRefused

from protocol import media
from protocol.errors import ProtocolError
from protocol.manifest import CUT, LAST, Manifest
from recording import recovery
from recording.chain import file_hash, worked
from recording.shelf import decoded, segment_of

READ_BYTES = 4096
IDLE_MS = 5000
AGAIN_MS = 5000
MOST_QUEUED = 64


class Sealer:
    """One segment after the other.

    Args:
        shelf: recording.shelf.Shelf; chain: recording.chain.Chain; waiting: recording.waiting.Waiting.
        clock, settings, count, note: as in Alarms.
        current: returns the name of the segment that is being recorded, or "".

    Set from outside: ready(): a manifest is due; going_on(), head(segment, first, case_no): as in Recorder.
    """

    def __init__(self, shelf, chain, waiting, clock, settings, current, count, note) -> None:
        self._shelf = shelf
        self._chain = chain
        self._waiting = waiting
        self._clock = clock
        self._settings = settings
        self._current = current
        self._count = count
        self._note = note
        self._bell = Bell()
        self._view = memoryview(bytearray(READ_BYTES))
        self._closed: list[tuple[str, list[int]]] = []
        self._confirmed: list[bytes] = []
        self._listed = False
        # A segment without an end that has none on this card.
        self._elsewhere = b""
        self._complained = ""
        self._heart = None
        self.ready = lambda: None
        self.going_on = lambda: b""
        self.head = None
        shelf.on_lost.append(self.card_changed)

    def closed(self, name: str, missing: "list[int]") -> None:
        """A segment has ended; `missing`: ranges of it that were not sent live."""
        if len(self._closed) < MOST_QUEUED:
            self._closed.append((name, missing))
        else:
            # Found on the card later.
            self._listed = False
        self._bell.ring()

    def confirmed(self, segment: bytes, sha256: bytes) -> None:
        """The gateway says that it has a segment whole, with that hash."""
        if len(self._confirmed) < MOST_QUEUED:
            self._confirmed.append(segment + sha256)
        self._bell.ring()

    def card_changed(self) -> None:
        """Whatever was known of the card may not hold any more."""
        self._listed = False
        self._elsewhere = b""
        self._closed.clear()
        self._waiting.clear()
        self._bell.ring()

    async def run(self, heart) -> None:
        """Task: seals what has ended, and marks what is stored."""
        self._heart = heart
        while True:
            heart.beat()
            try:
                busy = self._shelf.look() and await self._step()
            except FlashRefused as error:
                self._complain("nothing can be signed: %s" % error)
            except OSError as error:
                self._shelf.failed(error)
            else:
                if not busy:
                    await self._bell.wait(IDLE_MS)
                continue
            heart.rest()
            await asyncio.sleep_ms(AGAIN_MS)

    def _complain(self, text: str) -> None:
        if text != self._complained:
            self._complained = text
            self._note(text)

    async def _pause(self) -> None:
        self._heart.beat()
        await asyncio.sleep_ms(0)

    async def _step(self) -> bool:
        """Does one thing; False when there is nothing to do."""
        if self._confirmed:
            await self._store(self._confirmed.pop(0))
            return True
        if not await self._chain.open():
            self._complain("no unit.sign.key: recordings stay on the card")
            return False
        if not self._listed:
            self._listed = True
            await self._list()
            return True
        if await self._end():
            return True
        if self._closed:
            name, missing = self._closed[0]
            await self._seal(name, missing)
            if self._closed and self._closed[0][0] == name:
                self._closed.pop(0)
            return True
        if self._waiting.looks:
            self._listed = False
            return True
        if self._shelf.lists_again:
            await self._shelf.list_stored(self._pause)
            return True
        return False

    async def _list(self) -> None:
        """Looks through the card: what is not sealed is to be, what is not confirmed waits."""
        if self._chain.begun:
            await self._adopt(self._chain.begun)
        self._waiting.looking()
        unsealed, sealed, alone = [], [], []
        known = 0
        for entry in self._shelf.names():
            if entry is None:
                await self._pause()
                continue
            name, ending = entry
            if ending == ".mkv" and name != self._current():
                if self._has(name, ".tip") or self._has(name, ".ok"):
                    continue
                if len(unsealed) < MOST_QUEUED:
                    unsealed.append(name)
                else:
                    self._waiting.more = True
            elif ending == ".tip":
                # Without its file, too: the power failed while it was removed, or the gateway has to be told.
                if self._waiting.knows(segment_of(name)):
                    known += 1
                elif len(sealed) == MOST_QUEUED:
                    self._waiting.more = True
                elif await self._is_ours(name):
                    sealed.append(name)
            elif ending == ".new" and len(alone) < MOST_QUEUED and not self._needs_facts(name):
                alone.append(name)
        for name in alone:
            # The power failed before the file was begun, or after it was sealed.
            if name != self._current():
                self._shelf.remove(name, ".new")
        await self._shelf.list_stored(self._pause)
        for name in sealed:
            await self._take(name, unsealed)
        self._shelf.waiting = known + len(unsealed) + len(sealed)
        queued = [name for name, _ in self._closed]
        unsealed.sort(key=segment_of)
        self._closed = [(name, []) for name in unsealed if name not in queued] + self._closed

    async def _adopt(self, begun: bytes) -> None:
        """Power or card failed while a segment was sealed: whether its manifest is on this card, if it is that card."""
        for ending in (".tip", ".ok"):
            name = await self._shelf.find(begun, ending)
            try:
                data = self._shelf.read(name, ending) if name else None
            except OSError as error:
                self._shelf.unreadable(name, error)
                if self._shelf.there:
                    self._chain.pass_over()
                return
            if await self._chain.adopt(data):
                return
        if await self._shelf.find(begun, ".mkv"):
            self._chain.free()
        else:
            self._chain.pass_over()

    def _needs_facts(self, name: str) -> bool:
        """Whether a file is there that is not known to be sealed."""
        return self._has(name, ".mkv") and (self._has(name, ".tip") or not self._has(name, ".ok"))

    def _read(self, name: str) -> "bytes | None":
        """A signed manifest; None when it is not there, or the card does not give it back."""
        try:
            return self._shelf.read(name, ".tip")
        except OSError as error:
            self._shelf.unreadable(name, error)
            return None

    def _has(self, name: str, ending: str) -> bool:
        return files.size_bytes(self._shelf.path(name, ending)) >= 0

    async def _is_ours(self, name: str) -> bool:
        """Whether a signed manifest is of our key; also one that is not whole, as that is to be signed by us."""
        try:
            data = self._shelf.read(name, ".tip")
        except OSError as error:
            self._shelf.unreadable(name, error)
            return False
        await self._pause()
        if data is None or self._chain.key_id in data:
            return True
        manifest = decoded(data)
        await self._pause()
        return manifest is None or manifest.key_id == self._chain.key_id

    async def _take(self, name: str, unsealed: "list[str]") -> None:
        """A sealed segment of an earlier boot, or one whose sealing did not come to its end."""
        try:
            manifest = await self._shelf.manifest(name, ".tip")
            await self._pause()
            stored = await self._shelf.manifest(name, ".ok")
        except OSError as error:
            self._shelf.unreadable(name, error)
            return
        await self._pause()
        if stored is not None:
            self._shelf.remove(name, ".tip")
        elif manifest is None:
            self._shelf.remove(name, ".tip")
            self._shelf.remove(name, ".ok")
            unsealed.append(name)
        elif manifest.key_id == self._chain.key_id:
            self._shelf.remove(name, ".ok")
            self._shelf.remove(name, ".new")
            self._waiting.add(name, manifest, [], self._clock.mono_ms())
            self.ready()

    async def _seal(self, name: str, missing: "list[int]") -> None:
        """Hash, signature, manifest beside the file."""
        try:
            manifest = await self._read_back(name)
            if manifest is not None:
                data = await self._chain.sign(manifest)
                await self._pause()
                self._shelf.put(name, ".tip", data)
                await self._pause()
                self._chain.sealed(manifest, data)
                await self._pause()
                self._shelf.remove(name, ".new")
                await self._pause()
                if manifest.flags & CUT and not missing:
                    # The gateway may have its beginning from before, with another Duration.
                    with open(self._shelf.path(name, ".mkv"), "rb") as stream:
                        at = recovery.duration_at(stream)
                    missing = [at, at + 8] if at else []
                self._waiting.add(name, manifest, missing, self._clock.mono_ms())
                self.ready()
        except ProtocolError as error:
            self._note("%s cannot be sealed: %s" % (name, error))

    async def _end(self) -> bool:
        """Ends a recording that goes on after the segment that was sealed last, and does not; False when there is none.

        Power that failed between two segments left it so, or a card that was pulled there. The head of the next segment
        is written for it: as if it had failed a moment later, that is sealed as cut, and is the last.
        """
        before = self._chain.unended
        if not before or before == self._elsewhere or before[: media.RECORDING_BYTES] == self.going_on():
            return False
        segment = recovery.following(before)
        for name, _ in self._closed:
            if segment_of(name) == segment:
                return False
        found = await self._shelf.find(before, ".mkv")
        # On this card only: of what is on another one nothing is known here.
        if not found or await self._shelf.find(segment, ".mkv"):
            self._elsewhere = before
            return False
        try:
            manifest = await self._shelf.manifest(found, ".tip") or await self._shelf.manifest(found, ".ok")
        except OSError as error:
            self._shelf.unreadable(found, error)
            self._elsewhere = before
            return False
        if manifest is None:
            return False
        await self._pause()
        name = self._shelf.new_name(segment)
        await self._pause()
        head, _ = self.head(segment, manifest.last, manifest.case_no)
        await self._pause()
        facts = encoded(recovery.end_of(manifest))
        await self._pause()
        self._shelf.put_facts(name, 1, facts)
        await self._pause()
        self._shelf.put(name, ".mkv", head)
        self._shelf.waiting += 1
        self._closed.insert(0, (name, []))
        self._note("%s is the end: power or card failed before it" % name)
        return True

    async def _read_back(self, name: str) -> "Manifest | None":
        """As `_finished`; None for a file that the card does not give back, too."""
        try:
            return await self._finished(name)
        except OSError as error:
            self._shelf.unreadable(name, error)
            return None

    async def _finished(self, name: str) -> "Manifest | None":
        """The manifest of a file that is whole or is mended here; None for one that is not ours."""
        path = self._shelf.path(name, ".mkv")
        size = files.size_bytes(path)
        if size <= 0:
            told = await self._shelf.facts(name)
            if told is not None and told.size > 1:
                self._note("%s was recorded, and the card does not find it" % name)
                self._count("card_errors")
            self._shelf.remove(name, ".mkv")
            self._shelf.remove(name, ".new")
            return None
        manifest = await self._shelf.facts(name)
        if manifest is None:
            manifest = recovery.nothing_known(segment_of(name), self._settings.unit_id)
        if manifest.size != size:
            with open(path, "r+b") as stream:
                left = await self._worked(recovery.walk(stream, size, self._view))
                if left.foreign:
                    self._note("%s is no recording of ours" % name)
                    self._count("card_errors")
                    return None
                size = recovery.mend(stream, left, size)
                recovery.fill_duration(stream, left)
                files.sync(stream)
            manifest.size = size
            manifest.flags |= CUT | LAST
            manifest.last = recovery.later(manifest.first, max(0, left.last_ms))
            self._note("%s was cut off, and is sealed as that" % name)
        await self._pause()
        with open(path, "rb") as stream:
            manifest.sha256 = await self._worked(file_hash(stream, self._view))
        return manifest

    async def _worked(self, steps):
        """As chain.worked, with the heart beating."""
        self._heart.rest()
        found = await worked(steps)
        self._heart.beat()
        return found

    async def _store(self, told: bytes) -> None:
        """Only when the gateway has what this unit sealed, the card may forget it."""
        sha256 = told[media.SEGMENT_BYTES :]
        entry = self._waiting.find(told[: media.SEGMENT_BYTES])
        if entry is None:
            # The card has gone meanwhile: it will be asked about again.
            return
        if entry.sha256 != sha256:
            self._note("%s: the gateway confirms another file" % entry.name)
            return
        data = self._read(entry.name)
        await self._pause()
        if data is not None:
            await self._shelf.stored(entry.name, data, entry.size)
        self._waiting.forget(entry)
