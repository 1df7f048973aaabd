"""Recordings over real brokers into real files: whole, or asked for again."""

import asyncio
import hashlib
import secrets

import pytest_asyncio
from conftest import COURT, OTHER_COURT, eventually
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from filmer import Filmer, segment

from gateway.evidence.places import Key
from gateway.evidence.proof import judge
from gateway.evidence.proof_files import gather
from gateway.store import recordings
from protocol.manifest import LAST
from protocol.media import Chunk, segment_name
from protocol.messages import REFUSED_CONTRADICTION, REFUSED_SIGNATURE

RECORDING = bytes.fromhex("a1b2c3d4e5f60718")


def named(number, recording=RECORDING):
    return recording + number.to_bytes(4, "big")


def count(gateway, fault):
    return gateway.metrics.faults.labels(fault)._value.get()


async def written(gateway, count):
    """Wait until so many chunks came: they have another way than the manifests have."""
    await eventually(lambda: gateway.metrics.media_chunks._value.get() == count)


def stored(gateway, made, unit_id="u1001"):
    return gateway.evidence.places.sealed(Key.of(unit_id, made.segment))


@pytest_asyncio.fixture
async def gateway(start):
    running = await start()
    await running.provision("u1001", COURT, officer="Lin Yan")
    return running


@pytest_asyncio.fixture
async def filmer(gateway, tmp_path):
    async with Filmer(tmp_path / "units" / "u1001") as one:
        yield one


async def test_segment_sent_live_is_sealed_by_one_manifest(start, broker_kind, tmp_path):
    gateway = await start(broker_kind)
    await gateway.provision("u1001", COURT, officer="Lin Yan")
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        made = segment(named(0))
        await filmer.send(made, [made.chunk(n, early=True) for n in range(len(made.chunks))])
        await filmer.send(made, [made.chunk(0)])  # Duration
        await written(gateway, len(made.chunks) + 1)
        want = await filmer.seal(filmer.manifest(made, flags=LAST))
        assert want.sealed == hashlib.sha256(made.data).digest()
        assert stored(gateway, made).read_bytes() == made.data
        async with gateway.store.read() as connection:
            (row,) = await recordings.segments_of(connection, "u1001", RECORDING.hex())
        assert (row.state, row.live_ranges) == ("sealed", [(0, len(made.data))])
        assert not any(
            verdict.faults for verdict in judge(gather(gateway.evidence.places.root), filmer.trusted)
        )


async def test_chunks_skipped_doubled_overlapping_and_out_of_order_end_in_the_same_bytes(gateway, filmer):
    made = segment(named(0), blocks=60)
    sent = [made.chunk(n) for n in range(len(made.chunks)) if n % 3]
    sent += [made.chunk(n) for n in range(0, len(made.chunks), 9)]
    sent += [Chunk(at, 0, made.data[at : at + 9000]) for at in range(5000, 50_000, 7000)]
    secrets.SystemRandom().shuffle(sent)
    await filmer.send(made, [*sent, *sent[:10]])
    await written(gateway, len(sent) + 10)
    manifest = filmer.manifest(made)
    want = await filmer.seal(manifest)
    missing = list(zip(want.ranges[::2], want.ranges[1::2], strict=True))
    assert 0 < len(missing) <= 16
    assert all(not any(c.offset <= start < c.offset + len(c.data) for c in sent) for start, _ in missing)
    assert (await filmer.restore(made, manifest)).sealed == hashlib.sha256(made.data).digest()
    assert stored(gateway, made).read_bytes() == made.data


async def test_segment_whose_chunks_all_come_later_is_sealed_without_another_manifest(gateway, filmer):
    made = segment(named(0))
    want = await filmer.seal(manifest := filmer.manifest(made))
    assert want.ranges == [0, len(made.data)]
    heard = len(filmer._wants(manifest))
    await filmer.send(made, [made.chunk(n, live=False) for n in range(len(made.chunks))])
    await filmer.control.until(lambda: len(filmer._wants(manifest)) > heard)
    assert filmer._wants(manifest)[-1].sealed == manifest.sha256
    assert filmer.seq == 1 and (await filmer.seal(manifest)).sealed == manifest.sha256


