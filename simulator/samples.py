"""Makes the sample tracks in `simulator/data`: `python -m simulator.samples FOLDER`.

They are synthetic (`simulator.synthetic` with the seeds below), not recordings of anybody.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from simulator import nmea
from simulator.nmea import Epoch
from simulator.synthetic import Motion, synthetic
from simulator.track import Track

START = datetime(2026, 1, 5, 1, 0, 0, tzinfo=UTC)
SAMPLES: tuple[tuple[str, Motion, float, float, int], ...] = (
    ("fuzhou_walk.gpx", "walking", 26.0800, 119.3000, 11),
    ("fuzhou_drive.gpx", "driving", 26.0850, 119.2900, 12),
    ("fuzhou_stand.nmea", "standing", 26.0745, 119.2965, 13),
)


def as_gpx(track: Track, about: str) -> str:
    """GPX 1.1 with a point every two seconds."""
    start_s = START.timestamp()
    points = "\n".join(
        f'<trkpt lat="{p.lat:.7f}" lon="{p.lon:.7f}"><ele>{p.altitude_m:.1f}</ele>'
        f"<time>{datetime.fromtimestamp(start_s + p.at_s, UTC):%Y-%m-%dT%H:%M:%SZ}</time></trkpt>"
        for p in track.points[::2]
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx version="1.1" creator="tipstaff simulator" xmlns="http://www.topografix.com/GPX/1/1">\n'
        f"<metadata><desc>{about}</desc></metadata>\n<trk><trkseg>\n{points}\n</trkseg></trk></gpx>\n"
    )


def as_nmea(track: Track) -> bytes:
    """RMC and GGA of every second."""
    start_ms = round(START.timestamp() * 1000)
    log = b""
    for point in track.points:
        position = track.at(point.at_s)
        at_ms = start_ms + round(point.at_s * 1000)
        epoch = Epoch(at_ms, point.lat, point.lon, point.altitude_m, position.speed_m_s, position.course_deg)
        log += nmea.rmc(epoch) + nmea.gga(epoch)
    return log


def write_samples(folder: Path) -> None:
    """Write all samples into `folder`; the same bytes every time."""
    for name, motion, lat, lon, seed in SAMPLES:
        track = synthetic(motion, lat, lon, seed=seed)
        if name.endswith(".gpx"):
            about = f"Synthetic: {motion}, seed {seed}; not a recording."
            (folder / name).write_text(as_gpx(track, about), "utf-8")
        else:
            (folder / name).write_bytes(as_nmea(track))


if __name__ == "__main__":
    write_samples(Path(sys.argv[1]))
