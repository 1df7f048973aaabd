"""What is burned into a derived copy: time, unit, case and position, legible on any picture."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gateway.evidence.frames import Picture

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/opentype/source-han-sans/SourceHanSansSC-Regular.otf",
)
MARGIN_PX = 4
SHADE = 0.35
LINE_MAX = 120


def font_here() -> Path | None:
    """The first of FONTS that is on this machine."""
    return next((path for one in FONTS if (path := Path(one)).is_file()), None)


class Overlay:
    """Writes lines of text at the lower edge of pictures, on a shade of the picture itself.

    font: a TrueType file with Chinese characters; None takes the first of FONTS that is there. Without any,
    characters beyond Latin are shown as `?`.
    """

    def __init__(self, font: Path | None = None) -> None:
        chosen = font if font is not None and font.is_file() else font_here()
        self._path = str(chosen) if chosen is not None else None

    def draw(self, picture: Picture, lines: tuple[str, ...]) -> Picture:
        """The picture with these lines; the one given is left as it is."""
        height, width = picture.shape[:2]
        strip = self._strip(lines, width, max(12, height // 28))
        rows = min(height, strip.shape[0])
        mask = strip[:rows, :, None].astype(np.float32) / 255
        out = picture.copy()
        shaded = out[height - rows :].astype(np.float32) * SHADE
        out[height - rows :] = (shaded + (255 - shaded) * mask).astype(np.uint8)
        return out

    @lru_cache(maxsize=8)  # noqa: B019  # an overlay lives as long as one copy is made
    def _strip(self, lines: tuple[str, ...], width: int, size_px: int) -> NDArray[np.uint8]:
        font = self._font(size_px)
        line_px = size_px * 4 // 3
        image = Image.new("L", (width, line_px * len(lines) + 2 * MARGIN_PX))
        draw = ImageDraw.Draw(image)
        for number, line in enumerate(lines):
            shown = line[:LINE_MAX]
            if self._path is None:
                shown = shown.encode("latin-1", "replace").decode("latin-1")
            draw.text((MARGIN_PX, MARGIN_PX + number * line_px), shown, 255, font)
        return np.asarray(image)

    def _font(self, size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        return (
            ImageFont.load_default(size_px) if self._path is None else ImageFont.truetype(self._path, size_px)
        )
