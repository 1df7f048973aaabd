"""The console's files: the built browser client, and the outlines of its map.

Files with a hash in their name (`/assets/…`) never change and are cached for good; `index.html` is asked for each time.
Any other path without a dot is the client's own and answers `index.html`. What the build has packed (`.gz` beside a
file) is sent packed to whoever takes gzip; only files that are the same for everybody are.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
import stat
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from gateway.api import problems
from gateway.errors import SettingsError

PACKAGE = Path(__file__).resolve().parent.parent
CONSOLE_DIR = PACKAGE / "console_dist"
OUTLINES = PACKAGE / "data" / "outlines.geojson"
OUTLINES_MAX_BYTES = 16 << 20

IMMUTABLE = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
GEOJSON = "application/geo+json"

NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tipstaff</title></head><body>
<h1>The console has not been built</h1>
<p>The gateway runs and its API answers at <code>/api/v1</code>, but the browser client is missing.</p>
<p>In the source tree: <code>cd console &amp;&amp; npm ci &amp;&amp; npm run build</code>, then reload this page.
An installed package has it inside; if you see this there, install the package again.</p>
</body></html>
"""


def build_of(folder: Path) -> str | None:
    """Which build of the console is in `folder`: 16 hex digits of the SHA-256 of its `index.html`, which names every
    other file by its hash; None when it is not built."""
    try:
        return hashlib.sha256((folder / "index.html").read_bytes()).hexdigest()[:16]
    except OSError:
        return None


def outlines_of(chosen: Path | None) -> Path:
    """The file of the map's outlines: `chosen` (site.outlines), or the one that is shipped.

    Raises SettingsError if `chosen` is not a GeoJSON FeatureCollection of named polygons, or larger than 16 MiB.
    """
    if chosen is None:
        return OUTLINES
    try:
        if chosen.stat().st_size > OUTLINES_MAX_BYTES:
            raise SettingsError("site.outlines", f"{chosen}: is larger than 16 MiB; make it coarser")
        content = json.loads(chosen.read_bytes())
    except OSError as error:
        raise SettingsError("site.outlines", f"{chosen}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise SettingsError("site.outlines", f"{chosen}: is not JSON") from None
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or content.get("type") != "FeatureCollection":
        raise SettingsError("site.outlines", f"{chosen}: is not a GeoJSON FeatureCollection")
    for number, feature in enumerate(features, 1):
        if not _named_polygon(feature):
            raise SettingsError(
                "site.outlines",
                f"{chosen}: feature {number} is not a Polygon or MultiPolygon in WGS-84 degrees with a name",
            )
    return chosen


def _named_polygon(feature: object) -> bool:
    try:
        geometry, name = feature["geometry"], feature["properties"]["name"]  # type: ignore[index]
        polygons = {"Polygon": lambda c: [c], "MultiPolygon": list}[geometry["type"]](geometry["coordinates"])
        points = [point for polygon in polygons for ring in polygon for point in ring]
        return bool(points) and isinstance(name, str) and all(_on_earth(*point[:2]) for point in points)
    except (LookupError, TypeError):
        return False


def _on_earth(lon: float, lat: float) -> bool:
    return -180 <= lon <= 180 and -90 <= lat <= 90


class ConsoleFiles(StaticFiles):
    """The built client from memory, with its caching rules and the fallback to `index.html`. A file is read again when
    its time or size has changed."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, check_dir=False)
        self.config_checked = True  # a folder that is missing is told of below
        self._index = directory / "index.html"
        self._held: dict[str, _File] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await super().__call__(scope, receive, send)
        else:
            await WebSocket(scope, receive, send).send_denial_response(problems.not_found("place").response())

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path.split("/")[0] == "api":
            raise HTTPException(404)
        if not self._index.is_file():
            return HTMLResponse(NOT_BUILT, 503, {"Cache-Control": "no-store"})
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        asset = path.startswith("assets/")
        packed = self._file(f"{path}.gz") if asset and takes_gzip(scope) else None
        file = packed or self._file("index.html" if path == "." else path)
        if file is None:
            asset = False
            file = self._file("index.html") if "." not in path.rsplit("/", 1)[-1] else None
        if file is None:
            raise HTTPException(404)
        headers = {"Cache-Control": IMMUTABLE if asset else ASK_AGAIN, "ETag": file.etag}
        if asset:
            headers["Vary"] = "Accept-Encoding"
        if packed is not None:
            headers["Content-Encoding"] = "gzip"
        if self.is_not_modified(Headers(headers), Headers(scope=scope)):
            return NotModifiedResponse(Headers(headers))
        return Response(file.content, headers=headers, media_type=file.media_type)

    def _file(self, path: str) -> _File | None:
        try:
            where, status = self.lookup_path(path)
        except (ValueError, OSError):  # a NUL in the path, or a name that is too long
            return None
        if status is None or not stat.S_ISREG(status.st_mode):
            return None
        state = (status.st_mtime_ns, status.st_size)
        held = self._held.get(where)
        if held is None or held.state != state:
            content = Path(where).read_bytes()
            media_type, _ = mimetypes.guess_type(where.removesuffix(".gz"))
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            held = self._held[where] = _File(state, content, etag, media_type or "application/octet-stream")
        return held


@dataclass(frozen=True, slots=True)
class _File:
    """`state`: time and size of the file when it was read."""

    state: tuple[int, int]
    content: bytes
    etag: str
    media_type: str


def takes_gzip(scope: Scope) -> bool:
    """Whether the browser takes gzip (RFC 9110, 12.5.3)."""
    for part in Headers(scope=scope).get("accept-encoding", "").split(","):
        coding, _, weight = part.replace(" ", "").lower().partition(";q=")
        if coding == "gzip":
            return weight.strip("0.") != "" or weight == ""
    return False


def install(app: FastAPI, directory: Path = CONSOLE_DIR, outlines: Path = OUTLINES) -> None:
    """Serve the map's outlines and, at every path that nothing else took, the console. Call it last."""

    packed = gzip.compress(outlines.read_bytes(), 6, mtime=0) if outlines.is_file() else None

    @app.get("/map/outlines.geojson", include_in_schema=False)
    async def map_outlines(request: Request) -> Response:
        if packed is None or not outlines.is_file():
            raise problems.not_found("map")
        headers = {"Cache-Control": "public, max-age=3600", "Vary": "Accept-Encoding"}
        if takes_gzip(request.scope):
            return Response(packed, media_type=GEOJSON, headers={**headers, "Content-Encoding": "gzip"})
        return FileResponse(outlines, media_type=GEOJSON, headers=headers)

    app.router.default = ConsoleFiles(directory)
