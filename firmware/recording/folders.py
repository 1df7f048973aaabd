"""Folders of the card that never grow: `<boot>/<number>` below the root, each for as many segments as it surely holds.

When a folder grows, FatFs links the new cluster before it clears it: power that fails in between leaves remains there,
which hide what is begun later. So every folder stays in its first cluster, which is cleared before anything names it.
"""

import os
from errno import EACCES, EEXIST, ENOENT

from store.errors import ENOSPC

FOLDER = 0x4000
ENTRY_BYTES = 32
LEAST_CLUSTER_BYTES = 512
# Of every folder's entries: ".", "..", and one in which a card is tried.
OWN_ENTRIES = 3
# A segment has three of its files at a time at most; each has one entry, and up to three more for its long name.
SEGMENT_ENTRIES = 12


class Folders:
    """Below the folder `root`, which is there.

    Args:
        boot: number of this boot; its folders are begun anew in it, so that nothing is begun in one of another boot.
        cluster_bytes: of the file system, as statvfs tells it.
    """

    def __init__(self, root: str, boot: int, cluster_bytes: int) -> None:
        entries = max(cluster_bytes, LEAST_CLUSTER_BYTES) // ENTRY_BYTES - OWN_ENTRIES
        self.root = root
        self._boot = boot
        self._most = entries
        self._segments = entries // SEGMENT_ENTRIES
        self._next = 0
        self._left = 0
        self._current = ""

    def take(self) -> str:
        """The folder for one more segment. OSError, ENOSPC when the card has no room for a folder."""
        if not self._left:
            self._current = self._new()
            self._left = self._segments
        self._left -= 1
        return self._current

    def _new(self) -> str:
        # Boots that are so many apart share a folder; when it is full of theirs, the next boot's is taken.
        for _ in range(2 * self._most):
            above, number = divmod(self._next, self._most)
            outer = str((self._boot + above) % self._most)
            folder = "%s/%d" % (outer, number)
            self._make(outer)
            made = self._make(folder)
            self._next += 1
            if made:
                return folder
        raise OSError(ENOSPC)

    def _make(self, folder: str) -> bool:
        """False when it is there already."""
        try:
            os.mkdir(self.root + "/" + folder)
        except OSError as error:
            if error.errno == EEXIST:
                return False
            if error.errno == EACCES:
                # FatFs says "denied" when there is no cluster left for it.
                raise OSError(ENOSPC)
            raise
        return True

    def all(self):
        """Goes through the folders; those in which nothing is left are removed on the way."""
        for outer in _inside(self.root):
            for number in _inside(self.root + "/" + outer):
                folder = outer + "/" + number
                yield folder
                self._tidy(folder)
            self._tidy(outer)

    def emptied(self, folder: str) -> None:
        """Something was removed from it: it goes when that was the last."""
        if self._tidy(folder):
            self._tidy(folder[: folder.find("/")])

    def _tidy(self, folder: str) -> bool:
        if folder == self._current or self._current.startswith(folder + "/"):
            return False
        try:
            os.rmdir(self.root + "/" + folder)
        except OSError:
            # There is something in it.
            return False
        return True


def entries(path: str):
    """As os.ilistdir; of a folder that has gone since it was found, by whom it was emptied, there are none."""
    try:
        found = os.ilistdir(path)
    except OSError as error:
        if error.errno != ENOENT:
            raise
        return
    yield from found


def _inside(path: str):
    for entry in entries(path):
        if entry[1] == FOLDER and entry[0].isdigit():
            yield entry[0]
