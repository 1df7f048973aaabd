"""Base maps under the console's map: Tianditu through us, which keeps the key, and a PMTiles file of our own."""

from gateway.basemap.basemap import Basemap

__all__ = ["Basemap"]
