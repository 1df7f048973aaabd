"""Recordings survive a killed gateway and a full disk, and are kept as long as they must be."""

import contextlib
import hashlib
import secrets
import signal

import httpx
import pytest
import pytest_asyncio
from conftest import COURT, eventually
from filmer import START_S, Filmer, segment
from moto.server import ThreadedMotoServer
from test_killed import alive, gateway_process

from gateway.clock import ManualClock
from gateway.evidence import journal, keeping, sealing
from gateway.evidence.places import Key
from gateway.evidence.remote import FAILURES, Mover, Remote
from gateway.evidence_settings import EvidenceSettings
from gateway.store import audit, recording_register, recordings, tables
from protocol.manifest import LAST
from protocol.media import Chunk
from protocol.messages import REFUSED_QUOTA

RECORDING = bytes.fromhex("a1b2c3d4e5f60718")
DAY_MS = 86_400_000
REPEATS = 10


def named(number):
    return RECORDING + number.to_bytes(4, "big")


def count(gateway, fault):
    return gateway.metrics.faults.labels(fault)._value.get()


@pytest_asyncio.fixture
async def gateway(start):
    running = await start()
    await running.provision("u1001", COURT, officer="Lin Yan")
    return running


async def row_of(gateway, made):
    async with gateway.store.read() as connection:
        return await recordings.segment(
            connection, "u1001", RECORDING.hex(), int.from_bytes(made.segment[8:], "big")
        )


async def test_gateway_killed_in_the_middle_asks_only_for_what_it_lacks(
    start, broker_kind, tmp_path, free_port
):
    gateway = await start(broker_kind, port=free_port)
    await gateway.provision("u1001", COURT, officer="Lin Yan")
    await gateway.stop()
    places, made = gateway.evidence.places, segment(named(0), blocks=60)
    key, folder = Key.of("u1001", made.segment), tmp_path / "units" / "u1001"
    sent = 0
    for part in range(3):
        died = gateway_process("never", tmp_path, broker_kind, free_port)
        async with died as (process, broker_pid), Filmer(folder) as filmer:
            chunks = [made.chunk(number) for number in range(sent, 18 * (part + 1))]
            end = chunks[-1].offset + len(chunks[-1].data)

            def arrived(end=end):
                path = places.ranges(key)
                return path.exists() and journal.replay(path.read_bytes()).received_bytes >= end

            for _ in range(REPEATS):  # at QoS 0: what comes before the gateway has subscribed is lost
                await filmer.send(made, chunks)
                with contextlib.suppress(TimeoutError):
                    await eventually(arrived, 2.0)
                    break
            assert arrived()
            await filmer.send(
                made, [made.chunk(number) for number in range(18 * (part + 1), 18 * (part + 1) + 3)]
            )
            process.send_signal(signal.SIGKILL)
            await process.wait()
            await eventually(lambda broker_pid=broker_pid: not alive(broker_pid))
        sent = 18 * (part + 1)
    back = await start(broker_kind, port=free_port)
    async with Filmer(folder) as filmer:
        manifest = filmer.manifest(made)
        want = await filmer.seal(manifest)
        assert want.ranges[0] >= end and want.ranges[-1] == len(made.data)
        assert (await filmer.restore(made, manifest)).sealed == manifest.sha256
    assert back.evidence.places.sealed(key).read_bytes() == made.data


async def test_gateway_killed_between_file_and_database_seals_it_at_the_next_start(start, tmp_path, gateway):
    made = segment(named(0))
    key = Key.of("u1001", made.segment)
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        manifest = filmer.manifest(made)
        assert (await filmer.seal(manifest)).ranges
    await gateway.stop()
    places = gateway.evidence.places
    places.folder(key).mkdir(parents=True, exist_ok=True)
    places.part(key).write_bytes(made.data + b"beyond")
    assert sealing.seal(places, key, manifest) is not None
    back = await start()
    await eventually(lambda: back.metrics.segments_sealed._value.get() == 1)
    assert (await row_of(back, made)).state == "sealed"
    assert back.evidence.quota.used("u1001") == len(made.data)


