"""The peer of `bench live` shows the scene, and is measured by the bench's own instrument."""

import asyncio
from pathlib import Path

from bench.chromium import chromium
from bench.peer import peer_of


def test_peer_shows_the_scene_and_is_measured_from_its_pixels(tmp_path: Path) -> None:
    async def measured() -> None:
        async with chromium() as browser:
            peer = await peer_of(browser, tmp_path / "peer", 3.0)
        assert peer.name.startswith("aiortc "), peer.name
        raw = peer.raw()
        assert 0 < raw["peer_glass_to_glass_p50_ms"] <= raw["peer_glass_to_glass_p95_ms"]
        assert raw["peer_first_picture_ms"] > 0

    asyncio.run(measured())
