"""The layers that the settings give, as the snapshot tells them, and who serves them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from gateway.basemap.pmtiles import Archive, open_archive
from gateway.basemap.tianditu import MAX_ZOOM, MIN_ZOOM, Tianditu
from gateway.basemap.tile_cache import TileCache
from gateway.clock import Clock
from gateway.metrics import Metrics
from gateway.settings import MapSettings

MIB = 1 << 20
#: (Chinese, English, whether it is drawn over another layer).
TIANDITU_LAYERS = {
    "vec": ("天地图 街道", "Tianditu streets", False),
    "cva": ("天地图 街道注记", "Tianditu street names", True),
    "img": ("天地图 影像", "Tianditu imagery", False),
    "cia": ("天地图 影像注记", "Tianditu imagery names", True),
    "ter": ("天地图 地形", "Tianditu terrain", False),
    "cta": ("天地图 地形注记", "Tianditu terrain names", True),
}
#: Names that were drawn for one map fit no other.
DRAWN_FOR = {"cva": "vec", "cia": "img", "cta": "ter"}
TIANDITU_ATTRIBUTION = "天地图 tianditu.gov.cn"


class Basemap:
    """See the module. `tianditu` and `archive` are None without a key, without a file. `async with` while it is used.

    Raises SettingsError when `map.pmtiles` cannot be used.
    """

    def __init__(self, settings: MapSettings, data_dir: Path, clock: Clock, metrics: Metrics) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()
        self.archive: Archive | None = None if settings.pmtiles is None else open_archive(settings.pmtiles)
        self.tianditu: Tianditu | None = None
        if settings.tianditu_key:
            cache = TileCache(data_dir / "map-cache", settings.cache_mb * MIB)
            self.tianditu = Tianditu(settings.tianditu_url, settings.tianditu_key, cache, clock, metrics)

    async def __aenter__(self) -> Basemap:
        if self.tianditu is not None:
            await self._stack.enter_async_context(self.tianditu)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def has_layer(self, layer: str) -> bool:
        """Whether this layer of Tianditu is one of those that the settings name."""
        return self.tianditu is not None and layer in self._settings.tianditu_layers

    def layers(self) -> list[dict[str, Any]]:
        """The layers for the snapshot, those below others first. All addresses are our own."""
        found = [self._local(self.archive)] if self.archive is not None else []
        return found + ([_tianditu(one) for one in self._settings.tianditu_layers] if self.tianditu else [])

    def _local(self, archive: Archive) -> dict[str, Any]:
        return {
            "id": "local",
            "title": {"zh": "本地地图", "en": "Local map"},
            "kind": "pmtiles",
            "url": "/map/local.pmtiles",
            "datum": self._settings.pmtiles_datum,
            "min_zoom": archive.min_zoom,
            "max_zoom": archive.max_zoom,
            "attribution": self._settings.pmtiles_attribution,
            "overlay": False,
            "over": None,
            "tile_type": archive.tile_type,
            "bounds": list(archive.bounds_deg),
        }


def _tianditu(layer: str) -> dict[str, Any]:
    chinese, english, overlay = TIANDITU_LAYERS[layer]
    return {
        "id": layer,
        "title": {"zh": chinese, "en": english},
        "kind": "xyz",
        "url": f"/map/tianditu/{layer}/{{z}}/{{x}}/{{y}}",
        "datum": "wgs84",  # CGCS2000: the same to well under a metre
        "min_zoom": MIN_ZOOM,
        "max_zoom": MAX_ZOOM,
        "attribution": TIANDITU_ATTRIBUTION,
        "overlay": overlay,
        "over": DRAWN_FOR.get(layer),
        "tile_type": "image",
        "bounds": None,
    }
