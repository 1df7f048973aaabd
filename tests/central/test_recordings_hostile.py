"""A unit that floods, scatters, lies or comes too late: counted, bounded, and the truth is kept all the same."""

import hashlib
import threading

import pytest_asyncio
from conftest import COURT, eventually
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from filmer import Filmer, picture_segment, segment

from gateway.evidence.places import Key
from gateway.evidence.proof import judge
from gateway.evidence.proof_files import gather
from gateway.evidence.quota import Quota
from gateway.evidence.shelf import GROWING_MAX, Piece, Shelf
from gateway.ingest.link import Delivery
from protocol.manifest import LAST
from protocol.media import Chunk, segment_name
from protocol.messages import REFUSED_SIGNATURE
from protocol.ranges import MAX_RANGES

RECORDING = bytes.fromhex("a1b2c3d4e5f60718")


def named(number):
    return RECORDING + number.to_bytes(4, "big")


def count(gateway, fault):
    return gateway.metrics.faults.labels(fault)._value.get()


def stored(gateway, made, unit_id="u1001"):
    return gateway.evidence.places.sealed(Key.of(unit_id, made.segment))


@pytest_asyncio.fixture
async def gateway(start):
    running = await start(evidence={"queue_mib": 1})
    await running.provision("u1001", COURT)
    return running


@pytest_asyncio.fixture
async def filmer(gateway, tmp_path):
    async with Filmer(tmp_path / "units" / "u1001") as one:
        yield one


async def test_flood_that_does_not_fit_is_dropped_counted_and_asked_for_again(gateway, filmer):
    made = segment(named(0), blocks=400, block_bytes=10_000)
    dropped, intake = gateway.metrics.media_dropped._value, gateway.evidence._intake
    disk = threading.Event()
    gateway.evidence._threads._files.submit(disk.wait, 60)
    await filmer.send(made, [made.chunk(number) for number in range(len(made.chunks))])
    await eventually(dropped.get, 30)
    assert 0 < intake._bytes + intake._being_written_bytes <= 1 << 20
    disk.set()
    manifest = filmer.manifest(made, flags=LAST)
    assert (await filmer.restore(made, manifest)).sealed == hashlib.sha256(made.data).digest()
    assert stored(gateway, made).read_bytes() == made.data
    await eventually(lambda: not intake.busy)


async def test_bytes_scattered_over_a_segment_are_bounded_and_it_is_whole_in_the_end(gateway, filmer):
    made = segment(named(0), blocks=60)
    odd = range(1, 2 * MAX_RANGES + 60, 2)
    await filmer.send(made, [Chunk(at, 0, made.data[at : at + 1]) for at in odd])
    await eventually(lambda: count(gateway, "chunk_scattered") == len(odd) - MAX_RANGES)
    manifest = filmer.manifest(made, flags=LAST)
    want = await filmer.restore(made, manifest, rounds=200)
    assert want.sealed == manifest.sha256 and stored(gateway, made).read_bytes() == made.data


async def test_chunk_of_a_sealed_segment_is_late_and_changes_nothing(gateway, filmer):
    made = segment(named(0))
    manifest = filmer.manifest(made, flags=LAST)
    assert (await filmer.restore(made, manifest)).sealed
    await filmer.send(made, [Chunk(at, 0, b"lie") for at in (0, 100, len(made.data))])
    await eventually(lambda: count(gateway, "chunk_late") == 3)
    assert stored(gateway, made).read_bytes() == made.data
    assert not list(gateway.evidence.places.root.rglob("*.part"))
    assert (await filmer.seal(manifest)).sealed == manifest.sha256


async def test_manifest_that_is_none_or_of_no_key_is_counted_and_the_next_one_is_heard(gateway, filmer):
    made = picture_segment(named(0), [b"a" * 5000, b"", b"b" * 700_000])
    manifest = filmer.manifest(made, flags=LAST)
    await filmer.send(made, [made.chunk(n) for n in range(2)])
    whole = manifest.encode()
    for bad in (b"", b"\xff", whole[:-1], whole + b"\0", bytes(2049), whole[:40] + bytes(len(whole) - 40)):
        await filmer.control.say("manifest", bad)
    stranger = filmer.manifest(made, key=Ed25519PrivateKey.generate())
    assert await filmer.refused(stranger) == REFUSED_SIGNATURE
    assert count(gateway, "manifest_unreadable") == 6 and count(gateway, "manifest_unknown_key") == 1
    assert (await filmer.restore(made, manifest)).sealed == manifest.sha256
    (verdict,) = judge(gather(gateway.evidence.places.root), filmer.trusted)
    assert not verdict.faults


async def test_chunks_of_a_unit_that_is_revoked_or_unknown_are_not_kept(gateway, filmer):
    """The broker refuses them already; what it let through all the same is refused here."""
    made = segment(named(0))

    def read(unit_id):
        topic = f"tip/1/{COURT}/{unit_id}/media/{segment_name(made.segment)}"
        return gateway.media._chunk(Delivery(topic, made.chunk(1).encode(), False, 5, 0, 0, 1))

    assert read("u1001") is not None and read("nobody") is None
    await gateway.revoke("u1001")
    assert read("u1001") is None
    assert count(gateway, "unknown_unit") == 1 and count(gateway, "revoked_unit") == 1


def test_segments_without_number_stop_at_what_a_card_can_hold(tmp_path):
    shelf = Shelf(tmp_path, Quota(1 << 30, 1 << 30), 0)
    shelf._growing["u1001"] = GROWING_MAX - 2
    pieces = [Piece(Key("u1001", RECORDING.hex(), n), 0, memoryview(b"x"), True, 5) for n in range(10)]
    pieces.append(Piece(Key("u2002", RECORDING.hex(), 0), 0, memoryview(b"x"), True, 5))
    done = shelf.write(pieces)
    assert done.refused == {("segments_too_many", "u1001"): 8} and done.new_bytes == 3
    assert len(list(tmp_path.rglob("*.part"))) == 3
    shelf.close_all()


def test_segment_that_is_being_sealed_is_not_opened_again_by_a_manifest_that_is_repeated(tmp_path):
    """Or bytes that come later would be written into the sealed file."""
    shelf = Shelf(tmp_path, Quota(1 << 30, 1 << 30), 0)
    key = Key("u1001", RECORDING.hex(), 0)
    shelf.write([Piece(key, 0, memoryview(b"truth"), True, 5)])
    assert shelf.expect(key, 5).whole
    shelf.close(key)
    assert shelf.expect(key, 5).whole
    shelf.places.part(key).rename(shelf.places.sealed(key))
    shelf.places.manifest(key).touch()
    shelf.sealed(key)
    done = shelf.write([Piece(key, 0, memoryview(b"a lie"), True, 6)])
    assert done.refused == {("chunk_late", "u1001"): 1}
    assert shelf.places.sealed(key).read_bytes() == b"truth"
