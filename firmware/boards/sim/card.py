"""The card of a simulated unit: a folder, or a FAT file system in an image file, of any size and speed."""

import gc
import os
import time

import vfs

BLOCK_BYTES = 512
MOUNT = "/sd"
EIO = 5
KEPT = 4


class FolderCard:
    """A folder of the machine, made when it is first asked for. `present`: cleared while it is pulled out."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.present = True

    def root(self) -> "str | None":
        """The folder; None while the card is pulled out."""
        if not self.present:
            return None
        try:
            os.mkdir(self._path)
        except OSError:
            # It is there already, or the first file will say what is wrong.
            pass
        return self._path

    def lost(self) -> None:
        """Nothing to do."""


class ImageCard:
    """An image file as a block device; an empty one gets a file system.

    bytes_s: how fast it writes, which stops the unit as a real card does; 0: as fast as the machine.
    """

    def __init__(self, path: str, bytes_s: int) -> None:
        self._file = open(path, "r+b")
        self._blocks = self._file.seek(0, 2) // BLOCK_BYTES
        self._bytes_s = bytes_s
        self._mounted: _Mounted | None = None
        self._old: list[_Mounted] = []
        self.present = True

    def root(self) -> "str | None":
        """Mounts it if need be; None while it is pulled out or is no file system."""
        if not self.present:
            self.lost()
            return None
        if self._mounted is None:
            try:
                self._mounted = _Mounted(self)
            except OSError:
                return None
        return MOUNT

    def lost(self) -> None:
        """Unmounts it. What is still open on it can do it no harm any more."""
        mounted, self._mounted = self._mounted, None
        if mounted is not None:
            mounted.alive = False
            vfs.umount(MOUNT)
            # A file does not keep its file system: it is closed here, while that is still there.
            self._old = (self._old + [mounted])[-KEPT:]
            gc.collect()

    def read(self, block: int, buffer) -> None:
        """Whole blocks, from `block` on."""
        self._file.seek(block * BLOCK_BYTES)
        self._file.readinto(buffer)

    def write(self, block: int, buffer) -> None:
        """Whole blocks, as slowly as it is told to."""
        self._file.seek(block * BLOCK_BYTES)
        self._file.write(buffer)
        if self._bytes_s:
            time.sleep_us(len(buffer) * 1_000_000 // self._bytes_s)

    @property
    def blocks(self) -> int:
        """How many it has."""
        return self._blocks


class _Mounted:
    """A block device of MicroPython for one mount, and its file system; no use once it has been unmounted.

    As drivers of real cards do, it answers a number for what went wrong: an exception would leave the file system in
    the middle of its work.
    """

    def __init__(self, card: ImageCard) -> None:
        self._card = card
        self.alive = True
        first = bytearray(BLOCK_BYTES)
        card.read(0, first)
        if first[510:] != b"\x55\xaa":
            vfs.VfsFat.mkfs(self)  # type: ignore
        self._files = vfs.VfsFat(self)  # type: ignore
        vfs.mount(self._files, MOUNT)

    def readblocks(self, block: int, buffer) -> int:
        """0, or -EIO when the card is not there."""
        if not self.alive or not self._card.present:
            return -EIO
        self._card.read(block, buffer)
        return 0

    def writeblocks(self, block: int, buffer) -> int:
        """0, or -EIO when the card is not there."""
        if not self.alive or not self._card.present:
            return -EIO
        self._card.write(block, buffer)
        return 0

    def ioctl(self, op: int, arg: int) -> int:
        """As MicroPython's block devices."""
        if op == 4:
            return self._card.blocks
        if op == 5:
            return BLOCK_BYTES
        return 0
