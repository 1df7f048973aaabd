"""Errors of the unit's storage.

StoreError
+-- JournalFull    a record could not be stored; the caller still holds it
+-- SettingError   a setting was refused; the old value stands
+-- FlashRefused   the flash did not take what has to be there; it may later
"""

EIO = 5
ENOSPC = 28  # the disk is full; MicroPython's errno does not name it


class StoreError(Exception):
    pass


class JournalFull(StoreError):
    """Nothing droppable is left. `needed_bytes` and `max_bytes` say how far off it was."""

    def __init__(self, reason, needed_bytes, max_bytes):
        super().__init__(
            "journal full: %s (record needs %d bytes, journal holds at most %d); "
            "mark records done or free the disk" % (reason, needed_bytes, max_bytes)
        )
        self.reason = reason
        self.needed_bytes = needed_bytes
        self.max_bytes = max_bytes


class FlashRefused(StoreError):
    """`errno` is the file system's."""

    def __init__(self, errno):
        super().__init__("flash: error %s" % errno)
        self.errno = errno


class SettingError(StoreError):
    """`name` was given `value`, and `allowed` says in words what it may be."""

    def __init__(self, name, value, allowed):
        super().__init__("setting %s = %r refused: %s" % (name, value, allowed))
        self.name = name
        self.value = value
        self.allowed = allowed
