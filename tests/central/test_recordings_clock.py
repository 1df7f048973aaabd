"""Manifests are answered whatever happens to the gateway's clock, and to the unit's."""

import asyncio

import pytest
import pytest_asyncio
from conftest import COURT, eventually
from filmer import START_S, Filmer, segment

from gateway.clock import ManualClock
from gateway.evidence.judging import MARKER_LOST_S, QUIET_S
from gateway.evidence.proof import judge
from gateway.evidence.proof_files import gather
from protocol.manifest import LAST
from protocol.records import Stamp

HOUR_MS = 3_600_000
ANSWERED_MS = int((QUIET_S + MARKER_LOST_S) * 1000) + 500
NAME = bytes.fromhex("a1b2c3d4e5f60718")


def named(number):
    return NAME + number.to_bytes(4, "big")


@pytest_asyncio.fixture
async def gateway(start):
    running = await start(clock=ManualClock())
    await running.provision("u1001", COURT)
    return running


@pytest_asyncio.fixture
async def filmer(gateway, tmp_path):
    async with Filmer(tmp_path / "units" / "u1001") as one:
        yield one


async def answered(gateway, filmer, manifest, within_ms=ANSWERED_MS):
    """The answer that comes within so much time."""
    heard = len(filmer._wants(manifest))
    await filmer.control.say("manifest", manifest)
    await eventually(lambda: gateway.evidence.answers.judging.pending or len(filmer._wants(manifest)) > heard)
    for _ in range(within_ms // 100):
        gateway.clock.advance(100)
        for _ in range(20):
            await asyncio.sleep(0.001)
        if len(filmer._wants(manifest)) > heard:
            break
    await eventually(lambda: len(filmer._wants(manifest)) > heard)
    return filmer._wants(manifest)[heard]


async def heard_chunks(gateway, count):
    await eventually(lambda: gateway.metrics.media_chunks._value.get() == count)


@pytest.mark.parametrize("by_ms", [-HOUR_MS, HOUR_MS])
@pytest.mark.parametrize("missing", [0, 1])
async def test_clock_set_between_chunks_and_manifest_delays_no_answer(gateway, filmer, by_ms, missing):
    made = segment(named(0))
    sent = [made.chunk(n) for n in range(missing, len(made.chunks))]
    await filmer.send(made, sent)
    await heard_chunks(gateway, len(sent))
    gateway.clock.set(by_ms)
    want = await answered(gateway, filmer, filmer.manifest(made, flags=LAST))
    assert want.ranges == [0, made.chunks[1][0]] if missing else want.sealed


async def test_clock_set_back_while_a_manifest_waits_delays_no_answer(gateway, filmer):
    made = segment(named(0))
    await filmer.send(made, [made.chunk(0)])
    await heard_chunks(gateway, 1)
    manifest = filmer.manifest(made)
    await filmer.control.say("manifest", manifest)
    await eventually(lambda: gateway.evidence.answers.judging.pending)
    gateway.clock.set(-HOUR_MS)
    for _ in range(ANSWERED_MS // 100):
        gateway.clock.advance(100)
        for _ in range(20):
            await asyncio.sleep(0.001)
    await eventually(lambda: filmer._wants(manifest))
    assert filmer._wants(manifest)[0].ranges


async def test_clock_of_the_unit_that_jumps_is_kept_as_it_was_and_named_by_the_proof(gateway, filmer):
    for number, jump_s in enumerate((0, -86_400, 500_000_000)):
        made = segment(named(number))
        stamps = {
            edge: Stamp(utc_s=START_S + jump_s, utc_ms=0, quality=3, mono_ms=filmer.mono_ms + more, boot=7)
            for edge, more in (("first", 0), ("last", 2000))
        }
        await filmer.send(made, [made.chunk(n) for n in range(len(made.chunks))])
        manifest = filmer.manifest(made, flags=LAST if number == 2 else 0, **stamps)
        assert (await answered(gateway, filmer, manifest)).sealed == manifest.sha256
    verdicts = judge(gather(gateway.evidence.places.root), filmer.trusted)
    assert len(verdicts) == 3
    assert {fault.code for verdict in verdicts for fault in verdict.faults} == {"clock_step"}
