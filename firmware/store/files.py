"""Small file operations that LittleFS, FAT and POSIX do alike."""

import os

from store.errors import ENOSPC

_sync = getattr(os, "sync", None)


def sync(stream):
    """Bring what was written to the medium. MicroPython's flush() is fsync on POSIX, f_sync on FAT and
    lfs_file_sync on LittleFS; os.sync, where a port has it, also empties the cache of an SD card."""
    stream.flush()
    if _sync:
        _sync()


def size_bytes(path):
    """Size of a file, or -1 when there is none."""
    try:
        return os.stat(path)[6]
    except OSError:
        return -1


def remove(path):
    """Delete; True when it is gone (also when it was never there)."""
    try:
        os.remove(path)
    except OSError:
        return size_bytes(path) < 0
    return True


class Reserve:
    """A file that only occupies space, given up when the disk is full so that an alarm still fits."""

    def __init__(self, path, reserve_bytes):
        self._path = path
        self._reserve_bytes = reserve_bytes
        self.held = False

    def hold(self):
        """Occupy; `held` says whether the whole reserve is on the disk."""
        self.held = size_bytes(self._path) >= self._reserve_bytes
        if self.held:
            return
        zeros = bytes(512)
        try:
            with open(self._path, "wb") as stream:
                for _ in range((self._reserve_bytes + 511) // 512):
                    if stream.write(zeros) != 512:
                        raise OSError(ENOSPC)
                sync(stream)
        except OSError:
            remove(self._path)
            return
        self.held = True

    def release(self):
        """Give the space up; True when there was any."""
        self.held = False
        return size_bytes(self._path) > 0 and remove(self._path)
