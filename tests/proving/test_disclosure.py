"""What a disclosure copy hides: rectangles as people write them down, and faces that are found.

`face.jpg` is a part of NASA's portrait of Eileen Collins (public domain), as the PyPI package scikit-image has it.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

sys.path.append(str(Path(__file__).parent))

from filmed import film
from test_derived import shown

from gateway.errors import ExportRefused
from gateway.evidence import playable
from gateway.evidence.derive import Covered
from gateway.evidence.disclosing import hidden_of
from gateway.evidence.faces import Faces
from gateway.evidence.overlay import Overlay

FACE = simplejpeg.decode_jpeg((Path(__file__).parent / "face.jpg").read_bytes())
NOISE = np.random.default_rng(7)


def scene(left: int | None = None, top: int = 60) -> np.ndarray:
    """A wall of 320 x 240 with a face on it, or none."""
    wall = np.full((240, 320, 3), (150, 140, 120), np.uint8) + NOISE.integers(0, 12, (240, 320, 3), np.uint8)
    if left is not None:
        wall[top : top + 120, left : left + 120] = FACE
    return wall


@pytest.mark.parametrize("left", [0, 100, 200])
def test_face_is_found_with_a_margin_and_a_wall_is_none(left: int) -> None:
    faces, picture = Faces(), scene(left)
    found = faces(picture)
    (one,) = found  # forehead to chin, ear to ear: 35 to 92 and 28 to 90 of the 120 x 120 pixels
    assert one.left * 320 < left + 35 < left + 90 < one.right * 320
    assert one.top * 240 < 60 + 28 < 60 + 92 < one.bottom * 240
    assert (one.right - one.left) * 320 < 120 and (one.bottom - one.top) * 240 < 140
    assert faces(scene()) == []
    assert pickle.loads(pickle.dumps(faces))(picture) == found


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (1080, 1920)])
def test_pictures_of_any_shape_are_looked_at(size: tuple[int, int]) -> None:
    assert Faces()(np.zeros((*size, 3), np.uint8)) == []


def test_copy_hides_the_face_in_every_picture(tmp_path: Path) -> None:
    picture = bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(scene(100)), quality=90))
    master = film(tmp_path, picture=picture)
    playable.mp4([master], tmp_path / "copy.mp4", overlay=Overlay(), find=Faces())
    for _, image in shown(tmp_path / "copy.mp4"):
        assert np.abs(image[85:145, 140:180].astype(int) - 96).max() < 12
        assert image[10:40, 10:60].mean() > 120


def test_rectangles_of_a_file_and_of_options(tmp_path: Path) -> None:
    file = tmp_path / "hide.toml"
    file.write_text(
        "[[cover]]\nleft = 0.1\ntop = 0\nright = 1\nbottom = 0.5\nfrom_s = 1.5\nto_s = 2\n"
        'recording = "00000000000000a1"\n'
        "[[cover]]\nleft = 0\ntop = 0\nright = 0.1\nbottom = 0.1\n"
    )
    assert hidden_of(file, ["0,0.5,1,1", "0.1,0.2,0.3,0.4,5,6.25"]) == [
        Covered(0.1, 0, 1, 0.5, 1500, 2000, "00000000000000a1"),
        Covered(0, 0, 0.1, 0.1, 0, 1_000_000_000_000),
        Covered(0, 0.5, 1, 1, 0, 1_000_000_000_000),
        Covered(0.1, 0.2, 0.3, 0.4, 5000, 6250),
    ]
    file.write_text("")
    assert hidden_of(file, ()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[cover]]\nleft = 2\ntop = 0\nright = 1\nbottom = 1", "cover.0.left"),
        ("[[cover]]\nleft = 0\ntop = 0\nright = 1\nbottom = 1\nblur = 3", "cover.0.blur"),
        ("[[cover]]\nleft = nan\ntop = 0\nright = 1\nbottom = 1", "cover.0.left"),
        ('[[cover]]\nleft = 0\ntop = 0\nright = 1\nbottom = 1\nrecording = "../x"', "cover.0.recording"),
        ("[[cover]]\nleft = 0\ntop = 0\nright = 1\nbottom = 1\nfrom_s = 5\nto_s = 5", "covers nothing"),
        ("cover = 3", "cover"),
        ("[[[", "at line 1"),
        ("\udcff", "invalid"),
    ],
)
def test_file_that_says_nothing_sensible_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "hide.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ExportRefused) as refused:
        hidden_of(file, ())
    assert said in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "1,2", "0,0,1,x", "0.5,0,0.5,1", "0,0,1,1,5", "0,0,1,1,5,4", "-1,0,1,1", "0,0,1,inf"]
)
def test_option_that_says_nothing_sensible_is_one_line(text: str) -> None:
    with pytest.raises(ExportRefused) as refused:
        hidden_of(None, [text])
    assert "\n" not in str(refused.value)
