"""What is made of recordings for the eye: where each piece stands in time, what is hidden, stills and contact sheets.

The master is only read. A copy is no evidence itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import simplejpeg

from gateway.clock import beijing
from gateway.evidence.frames import Picture, Piece, fitted, picture, pieces
from gateway.evidence.overlay import Overlay
from protocol import matroska
from protocol.manifest import Manifest
from protocol.records import Stamp

QUALITIES = ("设备时钟未校准", "实时钟", "网络校时", "卫星校时")
GREY = 96
RATE_HZ = 16_000
LEAST_SEEN_MS = 40
"""How long the last picture of a boot is shown before what the next one recorded."""
GAP_MAX_MS = 600_000
"""Of a longer time between two segments so much is shown: silence is written, too."""
SEGMENT_MAX_MS = 7_200_000
"""Twelve times the longest segment that a unit writes: what a file says is later is none of ours."""
_WHERE = re.compile(
    r"(?<= )(?:(?P<place>-?\d{1,3}\.\d{7} -?\d{1,3}\.\d{7}(?: ±\d+ m)?)(?: \((?P<old_s>\d+) s old\))?|no fix)(?= |$)"
)
"""As firmware/recording/line.py writes it."""
STILL_QUALITY = 92
SHEET_COLUMNS = 4
SHEET_TILE = (320, 240)


@dataclass(frozen=True, slots=True)
class Master:
    """A sealed segment: its file, and the manifest that says when it was recorded. heard_ms, sealed_ms: when its first
    byte came here and when it was whole, by our clock."""

    path: Path
    manifest: Manifest
    heard_ms: int | None = None
    sealed_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Covered:
    """A rectangle that a disclosure copy does not show, in fractions of the picture from its upper left corner, from
    `from_ms` up to `to_ms` of the whole copy; of this recording (16 hex digits), or of all."""

    left: float
    top: float
    right: float
    bottom: float
    from_ms: int = 0
    to_ms: int = 1 << 53
    recording: str | None = None


@dataclass(frozen=True, slots=True)
class Timed:
    """A piece on the clock of the whole copy."""

    at_ms: int
    master: Master
    piece: Piece


class Clock:
    """Places the pieces of consecutive segments on the clock of the whole copy, from the first segment's first block.

    Segments of one boot are placed by the unit's monotonic clock, so a gap between them stays a gap, up to GAP_MAX_MS;
    a segment of another boot follows when the last sound has been heard and the last picture was seen. `left_out`: of
    which longer gaps, by the time on this clock when they end, how many ms are not shown.
    """

    def __init__(self) -> None:
        self.left_out: list[tuple[int, int]] = []
        self._base_ms = 0
        self._newest_ms = 0
        self._end_ms = 0
        self._before: Manifest | None = None

    def place(self, master: Master) -> Iterator[Timed]:
        """All pieces of the next segment. Raises OSError."""
        manifest, before = master.manifest, self._before
        if before is not None and before.first.boot == manifest.first.boot:
            passed_ms = manifest.first.mono_ms - before.first.mono_ms
            self._base_ms = max(self._newest_ms, self._base_ms + passed_ms)
            shown_ms = min(self._base_ms, self._end_ms + GAP_MAX_MS)
            if shown_ms < self._base_ms:
                self.left_out.append((shown_ms, self._base_ms - shown_ms))
                self._base_ms = shown_ms
        elif before is not None:
            self._base_ms = self._end_ms
        self._before = manifest
        sound = sound_of(master.path)
        for piece in pieces(master.path):
            if piece.time_ms > SEGMENT_MAX_MS:
                return
            at_ms = self._base_ms + piece.time_ms
            self._newest_ms = max(self._newest_ms, at_ms)
            self._end_ms = max(self._end_ms, at_ms + _lasts_ms(piece, sound))
            yield Timed(at_ms, master, piece)


def timeline(masters: Sequence[Master]) -> Iterator[Timed]:
    """All pieces of consecutive segments, as `Clock` places them. Raises OSError."""
    clock = Clock()
    for master in masters:
        yield from clock.place(master)


def _lasts_ms(piece: Piece, sound: int) -> int:
    """How long a piece is heard or seen; sound: PCM, A_LAW or IMA_ADPCM."""
    if piece.track != matroska.SOUND:
        return LEAST_SEEN_MS if piece.track == matroska.PICTURE else 0
    samples = len(piece.content) * {matroska.PCM: 1, matroska.A_LAW: 2, matroska.IMA_ADPCM: 4}[sound] // 2
    return -(-samples * 1000 // RATE_HZ)


def sound_of(path: Path) -> int:
    """The codec of a segment's sound: PCM, A_LAW or IMA_ADPCM; A_LAW when it has none. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(4096)
    if b"A_PCM/INT/LIT" in head:
        return matroska.PCM
    at = head.find(b"A_MS/ACM")
    adpcm = matroska.IMA_ADPCM.to_bytes(2, "little") + b"\x01\x00"
    return matroska.IMA_ADPCM if at >= 0 and adpcm in head[at : at + 64] else matroska.A_LAW


