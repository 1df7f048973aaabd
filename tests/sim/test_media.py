"""Picture and sound of a simulated unit, as its firmware takes them from two sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from simulator import scene
from simulator.camera import SceneCamera
from simulator.errors import BoardWireError, NotFound
from simulator.media import Media
from simulator.microphone import SceneMicrophone
from simulator.sources import camera_of, microphone_of
from simulator.testing import ManualClock

STEP_S = 0.02


async def pass_time(clock: ManualClock, steps: int, sleepers: int) -> None:
    """Step by step, each after all streams have done what was due."""
    for _ in range(steps):
        await clock.wait_sleepers(sleepers)
        clock.advance(STEP_S)
    await clock.wait_sleepers(sleepers)


async def picture(reader: asyncio.StreamReader) -> bytes:
    size = int.from_bytes(await reader.readexactly(4), "big")
    return await reader.readexactly(size)


async def test_picture_and_sound_are_of_one_clock_and_in_step() -> None:
    clock = ManualClock()
    async with Media(clock, SceneCamera, SceneMicrophone) as media:
        assert set(media.environment()) == {"TIPSTAFF_SIM_CAMERA", "TIPSTAFF_SIM_MIC"}
        media.configure({"t": "camera", "width": 320, "height": 240, "fps": 10})
        eye, closing = await asyncio.open_connection("127.0.0.1", media.camera_port)
        ear, also_closing = await asyncio.open_connection("127.0.0.1", media.microphone_port)
        await pass_time(clock, 105, 2)
        for number in range(20):
            assert scene.read(simplejpeg.decode_jpeg(await picture(eye))) == (number, (number + 1) * 100)
        heard = np.frombuffer(await ear.readexactly(2 * 2 * scene.RATE_HZ), "<i2")
        assert (heard == scene.sound(0, 2000)).all()
        assert media.counts.pictures_dropped == media.counts.sound_dropped_ms == 0
        closing.close()
        also_closing.close()


async def test_unit_that_does_not_read_loses_pictures_and_holds_nobody_up() -> None:
    clock = ManualClock()
    async with Media(clock, SceneCamera, None) as media:
        assert "TIPSTAFF_SIM_MIC" not in media.environment()
        media.configure({"t": "camera", "width": 1280, "height": 720, "fps": 25})
        _, closing = await asyncio.open_connection("127.0.0.1", media.camera_port, limit=1024)
        await pass_time(clock, 160, 1)
        assert media.counts.pictures + media.counts.pictures_dropped >= 78
        assert 0 < media.counts.pictures < media.counts.pictures_dropped
        closing.transport.abort()


async def test_unit_that_comes_back_hears_the_present() -> None:
    clock = ManualClock()
    async with Media(clock, None, SceneMicrophone) as media:
        _, gone = await asyncio.open_connection("127.0.0.1", media.microphone_port)
        await pass_time(clock, 10, 1)
        gone.transport.abort()
        media.disconnect()
        clock.advance(5.0)
        ear, closing = await asyncio.open_connection("127.0.0.1", media.microphone_port)
        await pass_time(clock, 10, 1)
        heard = np.frombuffer(await ear.readexactly(640), "<i2")
        assert (heard == scene.sound(5200, 20)).all()
        closing.close()


@pytest.mark.parametrize("wrong", [{}, {"width": 0}, {"fps": 1000}, {"height": "large"}])
async def test_camera_that_nobody_has_is_refused(wrong: dict[str, object]) -> None:
    async with Media(ManualClock(), SceneCamera, None) as media:
        right: dict[str, object] = {"width": 320, "height": 240, "fps": 8}
        message = {"t": "camera", **(right | wrong if wrong else {})}
        with pytest.raises(BoardWireError):
            media.configure(message)


async def test_source_that_is_missing_is_named(tmp_path: Path) -> None:
    assert camera_of("off") is None and microphone_of("off") is None
    assert camera_of("scene") is SceneCamera and microphone_of("scene") is SceneMicrophone
    for word in ("nothing.mp4", "webcam:front"):
        with pytest.raises(NotFound, match=word):
            camera_of(word)
    text = tmp_path / "text.mp4"
    text.write_text("no film")
    with pytest.raises(NotFound, match=r"text\.mp4"):
        async with Media(ManualClock(), camera_of(str(text)), None):
            pass
