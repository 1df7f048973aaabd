"""A segment is a standard file, whole and cut off anywhere: any player plays it to its last whole picture."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

from players import probed, watched
from staged import SEGMENT_MS, Stage

from gateway.evidence.frames import pieces
from protocol import matroska

CUTS = 12


def count(path: Path, track: int) -> int:
    return sum(one.track == track for one in pieces(path))


def test_segment_is_played_by_ffprobe_and_opencv(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.film(0, SEGMENT_MS)
    path = stage.masters[0].path
    streams = probed(path)
    assert streams["video"] == ("mjpeg", stage.pictures)
    assert streams["audio"] == ("pcm_alaw", count(path, matroska.SOUND))
    assert watched(path) == list(range(stage.pictures))


def test_segment_that_was_cut_off_is_played_to_its_last_whole_picture(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.film(0, SEGMENT_MS)
    data = stage.masters[0].path.read_bytes()
    path = tmp_path / "cut.mkv"
    seen = set()
    for number in range(1, CUTS):
        path.write_bytes(data[: len(data) * number // CUTS - number])
        whole = count(path, matroska.PICTURE)
        assert watched(path) == list(range(whole)), number
        streams = probed(path)
        assert streams["video"] == ("mjpeg", whole), number
        assert streams["audio"] == ("pcm_alaw", count(path, matroska.SOUND)), number
        seen.add(whole)
    assert len(seen) > CUTS // 2
