"""Map tiles with one mark at a known place, and the PMTiles file around it."""

import math
import struct
import zlib
from pathlib import Path

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write

MARK_RGB = (255, 0, 255)
_TILE_PX = 256
_EXTENT = 4096
_AROUND = 2


def tile_of(lat: float, lon: float, zoom: int) -> tuple[float, float]:
    """Column and row of Web Mercator, with their fractions."""
    phi = math.radians(lat)
    n = 2**zoom
    return (lon + 180) / 360 * n, (1 - math.asinh(math.tan(phi)) / math.pi) / 2 * n


def png(mark: tuple[float, float] | None) -> bytes:
    """A grey tile with a square of MARK_RGB, 9 pixels wide, around this place in it (fractions of the tile)."""
    rows = []
    for y in range(_TILE_PX):
        row = bytearray(b"\xe0\xe0\xe0" * _TILE_PX)
        if mark and abs(y + 0.5 - mark[1] * _TILE_PX) < 4.5:
            for x in range(_TILE_PX):
                if abs(x + 0.5 - mark[0] * _TILE_PX) < 4.5:
                    row[3 * x : 3 * x + 3] = bytes(MARK_RGB)
        rows.append(b"\0" + bytes(row))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", _TILE_PX, _TILE_PX, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"".join(rows)))
        + chunk(b"IEND", b"")
    )


def mvt(mark: tuple[float, float] | None) -> bytes:
    """A vector tile with a square of water around this place (Mapbox Vector Tile 2.1)."""
    if mark is None:
        return b""
    x, y, half = round(mark[0] * _EXTENT), round(mark[1] * _EXTENT), 300
    line = [
        9,
        _zig(x - half),
        _zig(y - half),
        26,
        _zig(2 * half),
        0,
        0,
        _zig(2 * half),
        _zig(-2 * half),
        0,
        15,
    ]
    feature = _field(3, 0, 3) + _bytes(4, b"".join(_varint(one) for one in line))
    layer = _field(15, 0, 2) + _bytes(1, b"water") + _bytes(2, feature) + _field(5, 0, _EXTENT)
    return _bytes(3, layer)


def archive(path: Path, lat: float, lon: float, *, vector: bool) -> Path:
    """A PMTiles file of the tiles around a place, in whatever datum the place is given in, at one zoom."""
    zoom = 13 if vector else 14  # a vector tile is drawn twice as large
    column, row = tile_of(lat, lon, zoom)
    places = [
        (math.floor(column) + dx, math.floor(row) + dy)
        for dx in range(-_AROUND, _AROUND + 1)
        for dy in range(-_AROUND, _AROUND + 1)
    ]
    with write(str(path)) as writer:
        for tile_id, x, y in sorted((zxy_to_tileid(zoom, x, y), x, y) for x, y in places):
            inside = (column - x, row - y) if (x, y) == (math.floor(column), math.floor(row)) else None
            data = mvt(inside) if vector else png(inside)
            if data:
                writer.write_tile(tile_id, data)
        header = {
            "tile_type": TileType.MVT if vector else TileType.PNG, "tile_compression": Compression.NONE,
            "min_zoom": zoom, "max_zoom": zoom,
            "min_lon_e7": 1_190_000_000, "min_lat_e7": 250_000_000, "max_lon_e7": 1_200_000_000,
            "max_lat_e7": 270_000_000, "center_zoom": zoom, "center_lon_e7": 1_193_000_000,
            "center_lat_e7": 260_000_000,
        }  # fmt: skip
        writer.finalize(header, {"name": "test"})
    return path


def _zig(number: int) -> int:
    return (number << 1) ^ (number >> 31)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _field(number: int, kind: int, value: int) -> bytes:
    return _varint(number << 3 | kind) + _varint(value)


def _bytes(number: int, data: bytes) -> bytes:
    return _field(number, 2, len(data)) + data
