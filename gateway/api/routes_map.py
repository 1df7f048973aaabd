"""Base maps: Tianditu's tiles through us, and the PMTiles file by HTTP Range. Both for people who are signed in."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated

from fastapi import APIRouter, Header, Path, Response
from fastapi.responses import FileResponse

from gateway.api import problems
from gateway.api.ask import Here, Who
from gateway.basemap.tianditu import MAX_ZOOM, MIN_ZOOM, Busy, NoTile, TileError
from gateway.basemap.tile_cache import TileKey

router = APIRouter(prefix="/map", include_in_schema=False)

RANGE_MAX_BYTES = 16 << 20
TILE_CACHING = "private, max-age=86400"
OLD_TILE_CACHING = "private, max-age=60"
FILE_CACHING = "private, max-age=3600"
PART_ONLY = f"Send one range within the file, Range: bytes=from-to, of at most {RANGE_MAX_BYTES} bytes."
_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{1,15})")

Zoom = Annotated[int, Path(ge=MIN_ZOOM, le=MAX_ZOOM)]
Place = Annotated[int, Path(ge=0, lt=1 << MAX_ZOOM)]


@router.get("/tianditu/{layer}/{z}/{x}/{y}")
async def tianditu_tile(
    layer: Annotated[str, Path(pattern=r"^[a-z]{3}$")], z: Zoom, x: Place, y: Place, who: Who, here: Here
) -> Response:
    """One tile. 404: there is no such layer or tile; 502: the service failed; 503: ask again later."""
    basemap = here.basemap
    if basemap.tianditu is None or not basemap.has_layer(layer) or max(x, y) >= 1 << z:
        raise problems.not_found("map tile")
    try:
        tile = await basemap.tianditu.tile(TileKey(layer, z, x, y))
    except NoTile:
        raise problems.not_found("map tile") from None
    except Busy as error:
        raise problems.unavailable(str(error)) from None
    except TileError as error:
        raise problems.bad_gateway(str(error)) from None
    caching = OLD_TILE_CACHING if tile.old else TILE_CACHING
    return Response(tile.data, media_type=tile.media_type, headers={"Cache-Control": caching})


@router.get("/local.pmtiles")
async def local_pmtiles(who: Who, here: Here, range: Annotated[str | None, Header()] = None) -> Response:
    """A part of the PMTiles file: one range, of at most 16 MiB. The whole file is for nobody."""
    archive = here.basemap.archive
    if archive is None:
        raise problems.not_found("map")
    asked = _RANGE.fullmatch(range or "")
    try:
        size_bytes = (await asyncio.to_thread(archive.path.stat)).st_size
    except OSError:
        raise problems.not_found("map") from None
    start, last = (int(asked[1]), int(asked[2])) if asked is not None else (1, 0)
    if not start <= last < start + RANGE_MAX_BYTES or start >= size_bytes:
        raise problems.not_satisfiable(size_bytes, PART_ONLY)
    return FileResponse(
        archive.path, media_type="application/vnd.pmtiles", headers={"Cache-Control": FILE_CACHING}
    )
