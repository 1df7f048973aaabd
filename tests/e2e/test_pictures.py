"""A lens that is covered while it records: said at the desk, seen in the recording afterwards, and nobody's alarm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import simplejpeg
from whole_recording import SMALL, recording_that
from whole_site import OFFICERS, site

from protocol.messages import LIVE_STILLS
from simulator.camera import SceneCamera, encoded

NOISE = np.random.default_rng(8)


class Lens(SceneCamera):
    """The scene, until a hand lies on it."""

    covered = False

    def shoot(self, at_ms: int) -> bytes:
        """A picture of the scene, or of the hand."""
        seen = super().shoot(at_ms)
        hand = NOISE.normal(90, 2, (self._size[1], self._size[0], 3)).astype(np.uint8)
        return encoded(hand) if self.covered else seen


async def test_covered_lens_is_said_at_the_desk_and_is_in_the_stills(tmp_path: Path) -> None:
    lens = Lens()
    async with site(tmp_path, OFFICERS[:1], recording=SMALL, camera=lambda: lens) as it, it.desk() as desk:
        unit = it.unit
        await desk.until(lambda: desk.units[unit.unit_id]["picture"] is None, 45.0, "no state yet")
        await desk.command(unit.unit_id, "record", 1)
        await desk.command(unit.unit_id, "live", LIVE_STILLS)
        await desk.until(lambda: desk.units[unit.unit_id]["picture"] == "ok", 45.0, "a picture")
        lens.covered = True
        await desk.until(lambda: desk.units[unit.unit_id]["picture"] == "covered", 45.0, "a covered lens")
        await desk.command(unit.unit_id, "record", 0)
        assert not desk.incidents
        detail = await recording_that(desk, unit, lambda one: one["complete"], "the whole recording")
        path = f"/recordings/{unit.unit_id}/{detail['recording']}"

        async def spread(way: str) -> float:
            answer = await desk._http.get(path + way)
            assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg"
            return float(simplejpeg.decode_jpeg(answer.content)[:150].std())

        last = detail["parts"][-2]["number"]
        assert await spread("/segments/0/still?at_ms=500") > 20 > 9 > await spread(f"/segments/{last}/still")
        assert await spread("/contact-sheet?count=8") > 20
