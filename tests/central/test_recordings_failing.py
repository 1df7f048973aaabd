"""One segment that cannot be moved or deleted stops no other, and what a unit brings again is not deleted."""

import asyncio

import pytest
import pytest_asyncio
from conftest import COURT, eventually
from filmer import Filmer, segment
from test_recordings_kept import DAY_MS, RECORDING, deleted, named, row_of, s3  # noqa: F401

from gateway.evidence.places import Key
from gateway.evidence.remote import Mover, Remote
from gateway.evidence_settings import EvidenceSettings
from protocol.manifest import LAST

OTHER = b"\xff" * 8 + bytes(4)


@pytest_asyncio.fixture
async def gateway(start):
    running = await start()
    await running.provision("u1001", COURT)
    return running


async def record(filmer, *segments):
    """Sealed segments, each the last of its recording."""
    for made in segments:
        assert (await filmer.restore(made, filmer.manifest(made, flags=LAST))).sealed


async def test_file_that_is_lost_here_stops_no_other_from_being_moved(gateway, tmp_path, s3):  # noqa: F811
    one, two = segment(named(0)), segment(OTHER)
    places = gateway.evidence.places
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        await record(filmer, one, two)
    lost = places.sealed(Key.of("u1001", one.segment))
    lost.unlink()
    mover = Mover(Remote(EvidenceSettings(**s3)), places, gateway.store, gateway.clock)
    assert await mover.move() == 1 and mover.problem is not None
    assert not places.sealed(Key.of("u1001", two.segment)).exists()
    assert await mover.move() == 0 and mover.problem is not None, "it is still not there"
    lost.write_bytes(one.data)
    assert await mover.move() == 1 and mover.problem is None


async def test_file_that_cannot_be_deleted_stops_no_other_from_being_deleted(gateway, tmp_path):
    one, two = segment(named(0)), segment(OTHER)
    places = gateway.evidence.places
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        await record(filmer, one)
        assert await deleted(gateway, 200) == 1
        await record(filmer, two)
    places.sealed(Key.of("u1001", one.segment)).mkdir()  # unlink refuses it, as what is immutable
    with pytest.raises(OSError, match="directory"):
        await deleted(gateway, 200)
    assert not places.sealed(Key.of("u1001", two.segment)).exists()


async def test_object_that_cannot_be_deleted_stops_no_other_from_being_deleted(
    gateway,
    tmp_path,
    s3,  # noqa: F811
    monkeypatch,
):
    one, two = segment(named(0)), segment(OTHER)
    remote = Remote(EvidenceSettings(**s3))
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        await record(filmer, one, two)
    mover = Mover(remote, gateway.evidence.places, gateway.store, gateway.clock)
    assert await mover.move() == 2
    names = [(await row_of(gateway, one)).remote, f"u1001/{'ff' * 8}/{'ff' * 8}-0.mkv"]
    delete = remote.delete

    async def refuse(name):
        if name == names[0]:
            raise OSError("403: locked")
        await delete(name)

    monkeypatch.setattr(remote, "delete", refuse)
    with pytest.raises(OSError, match="locked"):
        await deleted(gateway, 200, remote=remote)
    assert [await remote.size(name) for name in names] == [len(one.data), None]
    monkeypatch.undo()
    await deleted(gateway, 200, remote=remote)
    assert await remote.size(names[0]) is None


async def test_first_look_after_a_start_that_failed_is_made_again(gateway, tmp_path, monkeypatch):
    made = segment(named(0))
    path = gateway.evidence.places.sealed(Key.of("u1001", made.segment))
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        await record(filmer, made)
    assert await deleted(gateway, 200) == 1
    path.write_bytes(made.data)  # left by a kill
    now_ms = gateway.clock.now_ms()
    monkeypatch.setattr(gateway.clock, "now_ms", lambda: now_ms + 220 * DAY_MS)
    remove = gateway.evidence.shelf.remove

    def fail(*_):
        raise OSError("EIO, once")

    gateway.evidence.shelf.remove = fail
    with pytest.raises(OSError, match="once"):
        await gateway.delete_old_recordings()
    gateway.evidence.shelf.remove = remove
    await gateway.delete_old_recordings()
    assert not path.exists()


async def test_segment_that_is_brought_again_while_others_are_removed_is_kept(gateway, tmp_path, monkeypatch):
    """A unit is told that it is sealed, and deletes its own."""
    first, second = segment(named(0)), segment(named(1))
    evidence, places = gateway.evidence, gateway.evidence.places
    keys = [Key.of("u1001", made.segment) for made in (first, second)]
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        assert (await filmer.restore(first, filmer.manifest(first))).sealed
        await filmer.send(second, [second.chunk(0)])
        await eventually(lambda: keys[1] in evidence._grown)
        await evidence.write_down()
        assert await deleted(gateway, 200) == 1
        places.sealed(keys[0]).write_bytes(first.data)  # left by a kill
        await filmer.send(second, [second.chunk(0)])
        await eventually(lambda: places.part(keys[1]).exists())
        remove, told = evidence.remove, asyncio.Event()

        async def slowly(key, kept_bytes):
            await remove(key, kept_bytes)
            if key == keys[0]:
                assert (await filmer.restore(second, filmer.manifest(second, flags=LAST))).sealed
                told.set()

        monkeypatch.setattr(evidence, "remove", slowly)
        await deleted(gateway, 1)
    assert told.is_set() and not places.sealed(keys[0]).exists()
    assert (
        places.sealed(keys[1]).read_bytes() == second.data
        and (await row_of(gateway, second)).state == "sealed"
    )