def hidden(one: Picture, rectangles: Iterable[Covered]) -> Picture:
    """The picture with rectangles made into one grey: nothing of them can be brought back, as from a blur."""
    height, width = one.shape[:2]
    out = one.copy()
    for where in rectangles:
        top, bottom = max(0, int(where.top * height)), min(height, int(np.ceil(where.bottom * height)))
        left, right = max(0, int(where.left * width)), min(width, int(np.ceil(where.right * width)))
        out[top:bottom, left:right] = GREY
    return out


def still(masters: Sequence[Master], at_ms: int, overlay: Overlay) -> bytes | None:
    """The picture that was last at `at_ms`, or the first after it, as a JPEG with the overlay; None without any."""
    chosen: Timed | None = None
    place = ""
    for timed in timeline(masters):
        if timed.at_ms > at_ms and chosen is not None:
            break
        if timed.piece.track == matroska.PICTURE:
            chosen = timed
        elif timed.piece.track == matroska.POSITION:
            place = timed.piece.content.decode("utf-8", "replace")
    decoded = picture(chosen.piece.content) if chosen is not None else None
    if chosen is None or decoded is None:
        return None
    return _jpeg(overlay.draw(decoded, lines(chosen, place)))


def contact_sheet(masters: Sequence[Master], count: int) -> bytes | None:
    """`count` pictures evenly over the recording, on one JPEG; None when there is no picture."""
    there = sum(timed.piece.track == matroska.PICTURE for timed in timeline(masters))
    if not there:
        return None
    wanted = {number * there // count for number in range(count)}
    tiles = []
    pictures = (timed for timed in timeline(masters) if timed.piece.track == matroska.PICTURE)
    for number, timed in enumerate(pictures):
        if number in wanted:
            decoded = picture(timed.piece.content)
            tile = (
                fitted(decoded, *SHEET_TILE)
                if decoded is not None
                else np.zeros((*SHEET_TILE[::-1], 3), np.uint8)
            )
            clock = _clock(timed.master.manifest.first, timed.piece.time_ms)
            cv2.putText(
                tile, clock[11:19], (6, SHEET_TILE[1] - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 2
            )
            tiles.append(tile)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % SHEET_COLUMNS)
    rows = [np.hstack(tiles[at : at + SHEET_COLUMNS]) for at in range(0, len(tiles), SHEET_COLUMNS)]
    return _jpeg(np.vstack(rows))


def size_of(master: Master) -> tuple[int, int] | None:
    """Width and height of the first picture that decodes, made even for H.264; None when there is none."""
    for piece in pieces(master.path):
        if piece.track == matroska.PICTURE and (decoded := picture(piece.content)) is not None:
            return decoded.shape[1] // 2 * 2 or 2, decoded.shape[0] // 2 * 2 or 2
    return None


def lines(timed: Timed, place: str) -> tuple[str, ...]:
    """What is burned into a picture: when, which unit, which case; and where."""
    manifest = timed.master.manifest
    clock = _clock(manifest.first, timed.piece.time_ms)
    first = f"{clock}  {QUALITIES[manifest.first.quality]}  {manifest.unit}  {manifest.case_no or ''}"
    return (first.rstrip(), where(place)) if place else (first.rstrip(),)


def where(line: str) -> str:
    """The position of a line of the position track, without time, unit and case, which stand above it. A line that is
    not of our firmware's making as it is."""
    found = _WHERE.search(line)
    if found is None:
        return line
    if found["place"] is None:
        return "没有定位"
    return found["place"] + (f"（{found['old_s']} 秒前）" if found["old_s"] else "")


def utc_ms(stamp: Stamp) -> int | None:
    """A stamp in UTC ms; None when the unit did not know the time."""
    return stamp.utc_s * 1000 + stamp.utc_ms if stamp.utc_s else None


def _clock(first: Stamp, time_ms: int) -> str:
    """Beijing's time of a block, to the tenth of a second; of a unit that knew no time, what it had counted."""
    began_ms = utc_ms(first)
    if began_ms is None:
        return f"启动 {first.boot} +{(first.mono_ms + time_ms) / 1000:.1f} s"
    at = beijing(began_ms + time_ms)
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")[:21] if at is not None else f"UTC {first.utc_s} s"


def _jpeg(one: Picture) -> bytes:
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(one), quality=STILL_QUALITY))