async def test_power_cut_that_lost_bytes_the_journal_claims_is_made_good(start, tmp_path, free_port):
    gateway = await start(port=free_port)
    await gateway.provision("u1001", COURT, officer="Lin Yan")
    made = segment(named(0))
    key = Key.of("u1001", made.segment)
    places = gateway.evidence.places
    await gateway.stop()
    places.folder(key).mkdir(parents=True)
    places.part(key).write_bytes(made.data[:20_000] + bytes(len(made.data) - 20_000))
    torn = journal.encode([(0, len(made.data), journal.HELD)]) + b"\x00\x01"
    places.ranges(key).write_bytes(torn)
    back = await start(port=free_port)
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        manifest = filmer.manifest(made)
        assert (await filmer.restore(made, manifest)).sealed == manifest.sha256
    assert back.evidence.places.sealed(key).read_bytes() == made.data


async def test_full_disk_is_counted_and_told_and_the_bytes_come_again(gateway, tmp_path):
    made = segment(named(0))
    key, places = Key.of("u1001", made.segment), gateway.evidence.places
    places.folder(key).mkdir(parents=True)
    places.part(key).symlink_to("/dev/full")
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        await filmer.send(made, [made.chunk(n) for n in range(len(made.chunks))])
        await eventually(lambda: count(gateway, "no_room"))
        async with httpx.AsyncClient() as client:
            assert (await client.get(gateway.url + "/api/v1/health")).json() == {"ok": False}
        assert "No space left" in gateway.media.health()["problem"]
        assert gateway.evidence.quota.used("u1001") == 0
        places.part(key).unlink()
        manifest = filmer.manifest(made)
        assert (await filmer.restore(made, manifest)).sealed == manifest.sha256
        assert gateway.evidence.problem is None and gateway.evidence.quota.used("u1001") == len(made.data)


async def test_disk_keeps_room_for_the_database(start, tmp_path):
    gateway = await start(evidence={"free_mib": 1 << 30})
    await gateway.provision("u1001", COURT)
    made = segment(named(0))
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        await filmer.send(made, [made.chunk(0)])
        await eventually(lambda: count(gateway, "no_room") == 1)
        assert (await filmer.seal(filmer.manifest(made))).ranges == [0, len(made.data)]


async def test_quota_of_a_unit_is_told_and_counted(start, tmp_path):
    gateway = await start(evidence={"unit_quota_mib": 1})
    await gateway.provision("u1001", COURT)
    first, second = segment(named(0), block_bytes=30_000), segment(named(1), block_bytes=30_000)
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        manifest = filmer.manifest(first)
        assert (await filmer.restore(first, manifest)).sealed
        assert await filmer.refused(filmer.manifest(second)) == REFUSED_QUOTA
        pieces = [Chunk(at, 0, second.data[at : at + 16_384]) for at in range(0, len(second.data), 16_384)]
        await filmer.send(second, pieces)
        await eventually(lambda: count(gateway, "recording_quota") > 5)
    assert gateway.evidence.quota.used("u1001") <= 1 << 20


async def test_manifest_that_is_looked_up_while_its_segment_is_sealed_is_told_so(start, tmp_path):
    """The register says still wanted, and all that is wanted is there: nothing is refused or asked for again."""
    gateway = await start(evidence={"unit_quota_mib": 1})
    await gateway.provision("u1001", COURT)
    made = segment(named(0), block_bytes=30_000)
    look = gateway.store.look
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        manifest = filmer.manifest(made)
        assert (await filmer.seal(manifest)).ranges == [0, len(made.data)]

        async def slow_look(job):
            found = await look(job)
            gateway.store.look = look
            pieces = range(0, len(made.data), 16_384)
            await filmer.send(made, [Chunk(at, 0, made.data[at : at + 16_384]) for at in pieces])
            await eventually(lambda: gateway.metrics.segments_sealed._value.get() == 1)
            return found

        gateway.store.look = slow_look
        await filmer.control.say("manifest", manifest)
        await filmer.control.until(lambda: len(filmer._wants(manifest)) == 3)
        assert [bool(want.sealed) for want in filmer._wants(manifest)] == [False, True, True]
    assert not gateway.evidence.answers.wanted and count(gateway, "recording_quota") == 0


