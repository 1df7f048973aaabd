"""What players that are not ours see in a segment: `ffprobe` and OpenCV."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np

from simulator import scene

NEEDED = "the tests need FFmpeg: run `make system`"
ENTRIES = "stream=codec_type,codec_name,nb_read_packets"


def probed(path: Path) -> dict[str, tuple[str, int]]:
    """(codec, packets) of each kind of stream, as `ffprobe` reads them."""
    assert shutil.which("ffprobe"), NEEDED
    words = ("-v", "fatal", "-count_packets", "-show_entries", ENTRIES, "-of", "json", str(path))
    said = subprocess.run(["ffprobe", *words], capture_output=True, text=True, check=True).stdout
    return {
        one["codec_type"]: (one["codec_name"], int(one.get("nb_read_packets", 0)))
        for one in json.loads(said)["streams"]
    }


def watched(path: Path) -> list[int]:
    """The numbers of the scene's pictures, as OpenCV plays them."""
    film, numbers = cv2.VideoCapture(str(path)), []
    while True:
        there, image = film.read()
        if not there:
            film.release()
            return numbers
        said = scene.read(image.astype(np.uint8))
        assert said is not None, f"{path}: no picture of the scene after {numbers}"
        numbers.append(said[0])