async def test_chunks_that_lie_about_their_offsets_are_asked_for_again_and_then_refused(gateway, filmer):
    made = segment(named(0))
    lies = [
        Chunk(at, 0, secrets.token_bytes(len(made.data[at : at + 16_384])))
        for at in range(0, len(made.data), 16_384)
    ]
    await filmer.send(made, lies)
    manifest = filmer.manifest(made)
    want = await filmer.restore(made, manifest)
    assert want.sealed == manifest.sha256 and stored(gateway, made).read_bytes() == made.data
    other = segment(named(1))
    manifest, want = filmer.manifest(other), None
    while want is None or want.ranges:
        await filmer.send(
            other,
            [
                Chunk(at, 0, bytes(min(16_384, len(other.data) - at)))
                for at in range(0, len(other.data), 16_384)
            ],
        )
        want = await filmer.seal(manifest)
    assert want.refused == REFUSED_CONTRADICTION and not stored(gateway, other).exists()
    assert count(gateway, "segment_never_whole") == 1


async def test_chunk_beyond_the_end_changes_nothing(gateway, filmer):
    made = segment(named(0))
    await filmer.send(made, [Chunk(len(made.data) - 5, 0, bytes(2000))])  # before anybody knows the end
    await written(gateway, 1)
    manifest = filmer.manifest(made)
    assert (await filmer.seal(manifest)).ranges == [0, len(made.data) - 5]
    await filmer.send(made, [Chunk(len(made.data), 0, b"more")])
    await eventually(lambda: count(gateway, "chunk_beyond_end") == 1)
    assert (await filmer.restore(made, manifest)).sealed == manifest.sha256
    assert stored(gateway, made).read_bytes() == made.data


async def test_manifest_of_another_key_forged_or_of_another_unit_is_refused(gateway, filmer, tmp_path):
    await gateway.provision("u2002", OTHER_COURT)
    made = segment(named(0))
    await filmer.send(made, [made.chunk(n) for n in range(len(made.chunks))])
    stranger = filmer.manifest(made, key=Ed25519PrivateKey.generate())
    assert await filmer.refused(stranger) == REFUSED_SIGNATURE
    changed = filmer.manifest(made, seq=0)
    changed.size -= 1
    assert await filmer.refused(changed) == REFUSED_SIGNATURE
    unsigned = filmer.manifest(made, seq=0)
    unsigned.signature = None
    assert await filmer.refused(unsigned) == REFUSED_SIGNATURE
    async with Filmer(tmp_path / "units" / "u2002") as other:
        assert await other.refused(filmer.manifest(made, seq=0)) == REFUSED_SIGNATURE
        borrowed = filmer.manifest(made, unit="u2002")
        assert await other.refused(borrowed) == REFUSED_SIGNATURE
    assert count(gateway, "manifest_of_another_unit") == 2
    assert (await filmer.seal(filmer.manifest(made))).sealed


async def test_manifest_that_contradicts_what_was_believed_is_refused_and_a_replay_is_harmless(
    gateway, filmer
):
    first, second, third = (segment(named(n)) for n in range(3))
    kept = filmer.manifest(first)
    assert (await filmer.restore(first, kept)).sealed
    # Another truth about the same segment; another segment in the same place; a place that hangs on nothing.
    for forged in (
        filmer.manifest(segment(first.segment), seq=1),
        filmer.manifest(second, seq=0, previous=bytes(32)),
        filmer.manifest(second, seq=1, previous=bytes(32)),
    ):
        assert await filmer.refused(forged) == REFUSED_CONTRADICTION
    # The third comes before the second: then the second must be the one that the third names.
    before = filmer.manifest(second)
    after = filmer.manifest(third)
    assert (await filmer.restore(third, after)).sealed
    assert await filmer.refused(filmer.manifest(second, seq=1, previous=kept.digest(), flags=8))
    assert (await filmer.restore(second, before)).sealed
    assert (await filmer.seal(kept)).sealed == kept.sha256
    assert stored(gateway, first).read_bytes() == first.data
    verdicts = judge(gather(gateway.evidence.places.root), filmer.trusted)
    assert [fault.code for verdict in verdicts for fault in verdict.faults] == ["no_end"]


