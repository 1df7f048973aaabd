import asyncio
import os
import signal
import socket
import ssl
from pathlib import Path

import pytest
from conftest import COURT, OTHER_COURT, eventually, settings_for
from ingest_case import online
from standin import StandIn

from gateway.app import Gateway
from gateway.errors import BrokerAddress, BrokerError, BrokerMissing
from gateway.provision import Authority
from gateway.settings import BrokerSettings
from protocol import messages, topics

NOW_MS = 1_795_478_400_000


async def unit(gateway, unit_id="u1001", court_id=COURT):
    await gateway.provision(unit_id, court_id)
    return gateway.settings.data_dir / "units" / unit_id


async def refused(folder, **given):
    """Whether the broker turns this certificate away."""
    async with StandIn(folder, **given) as standin:
        await standin.until(lambda: standin.refused or standin.connected)
        return not standin.connected


async def test_unit_is_heard_and_answered(start, broker_kind):
    gateway = await start(broker_kind)
    async with StandIn(await unit(gateway)) as one:
        await one.online()
        alarm = one.alarm(fix=one.fix(), fix_age_ms=10)
        await one.say("alarm", alarm)
        receipt = await one.receipt(alarm.alarm_id, messages.STORED)
        (view,) = gateway.centre.live_incidents()
        assert receipt.incident == view.incident.incident_id
        # Its state comes by another link than its alarm.
        await eventually(lambda: gateway.centre.units()["u1001"].battery_pct == 80)


async def test_unit_cannot_speak_or_listen_for_another(start, broker_kind):
    """A refused publish is still acknowledged by nats-server: nothing of it may arrive all the same."""
    gateway = await start(broker_kind)
    first, second = await unit(gateway), await unit(gateway, "u2002", OTHER_COURT)
    async with StandIn(first) as one, StandIn(second) as other:
        await one.online()
        await other.online()
        one._client.subscribe(topics.down_all(OTHER_COURT, "u2002"), 1)
        await one.raw(topics.up(OTHER_COURT, "u2002", "alarm"), one.alarm().encode(), wait=False)
        await one.raw(topics.down(OTHER_COURT, "u2002", "alarm"), b"x", wait=False)
        mine = one.alarm()
        await one.stored(mine)
        theirs = other.alarm()
        await other.stored(theirs)
        seen = {view.incident.unit_id: view.incident.alarm_count for view in gateway.centre.live_incidents()}
        assert seen == {"u1001": 1, "u2002": 1}
        answers = [r.alarm_id for _, r in one.heard].count(mine.alarm_id)
        await one.say("alarm", mine)  # answered after everything that came before it
        await one.until(lambda: [r.alarm_id for _, r in one.heard].count(mine.alarm_id) > answers)
        assert {r.alarm_id for _, r in one.heard} == {mine.alarm_id}


async def test_unit_that_moved_court_is_heard_under_the_old_one(start, broker_kind):
    """Its files are on the unit only after the next visit to the workshop; its alarm must not wait for that."""
    gateway = await start(broker_kind)
    folder = await unit(gateway)
    async with StandIn(folder) as one:
        await online(gateway, one)
        gateway.metrics.faults.clear()
        await gateway.store.write(_moved_to(OTHER_COURT))
        await gateway.reload()
        alarm = one.alarm()
        await one.say("alarm", alarm)
        await one.receipt(alarm.alarm_id, messages.STORED)
    (view,) = gateway.centre.live_incidents()
    assert view.incident.court_id == OTHER_COURT
    assert gateway.metrics.faults.labels("court_mismatch")._value.get() == 1


def _moved_to(court_id):
    from gateway.store import tables

    async def job(connection):
        await connection.execute(tables.units.update().values(court_id=court_id))

    return job


async def test_certificate_of_another_authority_is_refused(start, broker_kind, tmp_path):
    gateway = await start(broker_kind)
    folder = await unit(gateway)
    foreign = Authority(tmp_path / "foreign", NOW_MS).client("u1001", 100, 1)
    _put(folder, foreign)
    assert await refused(folder)


async def test_certificate_that_has_expired_is_refused(start, broker_kind, tmp_path):
    gateway = await start(broker_kind)
    folder = await unit(gateway)
    _put(folder, Authority(tmp_path / "ca", NOW_MS - 900 * 86_400_000).client("u1001", 100, 1))
    assert await refused(folder)


