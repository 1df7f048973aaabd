"""What is still on its way is not asked for again, what is lost is at once: with a clock that only the test moves."""

import asyncio
import contextlib

import pytest_asyncio
from conftest import COURT, eventually
from filmer import Filmer, segment

from gateway.clock import ManualClock
from gateway.evidence.judging import QUIET_S
from gateway.evidence.places import Key
from gateway.ingest.media import MARKER_TOPIC
from protocol.manifest import LAST

NAME = bytes.fromhex("a1b2c3d4e5f60718")
QUIET_MS = int(QUIET_S * 1000) + 1


def named(number):
    return NAME + number.to_bytes(4, "big")


@pytest_asyncio.fixture
async def gateway(start, broker_kind):
    running = await start(broker_kind, clock=ManualClock())
    await running.provision("u1001", COURT)
    return running


@pytest_asyncio.fixture
async def filmer(gateway, tmp_path):
    async with Filmer(tmp_path / "units" / "u1001") as one:
        yield one


def judging(gateway):
    return gateway.evidence.answers.judging


def asked(gateway):
    return gateway.metrics.wants.labels("ranges")._value.get()


@contextlib.contextmanager
def held_up(gateway):
    """Nothing of what the broker has for the media connection is read."""
    transport = gateway.media.media_link._stream.transport
    transport.pause_reading()
    yield
    transport.resume_reading()


async def test_bytes_that_the_broker_still_holds_are_not_asked_for_again(gateway, filmer):
    made = segment(named(0), blocks=200, block_bytes=15_000)
    with held_up(gateway):
        await filmer.send(made, [made.chunk(n) for n in range(len(made.chunks))])
        manifest = filmer.manifest(made, flags=LAST)
        await filmer.control.say("manifest", manifest)
        await eventually(lambda: judging(gateway).pending)
        gateway.clock.advance(QUIET_MS)
        await eventually(lambda: judging(gateway)._out)
        assert not filmer._wants(manifest)
    await filmer.control.until(lambda: filmer._wants(manifest))
    assert filmer._wants(manifest)[0].sealed == manifest.sha256 and asked(gateway) == 0


async def test_bytes_that_are_lost_are_asked_for_after_a_quiet_time_and_a_round_through_the_broker(
    gateway, filmer
):
    made = segment(named(0))
    lost = 7
    await filmer.send(made, [made.chunk(n) for n in range(len(made.chunks)) if n != lost])
    manifest = filmer.manifest(made, flags=LAST)
    await filmer.control.say("manifest", manifest)
    await eventually(lambda: judging(gateway).pending)
    await eventually(lambda: gateway.metrics.media_chunks._value.get() == len(made.chunks) - 1)
    gateway.clock.advance(QUIET_MS)
    await filmer.control.until(lambda: filmer._wants(manifest))
    assert filmer._wants(manifest)[0].ranges == [made.chunks[lost][0], made.chunks[lost + 1][0]]
    # Once they are there, nothing is waited for, and no other manifest.
    await filmer.send(made, [made.chunk(lost, live=False)])
    await filmer.control.until(lambda: len(filmer._wants(manifest)) > 1)
    assert filmer._wants(manifest)[1].sealed == manifest.sha256


async def test_segment_that_is_here_is_sealed_while_no_time_goes_by(gateway, filmer):
    made = segment(named(0))
    await filmer.send(made, [made.chunk(n) for n in range(len(made.chunks))])
    assert (await filmer.seal(filmer.manifest(made, flags=LAST))).sealed


async def test_segment_that_became_whole_while_others_were_answered_is_looked_at_at_once(gateway, filmer):
    made = segment(named(0))
    answers, key = gateway.evidence.answers, Key.of("u1001", made.segment)
    answers.judging.wait(key, filmer.manifest(made), COURT, gateway.clock.monotonic_s())
    answers.judging.whole(key)
    async with asyncio.timeout(30):  # the clock stands still
        await answers._look_again_at(answers.judging.next_s())
    answers.judging.forget(key)


async def test_duration_that_comes_after_the_manifest_is_waited_for(gateway, filmer):
    made = segment(named(0))
    await filmer.send(made, [made.chunk(n, early=True) for n in range(len(made.chunks))])
    manifest = filmer.manifest(made, flags=LAST)
    await filmer.control.say("manifest", manifest)
    await eventually(lambda: judging(gateway).pending)
    await eventually(lambda: gateway.metrics.media_chunks._value.get() == len(made.chunks))
    assert not filmer._wants(manifest)
    await filmer.send(made, [made.chunk(0)])
    await filmer.control.until(lambda: filmer._wants(manifest))
    assert filmer._wants(manifest)[0].sealed == manifest.sha256
    assert gateway.metrics.faults.labels("segment_hash")._value.get() == 0


async def test_marker_of_a_unit_or_of_another_process_says_nothing(gateway, filmer):
    made = segment(named(0))
    await filmer.send(made, [made.chunk(1)])
    await filmer.control.say("manifest", filmer.manifest(made, flags=LAST))
    await eventually(lambda: judging(gateway).pending)
    with held_up(gateway):
        gateway.clock.advance(QUIET_MS)
        await eventually(lambda: judging(gateway)._out)
        process, (number, _) = gateway.media._process, judging(gateway)._out[0]
        filmer.media._client.publish(MARKER_TOPIC, process + number.to_bytes(4, "big"), 0)
        for payload in (b"", bytes(8) + number.to_bytes(4, "big"), process, process + bytes(5)):
            gateway.media._marked(payload)
        await asyncio.sleep(0)
        assert judging(gateway)._out and asked(gateway) == 0
    await eventually(lambda: asked(gateway) == 1)