async def test_recording_is_deleted_by_name_when_its_time_is_over_and_nothing_refers_to_it(start, tmp_path):
    clock = ManualClock(START_S * 1000 + 60_000)
    gateway = await start(clock=clock, evidence={"retention_days": 200})
    await gateway.provision("u1001", COURT, officer="Lin Yan")
    ids = [secrets.token_bytes(8) for _ in range(3)]
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        count = 0
        for recording in ids:
            made = segment(recording + bytes(4))
            await filmer.send(made, [made.chunk(n) for n in range(len(made.chunks))])
            await filmer.control.say("manifest", manifest := filmer.manifest(made, flags=LAST))
            count += len(made.chunks)
            await eventually(lambda count=count: gateway.metrics.media_chunks._value.get() == count)
            while not filmer._wants(manifest):
                clock.advance(300)
                await filmer.control.until(lambda: True)
                with contextlib.suppress(TimeoutError):
                    await filmer.control.until(lambda manifest=manifest: filmer._wants(manifest), 0.3)
            assert filmer._wants(manifest)[-1].sealed
        free, held, linked = (recording.hex() for recording in ids)
        await gateway.store.write(
            lambda c: recording_register.hold(c, "u1001", held, "complaint 7", "chen", clock.now_ms())
        )
        link = {"unit_id": "u1001", "recording": linked, "incident_id": "I-1", "how": "alarm"}
        await gateway.store.write(lambda c: c.execute(tables.recording_incidents.insert().values(link)))
        # The hourly look may be at it as well.
        gone = gateway.metrics.recordings_deleted._value
        clock.advance(199 * DAY_MS)
        await gateway.delete_old_recordings()
        assert gone.get() == 0
        clock.advance(2 * DAY_MS)
        await gateway.delete_old_recordings()
        await eventually(lambda: gone.get() == 1)
        places = gateway.evidence.places
        await eventually(lambda: not places.sealed(Key("u1001", free, 0)).exists())
        assert places.manifest(Key("u1001", free, 0)).exists()
        assert (
            places.sealed(Key("u1001", held, 0)).exists() and places.sealed(Key("u1001", linked, 0)).exists()
        )
        async with gateway.store.read() as connection:
            entry = [e for e in await audit.entries(connection) if e.action == "recording.delete"]
            assert [(e.login, e.subject) for e in entry] == [("retention", f"u1001/{free}")]
            assert await audit.first_broken(connection) is None
        # The unit that asks about it once more may forget it.
        first = next(s for leaf, s in filmer.control.heard if leaf == "want" and s.segment[:8] == ids[0])
        assert first.sealed
        released = await gateway.store.write(
            lambda c: recording_register.release(c, "u1001", held, "settled", "wu", clock.now_ms())
        )
        assert released == 1
        await gateway.delete_old_recordings()
        await eventually(lambda: gone.get() == 2)
    kept = places.sealed(Key("u1001", linked, 0)).stat().st_size
    await eventually(lambda: gateway.evidence.quota.used("u1001") == kept)


async def deleted(gateway, days, left_days=keeping.LEFT_DAYS, remote=None):
    """How many recordings are deleted when so many days have gone by."""
    now_ms = gateway.clock.now_ms() + days * DAY_MS
    return await keeping.delete_old(
        gateway.store, gateway.evidence, remote, gateway.metrics, 180, now_ms, left_days
    )


