"""The quality of a picture is a state that has held for a while."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from gateway.evidence.quality import HOLD_MS, Quality, Watch
from simulator import scene

STEP_MS = 500
NOISE = np.random.default_rng(7)


def noisy(image: np.ndarray) -> np.ndarray:
    """As a sensor sees it."""
    return np.clip(image + NOISE.normal(0, 2, image.shape), 0, 255).astype(np.uint8)


def street(at_ms: int) -> np.ndarray:
    return noisy(scene.draw(at_ms // STEP_MS, at_ms, 320, 240))


def night(at_ms: int) -> np.ndarray:
    return noisy(scene.draw(at_ms // STEP_MS, at_ms, 320, 240).astype(float) * 0.25)


def black(_: int) -> np.ndarray:
    return noisy(np.full((240, 320, 3), 5.0))


def covered(_: int) -> np.ndarray:
    return noisy(np.full((240, 320, 3), 90.0))


def frozen(_: int) -> np.ndarray:
    return scene.draw(1, 500, 320, 240)


@pytest.mark.parametrize(
    "show, expected",
    [
        (street, Quality.OK), (night, Quality.OK), (black, Quality.BLACK), (covered, Quality.COVERED),
        (frozen, Quality.FROZEN),
    ],
    ids=lambda one: getattr(one, "__name__", str(one)),
)  # fmt: skip
def test_what_the_camera_shows_is_said_when_it_has_held(
    show: Callable[[int], np.ndarray], expected: Quality
) -> None:
    watch = Watch()
    states = [watch.look(show(at_ms), at_ms) for at_ms in range(0, 8000, STEP_MS)]
    assert states[-1] is expected
    assert set(states[: HOLD_MS // STEP_MS]) == {None}, "not before it has held"


def test_lens_out_of_focus_is_blurred() -> None:
    watch = Watch()
    wide = cv2.GaussianBlur(scene.draw(0, 500, 640, 240), (0, 0), 15)
    for at_ms in range(0, 8000, STEP_MS):
        state = watch.look(noisy(wide[:, at_ms // STEP_MS :][:, :320]), at_ms)
    assert state is Quality.BLURRED


def test_hand_that_passes_says_nothing_and_the_state_is_taken_back() -> None:
    watch = Watch()
    for at_ms in range(0, 4000, STEP_MS):
        watch.look(street(at_ms), at_ms)
    for at_ms in range(4000, 5500, STEP_MS):
        assert watch.look(covered(at_ms), at_ms) is Quality.OK
    for at_ms in range(5500, 10_000, STEP_MS):
        watch.look(street(at_ms), at_ms)
    for at_ms in range(10_000, 15_000, STEP_MS):
        state = watch.look(covered(at_ms), at_ms)
    assert state is Quality.COVERED
    for at_ms in range(15_000, 20_000, STEP_MS):
        state = watch.look(street(at_ms), at_ms)
    assert state is Quality.OK


def test_picture_of_another_size_is_looked_at_as_well() -> None:
    watch = Watch()
    for at_ms, size in ((0, (320, 240)), (250, (320, 240)), (500, (5, 3))):
        watch.look(scene.draw(0, at_ms, *size) if size[0] > 100 else np.zeros((3, 5, 3), np.uint8), at_ms)
