"""A block device in RAM whose every write can be watched, and torn, before it happens.

A `kill -9` leaves the host's page cache alone and so proves nothing about power. Here the file system's own
writes are the events: before each one, `before` may copy the medium as it would be had the power gone at that
moment (nothing written, or one half of the block new and the other old) and mount that copy.
"""

import vfs

LFS_BLOCK_BYTES = 4096  # as the ESP32's flash
FAT_BLOCK_BYTES = 512  # as an SD card


class BlockDevice:
    """`image` is the medium. before(device, offset, data|None) is called ahead of every write; data None = erase.

    `writes` counts; when `alive` is cleared writes are swallowed, so that finalisers of abandoned files
    cannot touch a medium that has been given to somebody else.
    """

    def __init__(self, image, block_bytes, before=None):
        self.image = image
        self.block_bytes = block_bytes
        self.before = before
        self.writes = 0
        self.alive = True
        self._view = memoryview(image)

    def readblocks(self, block, buf, off=0):
        start = block * self.block_bytes + off
        buf[:] = self._view[start : start + len(buf)]

    def writeblocks(self, block, buf, off=0):
        self._change(block * self.block_bytes + off, buf, len(buf))

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.image) // self.block_bytes
        if op == 5:
            return self.block_bytes
        if op == 6:
            self._change(arg * self.block_bytes, None, self.block_bytes)
        return 0

    def _change(self, start, data, length):
        if not self.alive:
            return
        self.writes += 1
        if self.before:
            self.before(self, start, data)
        write_range(self.image, start, data, 0, length if data is None else len(data))


def write_range(image, start, data, first, last):
    """Bytes first..last of a write (data None: of an erase) that begins at `start`."""
    if data is None:
        erased = b"\xff" * 256
        for at in range(first, last, 256):
            image[start + at : start + min(at + 256, last)] = erased[: min(256, last - at)]
    else:
        image[start + first : start + last] = memoryview(data)[first:last]


def torn(image, copy, device, start, data):
    """Yield a name for each state the medium may be left in when this write loses power; `copy` holds it."""
    length = device.block_bytes if data is None else len(data)
    half = length // 2
    copy[:] = image
    yield "before"
    copy[:] = image
    write_range(copy, start, data, 0, half)
    yield "first half"
    copy[:] = image
    write_range(copy, start, data, half, length)
    yield "second half"


def lfs(device, make=False):
    if make:
        vfs.VfsLfs2.mkfs(device, progsize=32)
    return vfs.VfsLfs2(device, progsize=32)


def fat(device, make=False):
    if make:
        vfs.VfsFat.mkfs(device)
    return vfs.VfsFat(device)


class Sweep:
    """Cuts the power at every write of a workload, and mounts what is left.

    make_fs: lfs or fat. size_bytes: of the medium. check(path, device) is called with each left medium mounted at
    `path`; it opens what it proves and raises AssertionError. Every `again`-th cut, the writes that `check` itself
    makes (a recovery) are cut as well, until it clears device.before, and `check` runs on what that leaves.
    """

    def __init__(self, make_fs, block_bytes, size_bytes, check, again=0):
        self._make_fs = make_fs
        self._block_bytes = block_bytes
        self._check = check
        self._again = again
        self._copies = [bytearray(size_bytes), bytearray(size_bytes if again else 0)]
        self.cuts = 0
        self.device = BlockDevice(bytearray(size_bytes), block_bytes)
        vfs.mount(make_fs(self.device, make=True), "/live")

    def __enter__(self):
        """From here on every write is cut."""
        self.device.before = self._cut
        return self

    def __exit__(self, *error):
        self.device.before = None
        self.device.alive = False
        vfs.umount("/live")

    def _cut(self, device, start, data, depth=0):
        copy = self._copies[depth]
        for state in torn(device.image, copy, device, start, data):
            self.cuts += 1
            twice = depth == 0 and self._again and self.cuts % self._again == 0
            left = BlockDevice(copy, self._block_bytes)
            if twice:
                left.before = lambda *write: self._cut(*write, depth=1)
            path = f"/cut{depth}"
            mounted = False
            try:
                vfs.mount(self._make_fs(left), path)
                mounted = True
                self._check(path, left)
            except Exception as error:
                print(f"power cut {self.cuts} ({state} of write {device.writes}, depth {depth})")
                raise error
            finally:
                left.alive = False
                if mounted:
                    vfs.umount(path)
