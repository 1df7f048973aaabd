"""A derived copy, read back from its pixels and its sound: each picture and each beep is where the scene had it."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent))

from staged import PICTURE_MS, SEGMENT_MS, Stage, played

from gateway.evidence import playable
from gateway.evidence.derive import GAP_MAX_MS, Covered
from gateway.evidence.overlay import Overlay
from protocol.manifest import CUT, LAST

IN_STEP_MS = 40
HOUR_MS = 3_600_000
COPIES = {
    "whole": {},
    "covered": {"covered": [Covered(0.1, 0.3, 0.5, 0.9, 500, 4500)]},
    "looked at": {"find": lambda image: [Covered(0.6, 0.3, 0.9, 0.6)] if image[100].mean() > 128 else []},
}


@pytest.mark.parametrize("kind", COPIES)
def test_flash_and_beep_of_each_second_are_together_in_the_whole_copy(tmp_path: Path, kind: str) -> None:
    """Six segments; also in copies that hide something, whose pictures are written later."""
    stage = Stage(tmp_path)
    for number in range(6):
        stage.film(number * SEGMENT_MS, (number + 1) * SEGMENT_MS, flags=LAST if number == 5 else 0)
    assert playable.mp4(stage.masters, tmp_path / "copy.mp4", overlay=Overlay(), **COPIES[kind]) == 0
    seen = played(tmp_path / "copy.mp4")
    assert [number for number, _, _ in seen.pictures] == list(range(stage.pictures)), (
        "none missing, none twice"
    )
    assert {late_ms for _, late_ms in seen.late_ms} == {0}
    assert len(seen.beeps_ms) == 11
    assert max(map(abs, seen.apart_ms())) <= 5, seen.apart_ms()


def test_sound_of_a_drifting_quartz_stays_with_its_pictures(tmp_path: Path) -> None:
    """1 ms later every 0.5 s, as fast as the unit's own clock follows; ever later, and ever earlier."""
    for sign in (1, -1):
        folder = tmp_path / str(sign)
        folder.mkdir()
        stage = Stage(folder, heard_at=lambda at_ms, sign=sign: sign * at_ms // 500)
        stage.film(0, 30_000)
        playable.mp4(stage.masters, folder / "copy.mp4", overlay=Overlay())
        seen = played(folder / "copy.mp4")
        beeps_ms = seen.beeps_ms
        assert len(beeps_ms) == 29
        told = [at_ms + sign * at_ms // 500 for at_ms in range(1000, 30_000, 1000)]
        off = [heard_ms - at_ms for heard_ms, at_ms in zip(beeps_ms, told, strict=True)]
        assert max(map(abs, off)) <= IN_STEP_MS // 2, off


def test_packets_that_were_lost_move_no_later_sound(tmp_path: Path) -> None:
    """One packet of 40 ms here and there, and then seven at once."""
    stage = Stage(tmp_path, lost=lambda at_ms: at_ms % 2000 == 400 or 5400 <= at_ms < 5680)
    for number in range(5):
        stage.film(number * SEGMENT_MS, (number + 1) * SEGMENT_MS)
    playable.mp4(stage.masters, tmp_path / "copy.mp4", overlay=Overlay())
    seen = played(tmp_path / "copy.mp4")
    assert len(seen.beeps_ms) == 9
    assert max(map(abs, seen.apart_ms())) <= IN_STEP_MS // 2, seen.apart_ms()


def test_pictures_that_came_together_are_all_shown(tmp_path: Path) -> None:
    stage = Stage(tmp_path, seen_at=lambda at_ms: -(at_ms % 250))
    stage.film(0, SEGMENT_MS)
    playable.mp4(stage.masters, tmp_path / "copy.mp4", overlay=Overlay())
    seen = played(tmp_path / "copy.mp4")
    assert [number for number, _, _ in seen.pictures] == list(range(16))
    assert [at_ms for _, _, at_ms in seen.pictures][:4] == [0, 1, 250, 251]


def test_gap_of_hours_is_shortened_and_told_and_what_comes_after_it_is_in_step(tmp_path: Path) -> None:
    """A file that says it is hours long ends where that is said."""
    stage = Stage(tmp_path)
    stage.film(0, SEGMENT_MS)
    stage.film(5 * HOUR_MS, 5 * HOUR_MS + SEGMENT_MS)
    stage.heard_at = stage.seen_at = lambda at_ms: 3 * HOUR_MS if at_ms >= 5 * HOUR_MS + 3000 else 0
    stage.film(5 * HOUR_MS + SEGMENT_MS, 5 * HOUR_MS + 2 * SEGMENT_MS, flags=LAST)
    with playable.Playable(tmp_path / "copy.mp4", stage.masters, Overlay()) as copy:
        for master in stage.masters:
            copy.add(master)
    assert copy.left_out == [(SEGMENT_MS + GAP_MAX_MS, 5 * HOUR_MS - SEGMENT_MS - GAP_MAX_MS)]
    seen = played(tmp_path / "copy.mp4")
    assert [number for number, _, _ in seen.pictures] == list(range(16 + 16 + 8))
    assert seen.pictures[-1][2] < SEGMENT_MS + GAP_MAX_MS + SEGMENT_MS + 1000
    assert seen.beeps_ms == [1000, 602_000, 603_000, 604_000]
    assert max(map(abs, seen.apart_ms())) <= IN_STEP_MS // 2, seen.apart_ms()


def test_parts_of_several_boots_follow_each_other_and_stay_in_step(tmp_path: Path) -> None:
    """Each was cut off by power: the next begins where it ends, not at its last packet, and nothing adds up."""
    stage = Stage(tmp_path)
    for boot in range(5):
        from_ms = boot * 10_000
        stage.film(from_ms, from_ms + 2360, boot=boot, flags=CUT | LAST)
    playable.mp4(stage.masters, tmp_path / "copy.mp4", overlay=Overlay())
    seen = played(tmp_path / "copy.mp4")
    assert [number for number, _, _ in seen.pictures] == list(range(stage.pictures))
    shown_ms = [at_ms for _, _, at_ms in seen.pictures]
    assert all(0 < later - earlier <= 2 * PICTURE_MS for earlier, later in pairwise(shown_ms))
    assert max(map(abs, seen.apart_ms())) <= IN_STEP_MS // 2, seen.apart_ms()


def test_drift_is_taken_up_without_a_seam() -> None:
    """A part of a tone is made longer or shorter by one sample in 320: no step is in it, and no silence."""
    tone = (np.sin(np.arange(640) * 2 * np.pi * 440 / 16_000) * 8000).astype(np.int16)
    for off_ms in (-15, -3, 3, 15):
        (part,) = playable.laid(tone, 1000, 16_000 - off_ms * 16)
        assert len(part) == 640 + (2 if off_ms > 0 else -2)
        assert np.abs(np.diff(part.astype(int))).max() <= np.abs(np.diff(tone.astype(int))).max() + 20
    (part,) = playable.laid(tone, 1000, 16_000 + 16)
    assert part is tone
