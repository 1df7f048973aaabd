"""The unit's figures of `tipstaff bench evidence`, as far as they do not depend on the machine."""

from __future__ import annotations

from bench.evidence_firmware import measure


async def test_recording_and_sending_fit_into_512_kib_and_the_ring() -> None:
    figures = await measure(20, runs=1)
    assert figures.sealed >= 2 and figures.steps > 10_000
    assert figures.ring_bytes < figures.heap_peak_bytes <= figures.heap_target_bytes
    assert 0 < figures.step_p99_ms <= figures.longest_step_ms
