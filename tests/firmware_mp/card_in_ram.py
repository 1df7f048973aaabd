"""A card for units that record: a file system in RAM, FAT unless it is said, and all that can happen to one."""

import asyncio
import gc
import os
import vfs

import blockdev
from unit_world import VirtualTime, virtual_time

EIO = 5
# Of every card, made once: nothing of such a length is found again in a heap that has been used.
MEDIUM = memoryview(bytearray(2_600_000))
MOUNTS = []


class PowerCut(BaseException):
    """Ends the whole world, as nothing that the program catches would."""


class Card:
    """A file system in RAM on which the power can be cut, which can be pulled out, and be slow or bad.

    Each mount has a device of its own over the same medium, and the one before is dead: a file that nobody closed is
    closed when it is collected, some time later, and must not write to a file system that has been mounted anew.
    """

    def __init__(self, size_bytes, make_fs=blockdev.fat, block_bytes=blockdev.FAT_BLOCK_BYTES):
        self._make_fs = make_fs
        self.block_bytes = block_bytes
        self.medium = MEDIUM[: size_bytes // block_bytes * block_bytes]
        self.medium[:512] = bytes(512)
        self.device = None
        self.mounts = MOUNTS
        self.writes = 0
        self.cut_at = 0
        self.pulled = False
        self.write_ms = 0
        self.bad_block = -1
        self.time = None
        # A list gets every write: where, and what (None: an erase).
        self.log = None
        try:
            # Of a test that failed.
            vfs.umount("/card")
        except OSError:
            pass
        make_fs(blockdev.BlockDevice(self.medium, block_bytes), make=True)

    def _make_device(self):
        device = blockdev.BlockDevice(self.medium, self.block_bytes, self._before)
        read, write = device.readblocks, device.writeblocks

        # As the drivers of real cards do, they say what is wrong and raise nothing through the file system.
        def readblocks(block, buf, off=0):
            if self._refuses(block, buf) or device is not self.device:
                return -EIO
            read(block, buf, off)

        def writeblocks(block, buf, off=0):
            # One that is dead swallows all: an error from the end of a `with` would hide that the power was cut in it.
            if device.alive and self._refuses(block, buf):
                return -EIO
            write(block, buf, off)

        device.readblocks, device.writeblocks = readblocks, writeblocks
        return device

    def _refuses(self, block, buf):
        return self.pulled or block <= self.bad_block < block + len(buf) // self.block_bytes

    def _before(self, device, start, data):
        if self.write_ms:
            self.time.now += self.write_ms
        self.writes += 1
        if self.log is not None:
            self.log.append((start, None if data is None else bytes(data)))
        if self.cut_at and self.writes >= self.cut_at:
            device.alive = False
            blockdev.write_range(device.image, start, data, 0, len(data) // 2)
            raise PowerCut

    # As the board of a unit has it.

    def card(self):
        if self.pulled:
            return None
        if self.device is None:
            self.device = self._make_device()
            files = self._make_fs(self.device)
            vfs.mount(files, "/card")
            # A file keeps neither: without them it would end in memory that is somebody else's by then.
            self.mounts.append((self.device, files))
        return "/card"

    def card_lost(self):
        if self.device is not None:
            self.device.alive = False
            self.device = None
            vfs.umount("/card")

    def card_space(self):
        try:
            facts = os.statvfs("/card")
        except OSError:
            return None, None
        return facts[0] * facts[3] // 1024, facts[0] * facts[2] // 1024

    def power_on(self):
        self.card_lost()
        self.cut_at = 0

    def prepare(self, board):
        board.card, board.card_lost, board.card_space = self.card, self.card_lost, self.card_space


def ran(session):
    """Runs a session in a loop of its own; False when the power was cut."""
    asyncio.new_event_loop()
    time = virtual_time(VirtualTime())
    try:
        asyncio.run(session(time))
        return True
    except PowerCut:
        return False
    finally:
        # The tasks of a unit without power are not cancelled: they go with their loop.
        asyncio.new_event_loop()
        gc.collect()
