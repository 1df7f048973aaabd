"""What is seen and heard of the synthetic scene in a page, laid beside the time of the scene."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.chromium import MeasuredPage
from bench.report import percentile
from simulator import scene


@dataclass
class Seen:
    """What one page showed: `glass_ms` of pictures, `sound_ms` of marks, from the scene; `apart_ms`: by how much the
    pictures of a mark come later than its sound."""

    glass_ms: list[float] = field(default_factory=list)
    sound_ms: list[float] = field(default_factory=list)
    apart_ms: list[float] = field(default_factory=list)
    lost: int = 0


async def look(measured: MeasuredPage, selector: str, zero_ms: float, for_s: float) -> Seen:
    """What a canvas or video shows for a while; `zero_ms`: when its scene began, UTC ms of this machine."""
    said: dict[str, Any] = await measured.page.evaluate(
        "([selector, ms]) => bench.scene(selector, ms)", [selector, for_s * 1000]
    )
    seen = Seen()
    numbers: list[int] = []
    taken: list[tuple[int, float]] = []
    for page_ms, cells in said["pictures"]:
        levels = np.frombuffer(bytes.fromhex(cells), np.uint8).reshape(scene.ROWS, scene.COLUMNS)
        band = np.kron(levels, np.ones((3, 3), np.uint8))
        image = np.zeros((round(band.shape[0] / scene.BAND), band.shape[1]), np.uint8)
        image[: band.shape[0]] = band
        read = scene.read(image)
        if read is None:
            continue
        number, at_ms = read
        numbers.append(number)
        taken.append((at_ms, measured.ours(page_ms) - zero_ms - at_ms))
    seen.glass_ms = [late_ms for _, late_ms in taken]
    seen.lost = (numbers[-1] - numbers[0] + 1 - len(numbers)) if numbers else 0
    for page_ms in said["beeps"]:
        heard_ms = measured.ours(page_ms) - zero_ms
        mark_ms = heard_ms // 1000 * 1000
        seen.sound_ms.append(heard_ms - mark_ms)
        beside = [late_ms for taken_ms, late_ms in taken if mark_ms <= taken_ms < mark_ms + 300]
        if beside:
            seen.apart_ms.append(percentile(beside, 50) - (heard_ms - mark_ms))
    return seen
