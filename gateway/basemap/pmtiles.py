"""A PMTiles file, version 3: what its header says (https://github.com/protomaps/PMTiles, spec/v3). We only look at
the header; the console reads directories and tiles by HTTP Range."""

import struct
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import SettingsError

KEY = "map.pmtiles"
HEADER_BYTES = 127
MAGIC, VERSION = b"PMTiles", 3
MAX_ZOOM = 30
TILE_TYPES = {1: "mvt", 2: "png", 3: "jpeg", 4: "webp", 5: "avif"}


@dataclass(frozen=True, slots=True)
class Archive:
    """A file of tiles. `bounds_deg`: west, south, east, north."""

    path: Path
    tile_type: str
    min_zoom: int
    max_zoom: int
    bounds_deg: tuple[float, float, float, float]


def open_archive(path: Path) -> Archive:
    """Raises SettingsError, one line, if `path` is no PMTiles file of version 3 with tiles that the console draws."""
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
    except OSError as error:
        raise SettingsError(KEY, f"{path}: {error.strerror}") from None
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        raise SettingsError(KEY, f"{path}: is not a PMTiles file")
    if header[7] != VERSION:
        raise SettingsError(
            KEY, f"{path}: is PMTiles of version {header[7]}; convert it to version {VERSION}"
        )
    tile_type, min_zoom, max_zoom = header[99:102]
    if tile_type not in TILE_TYPES:
        raise SettingsError(KEY, f"{path}: has tiles of an unknown type ({tile_type})")
    west, south, east, north = (number / 1e7 for number in struct.unpack_from("<iiii", header, 102))
    if not min_zoom <= max_zoom <= MAX_ZOOM:
        raise SettingsError(KEY, f"{path}: says zoom levels {min_zoom} to {max_zoom}; its header is damaged")
    return Archive(path, TILE_TYPES[tile_type], min_zoom, max_zoom, (west, south, east, north))
