"""The card: `rec/<boot>/<number>/<segment>.mkv`, and beside it what is known of the file.

    .new    a manifest without hash: begun, and when the size in it is that of the file, whole
    .tip    the signed manifest; the gateway has not confirmed it yet
    .ok     the same, confirmed: this segment may go when room is needed
Each is written whole before the one before it is removed; nothing is renamed, which FAT does not do in one piece.
`.new` alone is written more than once, and keeps what it told before beside it (store.copies.Pair); older firmware
wrote the manifest and nothing else.

A name, here and wherever else a file on the card is meant, is its path below `rec`, without an ending.
"""

import asyncio
import os

from store import files
from store.copies import Pair
from store.errors import EIO, ENOSPC

from protocol import media
from protocol.errors import ProtocolError
from protocol.manifest import Manifest
from recording.folders import Folders, entries

ROOT = "/rec"
MOST_LISTED = 64
LEAST_LISTED = 8
LIST_STEP = 8
MOST_MANIFEST_BYTES = 2048


def segment_of(name: str) -> bytes:
    """The segment (12 bytes) that has this name on the card."""
    return media.segment_of(name[name.rfind("/") + 1 :])


class Shelf:
    """Segments on the board's card.

    Args:
        board: has card(), card_lost() and card_space().
        boot: number of this boot.
        count, note: as in Alarms.

    Attributes: stored_kib (what the confirmed segments take), waiting (segments that are not confirmed); on_lost
    (functions that close what they have open on the card, before it is let go).
    """

    def __init__(self, board, boot: int, count, note) -> None:
        self._board = board
        self._boot = boot
        self._count = count
        self._note = note
        self._root: str | None = None
        self._folders: Folders | None = None
        self._complained = ""
        self.stored_kib = 0
        self.waiting = 0
        self.on_lost: list = []
        self._stored: list[str] = []
        # The card holds stored segments that are not in the list.
        self._more_stored = False
        # Names of what this card does not give back, though it works: left alone as long as it is there.
        self._unreadable: set[str] = set()

    @property
    def there(self) -> bool:
        """Whether there is a card that works."""
        return self._root is not None

    def look(self) -> bool:
        """Takes up the card if there is one; True when it works."""
        if self._root is None:
            root = self._board.card()
            if root is None:
                return False
            root += ROOT
            try:
                _folder(root)
                self._folders = Folders(root, self._boot, os.statvfs(root)[0])
            except OSError as error:
                self.failed(error)
                return False
            self._root = root
        return True

    def failed(self, error) -> None:
        """The card refused something; it is looked for anew, unless it is only full."""
        self._count("card_errors")
        text = "card: error %s" % (error.errno if isinstance(error, OSError) else error)
        if text != self._complained:
            self._complained = text
            self._note(text)
        if getattr(error, "errno", EIO) != ENOSPC and self._root is not None:
            self._root = None
            self._stored, self.stored_kib, self._more_stored = [], 0, False
            self._unreadable.clear()
            for lost in self.on_lost:
                lost()
            self._board.card_lost()

    def unreadable(self, name: str, error: OSError) -> None:
        """A segment's file could not be read. If that is not the card, it is left alone from now on."""
        self._count("card_errors")
        self._note("%s cannot be read: error %s" % (name, error.errno))
        self._probe()
        if self._root is not None and len(self._unreadable) < MOST_LISTED:
            self._unreadable.add(name)

    def _probe(self) -> None:
        """Whether the card works. Writes, as what is read may come from RAM."""
        try:
            self._put(self.path("probe", ".tmp"), b"?")
            self.remove("probe", ".tmp")
        except OSError as error:
            self.failed(error)

    def path(self, name: str, ending: str) -> str:
        """Of a segment's file. OSError when there is no card."""
        if self._root is None:
            raise OSError(EIO)
        return self._root + "/" + name + ending

    def new_name(self, segment: bytes) -> str:
        """Takes a place for a segment (12 bytes) that begins. On a full card stored segments go for it."""
        while True:
            try:
                return self._there().take() + "/" + media.segment_name(segment)
            except OSError as error:
                if error.errno != ENOSPC or not self.drop_stored():
                    raise

    def _there(self) -> Folders:
        if self._root is None or self._folders is None:
            raise OSError(EIO)
        return self._folders

    def names(self):
        """Steps through the folders: yields (name, ending) of each file, and None where there is time for others."""
        folders, step = self._there(), 0
        for folder in folders.all():
            yield None
            for entry in entries(folders.root + "/" + folder):
                name, dot, ending = entry[0].rpartition(".")
                step += 1
                if step % LIST_STEP == 0:
                    yield None
                try:
                    media.segment_of(name)
                except ProtocolError:
                    # Somebody else's file.
                    continue
                name = folder + "/" + name
                if name not in self._unreadable:
                    yield name, dot + ending

    async def find(self, segment: bytes, ending: str) -> str:
        """The name of a segment's file of that ending, wherever it is; empty when it is not on this card."""
        leaf = "/" + media.segment_name(segment)
        for folder in self._there().all():
            if files.size_bytes(self.path(folder + leaf, ending)) >= 0:
                return folder + leaf
            await _pause()
        return ""

    def read(self, name: str, ending: str) -> "bytes | None":
        """One of the small files, None when it is not there or too long for one."""
        path = self.path(name, ending)
        if not 0 < files.size_bytes(path) <= MOST_MANIFEST_BYTES:
            return None
        with open(path, "rb") as stream:
            return stream.read()

    async def manifest(self, name: str, ending: str) -> "Manifest | None":
        """What is known of a segment, in steps; None when that is not there or not whole."""
        data = self.read(name, ending)
        await _pause()
        return decoded(data)

    async def facts(self, name: str) -> "Manifest | None":
        """What `.new` tells of a segment, in steps; None when that is not there or not whole."""
        path = self.path(name, ".new")
        if files.size_bytes(path) <= 0:
            return None
        data = Pair(path).load()
        await _pause()
        return await self.manifest(name, ".new") if data is None else decoded(data)

    def put(self, name: str, ending: str, data: bytes) -> None:
        """Writes a small file; it is on the card when this returns. On a full card stored segments go for it."""
        self._with_room(lambda: self._put(self.path(name, ending), data))

    def put_facts(self, name: str, generation: int, data: bytes) -> None:
        """As `put`, of `.new`; whatever happens meanwhile, what it told before is not lost. generation: from 1 on."""
        self._with_room(lambda: Pair(self.path(name, ".new")).save(generation, data))

    def _with_room(self, write) -> None:
        while True:
            try:
                write()
                return
            except OSError as error:
                if error.errno != ENOSPC or not self.drop_stored():
                    raise

    def _put(self, path: str, data: bytes) -> None:
        with open(path, "wb") as stream:
            if stream.write(data) != len(data):
                raise OSError(ENOSPC)
            files.sync(stream)

    def remove(self, name: str, ending: str) -> None:
        """Removes one of a segment's files, if it is there."""
        files.remove(self.path(name, ending))

    async def stored(self, name: str, data: bytes, size: int) -> None:
        """The gateway has the segment of `size` bytes, whose `.tip` is `data`: it may go from now on."""
        self.waiting = max(0, self.waiting - 1)
        if files.size_bytes(self.path(name, ".mkv")) < 0:
            # The power failed when it went.
            self._remove_all(name)
            return
        try:
            self.put(name, ".ok", data)
        except OSError as error:
            if error.errno != ENOSPC:
                raise
            # No room to say that it may go: so it goes.
            self._remove_all(name)
            return
        await _pause()
        self.remove(name, ".tip")
        self.stored_kib += _kib(size)
        if len(self._stored) < MOST_LISTED:
            self._stored.append(name)
        else:
            self._more_stored = True

    # Room

    def space(self) -> "tuple[int, int]":
        """(KiB free, KiB in all); (0, 0) without a card."""
        if self._root is None:
            return 0, 0
        free, total = self._board.card_space()
        return (0, 0) if free is None else (free, total)

    def pressing_pct(self) -> int:
        """How much of the card is taken by what must not go."""
        free, total = self.space()
        if not total:
            return 0
        return max(0, min(100, (total - free - self.stored_kib) * 100 // total))

    def drop_stored(self) -> bool:
        """Removes the stored segment that was stored first; False when there is none in the list."""
        if not self._stored:
            return False
        name = self._stored.pop(0)
        size = max(0, files.size_bytes(self.path(name, ".mkv")))
        try:
            data = self.read(name, ".ok")
        except OSError as error:
            self.unreadable(name, error)
            self.stored_kib = max(0, self.stored_kib - _kib(size))
            return True
        if decoded(data) is None:
            return True
        self._remove_all(name)
        self.stored_kib = max(0, self.stored_kib - _kib(size))
        return True

    def _remove_all(self, name: str) -> None:
        """Of a confirmed segment, that last by which it is known as confirmed; and its folder, when it was the last."""
        for ending in (".mkv", ".tip", ".ok"):
            self.remove(name, ending)
        self._there().emptied(name[: name.rfind("/")])

    @property
    def lists_again(self) -> bool:
        """Whether the list of what may go is nearly at its end, and the card holds more: see list_stored."""
        return self._more_stored and len(self._stored) < LEAST_LISTED

    async def drop_stored_of_all(self, pause) -> bool:
        """As drop_stored; looks for more on the card when the list is at its end, no longer than it must."""
        if not self._stored and self._more_stored:
            await self.list_stored(pause, False)
        return self.drop_stored()

    async def list_stored(self, pause, whole: bool = True) -> None:
        """Lists what may go, as far as the list goes, and counts all of it; not `whole`: until the list is full."""
        found: list[str] = []
        kib = 0
        more = False
        for entry in self.names():
            if entry is None:
                await pause()
            elif entry[1] == ".ok":
                size = files.size_bytes(self.path(entry[0], ".mkv"))
                if size < 0:
                    # The power failed while it was removed.
                    self.remove(entry[0], ".ok")
                    continue
                kib += _kib(size)
                if len(found) < MOST_LISTED:
                    found.append(entry[0])
                    continue
                more = True
                if not whole:
                    kib = self.stored_kib
                    break
        self._stored, self.stored_kib, self._more_stored = found, kib, more


def decoded(data: "bytes | None") -> "Manifest | None":
    """The manifest in `data`, None when that is not whole."""
    try:
        return None if data is None else Manifest.decode(data)
    except ProtocolError:
        return None


async def _pause() -> None:
    await asyncio.sleep_ms(0)


def _kib(size: int) -> int:
    return (size + 1023) // 1024


def _folder(path: str) -> None:
    try:
        os.stat(path)
    except OSError:
        os.mkdir(path)
        # It would be hidden behind what a folder that grew without power left.
        os.stat(path)