async def test_chunk_of_another_unit_or_of_no_unit_goes_nowhere(gateway, filmer, tmp_path):
    await gateway.provision("u2002", OTHER_COURT)
    made = segment(named(0))
    name = segment_name(made.segment)
    filmer.put(name, made.chunk(1).encode(), unit="u2002")  # the broker refuses it
    for bad in ("..", "a1b2c3d4e5f60718", "a1b2c3d4e5f60718-01", "A1B2C3D4E5F60718-1"):
        filmer.put(bad, made.chunk(1).encode())
    for bad in (b"", b"\xa0", b"\xff" * 40, made.chunk(1).encode()[:4], bytes(30_000)):
        filmer.put(name, bad)
    await filmer.send(made, [made.chunk(2)])
    await eventually(lambda: gateway.evidence.places.part(Key.of("u1001", made.segment)).exists())
    assert not (gateway.evidence.places.root / "u2002").exists()
    assert count(gateway, "chunk_unreadable") >= 5
    assert [path.name for path in gateway.evidence.places.root.rglob("*.part")] == [f"{name}.mkv.part"]


async def test_segment_of_a_foreign_program_is_kept_and_marked(gateway, filmer):
    made = segment(named(0))
    foreign = type(made)(made.segment, secrets.token_bytes(40_000), b"", [])
    manifest = filmer.manifest(foreign)
    assert (await filmer.restore(foreign, manifest)).sealed == manifest.sha256
    assert count(gateway, "segment_foreign") == 1
    async with gateway.store.read() as connection:
        assert (await recordings.segment(connection, "u1001", RECORDING.hex(), 0)).foreign


async def test_watcher_sees_whole_blocks_as_they_come(gateway, filmer):
    made = segment(named(0), blocks=10, block_bytes=40_000)
    with gateway.evidence.live.subscribe("u1001") as watcher:
        pieces = [
            Chunk(at, flags | 2, made.data[at : at + 16_384], time_ms)
            for (start, flags, time_ms), end in zip(
                made.chunks, [c[0] for c in made.chunks[1:]] + [len(made.data)], strict=True
            )
            for at, flags, time_ms in [
                (at, flags if at == start else 0, time_ms if at == start else None)
                for at in range(start, end, 16_384)
            ]
            if start != made.chunks[4][0]  # a picture is skipped
        ]
        pieces = [
            Chunk(c.offset, c.flags, made.data[c.offset : c.offset + len(c.data)], c.time_ms) for c in pieces
        ]
        await filmer.send(made, pieces)
        blocks = [await anext(watcher) for _ in range(9)]
    assert blocks[0].head is not None and blocks[0].head.startswith(b"\x1a\x45\xdf\xa3")
    assert all(block.head is None for block in blocks[1:])
    assert all(len(block.content) == 40_000 and block.content in made.data for block in blocks)
    times = [n * 200 for n in range(10)]
    assert [block.time_ms for block in blocks] == [*times[:3], *times[4:]]


async def test_growing_segment_is_in_the_register_before_its_manifest(gateway, filmer):
    made = segment(named(0))
    await filmer.send(made, [made.chunk(1)])

    async def rows():
        async with gateway.store.read() as connection:
            return await recordings.segments_of(connection, "u1001", RECORDING.hex())

    await eventually(lambda: gateway.evidence._grown)
    await gateway.evidence.write_down()
    (row,) = await rows()
    assert (row.state, row.received_bytes) == ("growing", len(made.chunk(1).data))


async def test_segment_that_is_sealed_while_its_manifest_is_repeated_is_sealed_once(
    gateway, filmer, monkeypatch
):
    """What came live of it is known only until then."""
    made = segment(named(0))
    last = len(made.chunks) - 1
    await filmer.send(made, [made.chunk(number) for number in range(last)])
    manifest = filmer.manifest(made, flags=LAST)
    assert (await filmer.seal(manifest)).ranges

    def sealed():
        return [want for want in filmer._wants(manifest) if want.sealed]

    flush = gateway.evidence._intake.flush

    async def flush_slowly():
        if asyncio.current_task().get_name() == "ingest-manifests-of-a-unit" and not sealed():
            await filmer.send(made, [made.chunk(last)])
            await filmer.control.until(sealed)
        await flush()

    monkeypatch.setattr(gateway.evidence._intake, "flush", flush_slowly)
    await filmer.control.say("manifest", manifest)
    await filmer.control.until(lambda: len(sealed()) == 2)
    async with gateway.store.read() as connection:
        row = await recordings.segment(connection, "u1001", RECORDING.hex(), 0)
    assert row.live_ranges == [(0, len(made.data))] and not gateway.evidence.answers.wanted
