"""Faces in pictures, to be covered in a disclosure copy. gateway/data/FACES.md says what it finds and what not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from gateway.evidence.derive import Covered
from gateway.evidence.frames import Picture

MODEL = Path(__file__).parents[1] / "data" / "centerface.onnx"
SIDE_PX = 640
"""The longer side of a picture as the model sees it."""
STEP_PX = 32
"""The model halves a picture five times."""
CELL_PX = 4
"""Of its answer."""
SCORE = 0.2
"""Low: what is covered and is no face does less harm than a face that is not covered."""
MARGIN = 0.35
"""Hair, ears and chin around a face, in parts of its size, on each side."""
SHARED = 0.5
FACES_MAX = 200
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels as the model sees them."""


class Faces:
    """Finds faces; called with a picture (RGB). The model is loaded at the first call, and once in each process."""

    def __init__(self) -> None:
        self._net: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_net": None}

    def __call__(self, picture: Picture) -> list[Covered]:
        """Rectangles with some margin, the surest FACES_MAX."""
        if self._net is None:
            self._net = cv2.dnn.readNetFromONNX(str(MODEL))
        height, width = picture.shape[:2]
        scale = SIDE_PX / max(height, width)
        inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
        seen = np.zeros((_whole(inner_height), _whole(inner_width), 3), np.uint8)
        seen[:inner_height, :inner_width] = cv2.resize(
            picture, (inner_width, inner_height), interpolation=cv2.INTER_AREA
        )
        self._net.setInput(cv2.dnn.blobFromImage(seen))
        scores, sizes, offsets, _ = self._net.forward(self._net.getUnconnectedOutLayersNames())
        rows, columns = np.where(scores[0, 0] > SCORE)
        surest = np.argsort(-scores[0, 0, rows, columns])[:FACES_MAX]
        boxes: list[Box] = []
        for row, column in zip(rows[surest], columns[surest], strict=True):
            half_height, half_width = np.exp(sizes[0, :, row, column]) * CELL_PX * (0.5 + MARGIN)
            y = (row + offsets[0, 0, row, column] + 0.5) * CELL_PX
            x = (column + offsets[0, 1, row, column] + 0.5) * CELL_PX
            _add(
                boxes,
                (
                    float(x - half_width),
                    float(y - half_height),
                    float(x + half_width),
                    float(y + half_height),
                ),
            )
        return [
            Covered(box[0] / inner_width, box[1] / inner_height, box[2] / inner_width, box[3] / inner_height)
            for box in boxes
        ]


def _add(boxes: list[Box], new: Box) -> None:
    """The model says each face many times: those that share most of their area become one around all of them."""
    for place, old in enumerate(boxes):
        width = min(old[2], new[2]) - max(old[0], new[0])
        height = min(old[3], new[3]) - max(old[1], new[1])
        if width > 0 and height > 0 and width * height > SHARED * min(_area(old), _area(new)):
            boxes[place] = (
                min(old[0], new[0]), min(old[1], new[1]), max(old[2], new[2]), max(old[3], new[3])
            )  # fmt: skip
            return
    boxes.append(new)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _whole(side_px: int) -> int:
    return -(-side_px // STEP_PX) * STEP_PX