async def test_recording_whose_alarm_was_heard_after_it_is_kept_for_the_incident(gateway, tmp_path):
    alarm_id = secrets.token_bytes(16)
    made = segment(named(0))
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        manifest = filmer.manifest(made, flags=LAST, alarm_id=alarm_id)
        assert (await filmer.restore(made, manifest)).sealed
        await filmer.control.say("alarm", filmer.control.alarm(alarm_id=alarm_id))
        await eventually(gateway.centre.live_incidents)
    incident_id = gateway.centre.live_incidents()[0].incident.incident_id
    async with gateway.store.read() as connection:
        (found,) = await recording_register.search(
            connection, recording_register.Filter(incident_id=incident_id), 10
        )
    assert (found.recording, found.incident_ids) == (made.segment[:8].hex(), (incident_id,)), (
        "with the alarm itself"
    )
    assert await deleted(gateway, 200) == 0
    assert gateway.evidence.places.sealed(Key.of("u1001", made.segment)).exists()


async def test_unit_that_brings_more_of_a_deleted_recording_loses_none_of_it(gateway, tmp_path):
    first, second, third = (segment(named(number)) for number in range(3))
    places = gateway.evidence.places
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        assert (await filmer.restore(first, filmer.manifest(first))).sealed
        await filmer.send(second, [second.chunk(0)])
        await eventually(lambda: Key.of("u1001", second.segment) in gateway.evidence._grown)
        await gateway.evidence.write_down()
        assert await deleted(gateway, 200) == 1
        assert not places.sealed(Key.of("u1001", first.segment)).exists()
        # Of the second the unit has all, and here was a part of it; the third is new.
        for made, flags in ((second, 0), (third, LAST)):
            assert (await filmer.restore(made, filmer.manifest(made, flags=flags))).sealed
            key = Key.of("u1001", made.segment)
            assert places.sealed(key).read_bytes() == made.data
        assert await deleted(gateway, 1) == 0
        assert places.sealed(key).exists()


@pytest.fixture
def s3():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    httpx.put(f"http://{host}:{port}/evidence", timeout=60).raise_for_status()
    yield {
        "store": "s3",
        "s3_bucket": "evidence",
        "s3_endpoint": f"http://{host}:{port}",
        "s3_access_key": "key",
        "s3_secret_key": "secret",
    }
    server.stop()


async def test_sealed_segment_moves_to_the_object_store_and_is_read_from_there(start, tmp_path, s3):
    gateway = await start(evidence=s3)
    await gateway.provision("u1001", COURT, officer="Lin Yan")
    made = segment(named(0), block_bytes=30_000)
    key = Key.of("u1001", made.segment)
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        assert (await filmer.restore(made, filmer.manifest(made, flags=LAST))).sealed
    mover = Mover(gateway._remote, gateway.evidence.places, gateway.store, gateway.clock)
    while await mover.move():  # unless the gateway's own has just begun it
        pass
    assert mover.problem is None
    await eventually(lambda: not gateway.evidence.places.sealed(key).exists())
    assert gateway.evidence.places.manifest(key).exists()
    row = await row_of(gateway, made)
    assert row.remote == f"u1001/{RECORDING.hex()}/{key.name}.mkv"
    read = b"".join([piece async for piece in gateway.archive.read(row, 5, len(made.data) - 5)])
    assert read == made.data[5:-5]
    async with gateway.store.read() as connection:
        keys = await gateway_keys(connection)
    (verdict,) = await gateway.archive.prove([row], keys)
    assert verdict.faults == []


async def gateway_keys(connection):
    from gateway.store import unit_keys

    return await unit_keys.of_unit(connection, "u1001")


