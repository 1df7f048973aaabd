"""Power cuts at every block write while settings and events are saved."""

import blockdev
from store.events import Events
from store.settings import Settings


def _sweep_settings(make_fs, block_bytes, size_bytes):
    allowed = [1000]

    def check(path, device):
        settings = Settings(path)
        assert settings.hold_ms in allowed, (settings.hold_ms, allowed)
        assert settings.set("keepalive_s", 99) and Settings(path).hold_ms == settings.hold_ms

    with blockdev.Sweep(make_fs, block_bytes, size_bytes, check) as cutter:
        settings = Settings("/live")
        for value in range(40):
            allowed.append(value)  # old or new while it is written, only new after
            settings.set("hold_ms", value)
            allowed.pop(0)
    print("%d power cuts" % cutter.cuts)
    return cutter.cuts


def _sweep_events(make_fs, block_bytes, size_bytes):
    allowed = [0]

    def check(path, device):
        previous = Events(path).previous
        assert len(previous) in allowed and all(text == "event %d" % at for _, at, text in previous)

    with blockdev.Sweep(make_fs, block_bytes, size_bytes, check) as cutter:
        events = Events("/live")
        for i in range(20):
            events.add("event %d" % i, i)
            allowed.append(i + 1)
            assert events.flush()
            allowed.pop(0)
    print("%d power cuts" % cutter.cuts)
    return cutter.cuts


def test_settings_are_old_or_new_on_littlefs():
    assert _sweep_settings(blockdev.lfs, blockdev.LFS_BLOCK_BYTES, 12 * 4096) > 100


def test_settings_are_old_or_new_on_fat():
    assert _sweep_settings(blockdev.fat, blockdev.FAT_BLOCK_BYTES, 64 * 512) > 300


def test_events_are_old_or_new_on_littlefs():
    assert _sweep_events(blockdev.lfs, blockdev.LFS_BLOCK_BYTES, 12 * 4096) > 100


def test_events_are_old_or_new_on_fat():
    assert _sweep_events(blockdev.fat, blockdev.FAT_BLOCK_BYTES, 64 * 512) > 100