async def test_client_without_a_certificate_is_refused(start, broker_kind):
    gateway = await start(broker_kind)
    client = gateway.broker.client
    context = ssl.create_default_context(cafile=str(client.ca_path))
    reader, writer = await asyncio.open_connection(client.host, client.port, ssl=context)
    writer.write(b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02xx")
    try:
        assert await asyncio.wait_for(reader.read(4), 10) != b"\x20\x02\x00\x00"
    except OSError:
        pass
    finally:
        writer.close()


async def test_revoked_unit_is_cut_off_and_stays_out(start, broker_kind):
    gateway = await start(broker_kind)
    folder = await unit(gateway)
    async with StandIn(folder) as one:
        await one.online()
        await gateway.revoke("u1001")
        if broker_kind == "embedded":
            await one.until(lambda: not one.connected)
        else:  # connected, but heard no more
            async with asyncio.timeout(30):
                while not await refused(folder, client_id="again"):
                    pass
        alarm = one.alarm()
        await one.raw(topics.up(COURT, "u1001", "alarm"), alarm.encode(), wait=False)
        async with StandIn(await unit(gateway, "u2002")) as other:
            await other.online()
            theirs = other.alarm()
            await other.say("alarm", theirs)
            await other.receipt(theirs.alarm_id, messages.STORED)
        assert [view.incident.unit_id for view in gateway.centre.live_incidents()] == ["u2002"]


async def test_old_certificate_of_a_unit_provisioned_anew_is_refused(start, broker_kind, tmp_path):
    gateway = await start(broker_kind)
    await gateway.provision("u1001", COURT, tmp_path / "old")
    await gateway.provision("u1001", COURT, tmp_path / "new")
    async with StandIn(tmp_path / "new") as one:
        await one.online()
    assert await refused(tmp_path / "old", client_id="other")


async def test_broker_killed_between_press_and_receipt_comes_back_and_nothing_is_lost(start, broker_kind):
    gateway = await start(broker_kind)
    async with StandIn(await unit(gateway)) as one:
        await one.online()
        alarm, killed = one.alarm(), gateway.broker.pid
        await one.raw(topics.up(COURT, "u1001", "alarm"), alarm.encode(), wait=False)
        os.kill(killed, signal.SIGKILL)
        await eventually(
            lambda: gateway.broker.pid not in (None, killed) and gateway.ingest.alarm_link.connected
        )
        await one.until(lambda: one.connected)
        await one.say("alarm", alarm)  # as the unit does until it is answered
        await one.receipt(alarm.alarm_id, messages.STORED)
        (view,) = gateway.centre.live_incidents()
        assert view.incident.alarm_count == 1
        assert gateway.broker.health()["restarts"] == 1


async def test_broker_left_over_by_a_killed_gateway_is_replaced(start, broker_kind, tmp_path, free_port):
    """On the same port and the same files, and without an orphan."""
    settings = settings_for(tmp_path, broker_kind, free_port)
    async with Gateway(settings) as gateway:
        left_over = gateway.broker.pid
        command = Path(f"/proc/{left_over}/cmdline").read_bytes().split(b"\0")[:-1]
    orphan = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    (tmp_path / "broker" / "broker.pid").write_text(f"{orphan.pid}\n")
    async with Gateway(settings) as gateway:
        assert gateway.broker.pid != orphan.pid
        assert await asyncio.wait_for(orphan.wait(), 30) is not None
    assert not (tmp_path / "broker" / "broker.pid").exists()


async def test_pid_file_of_another_program_is_not_believed(start, tmp_path):
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "broker.pid").write_text(f"{os.getpid()}\n")
    gateway = await start()
    assert gateway.broker.pid not in (None, os.getpid())


async def test_port_that_is_taken_is_said_at_the_start(tmp_path, broker_kind):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=f"127.0.0.1:{port} cannot be used for the broker"):
            async with Gateway(settings_for(tmp_path, broker_kind, port)):
                pass


async def test_embedded_broker_serves_loopback_only(tmp_path):
    settings = settings_for(tmp_path)
    everywhere = settings.model_copy(update={"broker": BrokerSettings(host="0.0.0.0", port=0)})
    with pytest.raises(BrokerAddress, match="mosquitto"):
        async with Gateway(everywhere):
            pass


async def test_program_that_is_missing_is_named(tmp_path, broker_kind):
    settings = settings_for(tmp_path)
    broker = BrokerSettings(kind=broker_kind, port=0, program=tmp_path / "none")
    with pytest.raises(BrokerMissing, match="was not found"):
        async with Gateway(settings.model_copy(update={"broker": broker})):
            pass


async def test_program_that_ends_at_once_is_said_with_its_last_line(tmp_path):
    program = tmp_path / "broken"
    program.write_text("#!/bin/sh\necho no such luck\nexit 3\n")
    program.chmod(0o755)
    settings = settings_for(tmp_path)
    broker = BrokerSettings(port=0, program=program)
    with pytest.raises(BrokerError, match="ended with status 3 at its start: no such luck"):
        async with Gateway(settings.model_copy(update={"broker": broker})):
            pass


async def test_external_broker_is_used_as_it_is(start, tmp_path):
    """Another gateway's mosquitto stands for one that an operator runs."""
    from gateway.settings import HttpSettings, Settings, SiteSettings

    owner = await start("mosquitto")
    client = owner.broker.client
    folder = await unit(owner)
    await owner.ingest.alarm_link.stop()
    await owner.ingest.fix_link.stop()
    beside = tmp_path / "beside"
    (beside).mkdir()
    os.symlink(tmp_path / "ca", beside / "ca")
    settings = Settings(
        site=SiteSettings(data_dir=beside),
        http=HttpSettings(port=0),
        broker=BrokerSettings(kind="external", host=client.host, port=client.port),
    )
    async with Gateway(settings) as gateway:
        await gateway.ingest.wait_connected()
        async with StandIn(folder) as one:
            await one.online()
            alarm = one.alarm()
            await one.say("alarm", alarm)
            await one.receipt(alarm.alarm_id, messages.STORED)
        # It is not in this gateway's register: an alarm is believed all the same.
        (view,) = gateway.centre.live_incidents()
        assert not gateway.centre.units()["u1001"].unit.known and view.incident.court_id == COURT


def _put(folder, issued):
    from cryptography.hazmat.primitives.serialization import Encoding

    (folder / "unit.der").write_bytes(issued.certificate.public_bytes(Encoding.DER))
    (folder / "unit.key.der").write_bytes(issued.key_bytes(Encoding.DER))