async def test_file_stays_here_when_its_copy_is_not_what_was_sealed(start, tmp_path, s3):
    gateway = await start()
    await gateway.provision("u1001", COURT)
    made = segment(named(0))
    key, places = Key.of("u1001", made.segment), gateway.evidence.places
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        assert (await filmer.restore(made, filmer.manifest(made))).sealed
    remote = Remote(EvidenceSettings(**s3))
    mover = Mover(remote, places, gateway.store, gateway.clock)
    whole = places.sealed(key).read_bytes()
    places.sealed(key).write_bytes(
        bytes(len(whole))
    )  # the disk gives other bytes to the copy than were sealed
    assert await mover.move() == 0 and "not what was sealed" in mover.problem
    assert (await row_of(gateway, made)).remote is None and places.sealed(key).exists()
    places.sealed(key).write_bytes(whole)
    unreachable = Remote(EvidenceSettings(**(s3 | {"s3_bucket": "nobody-made-it"})))
    assert await Mover(unreachable, places, gateway.store, gateway.clock).move() == 0
    assert hashlib.sha256(places.sealed(key).read_bytes()).digest() == hashlib.sha256(made.data).digest()
    assert await mover.move() == 1 and mover.problem is None


async def test_file_that_a_killed_gateway_left_after_its_moving_goes_when_its_copy_is_seen(
    start, tmp_path, s3
):
    gateway = await start()
    await gateway.provision("u1001", COURT)
    made = segment(named(0))
    places = gateway.evidence.places
    path = places.sealed(Key.of("u1001", made.segment))
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        assert (await filmer.restore(made, filmer.manifest(made, flags=LAST))).sealed
    remote = Remote(EvidenceSettings(**s3))
    assert await Mover(remote, places, gateway.store, gateway.clock).move() == 1
    path.write_bytes(made.data)  # as it was when the register had been told, and the file not removed
    again = Mover(remote, places, gateway.store, gateway.clock)
    assert await again.move() == 0 and again.problem is None and not path.exists()
    # And if its copy is lost, this one is moved once more.
    name = (await row_of(gateway, made)).remote
    path.write_bytes(made.data)
    await remote.delete(name)
    assert await Mover(remote, places, gateway.store, gateway.clock).move() == 1
    assert not path.exists() and await remote.size(name) == len(made.data)


async def test_file_of_a_deleted_recording_that_a_killed_gateway_left_goes_after_the_next_start(
    gateway, tmp_path
):
    made = segment(named(0))
    path = gateway.evidence.places.sealed(Key.of("u1001", made.segment))
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        assert (await filmer.restore(made, filmer.manifest(made, flags=LAST))).sealed
    assert await deleted(gateway, 200) == 1 and not path.exists()
    path.write_bytes(made.data)  # as it was when the register had been told, and the file not removed
    assert await deleted(gateway, 220) == 0 and path.exists(), "not every hour for so long"
    assert await deleted(gateway, 220, keeping.LEFT_DAYS_AT_START) == 0 and not path.exists()
    assert path.with_suffix(".manifest").exists()


async def test_object_of_a_deleted_recording_goes_when_the_store_is_there_again(start, tmp_path, s3):
    """However long it was away."""
    gateway = await start()
    await gateway.provision("u1001", COURT)
    made = segment(named(0))
    places, clock = gateway.evidence.places, gateway.clock
    remote = Remote(EvidenceSettings(**s3))
    nowhere = Remote(EvidenceSettings(**(s3 | {"s3_bucket": "nobody-made-it"})))

    async def keep(store, days):
        now_ms = clock.now_ms() + days * DAY_MS
        return await keeping.delete_old(gateway.store, gateway.evidence, store, gateway.metrics, 180, now_ms)

    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        manifest = filmer.manifest(made, flags=LAST)
        assert (await filmer.restore(made, manifest)).sealed
        mover = Mover(remote, places, gateway.store, clock)
        assert await mover.move() == 1
        name = (await row_of(gateway, made)).remote
        with pytest.raises(FAILURES):
            await keep(nowhere, 200)
        assert (await row_of(gateway, made)).state == "deleted" and await remote.size(name) == len(made.data)
        assert await keep(remote, 230) == 0
        assert await remote.size(name) is None and (await row_of(gateway, made)).remote is None
