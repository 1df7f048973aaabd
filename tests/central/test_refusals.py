"""Whatever the broker refuses is one log line that names who, and a counter."""

import asyncio
import contextlib
import runpy
import ssl
from pathlib import Path

import pytest
from conftest import COURT, OTHER_COURT, eventually, settings_for
from cryptography.hazmat.primitives.serialization import Encoding
from standin import StandIn

from gateway.app import Gateway
from gateway.broker import mosquitto
from gateway.broker.mosquitto_log import MosquittoLog
from gateway.broker.nats_log import NatsLog
from gateway.broker.verdict import Names, host_of
from gateway.clock import ManualClock
from gateway.model import Unit
from gateway.provision import Authority, warn_of_ends
from gateway.provision.ends import DAY_MS, ending
from gateway.settings import BrokerSettings
from gateway.store import units
from protocol import topics

NOW_MS = 1_795_478_400_000
LIMIT_BYTES = BrokerSettings().max_packet_bytes


async def refusal(gateway, lines, fault, **facts):
    """Wait for the one line with these facts; returns it."""

    def found():
        return [line for line in lines if line["event"] == fault and facts.items() <= line.items()]

    await eventually(found)
    assert len(found()) == 1
    assert gateway.metrics.faults.labels(fault)._value.get() >= 1
    return found()[0]


async def unit(gateway, unit_id="u1001", court_id=COURT):
    await gateway.provision(unit_id, court_id)
    return gateway.settings.data_dir / "units" / unit_id


async def turned_away(folder):
    async with StandIn(folder) as one:
        await one.until(lambda: one.refused or one.connected)
        assert not one.connected


def put(folder, issued):
    (folder / "unit.der").write_bytes(issued.certificate.public_bytes(Encoding.DER))
    (folder / "unit.key.der").write_bytes(issued.key_bytes(Encoding.DER))


async def test_publish_as_another_unit_is_said_with_who_did_it(start, broker_kind, lines):
    """By its certificate, whatever client id it goes by."""
    gateway = await start(broker_kind)
    topic = topics.up(OTHER_COURT, "u2002", "alarm")
    async with StandIn(await unit(gateway), client_id="u2002") as one:
        await one.online()
        for _ in range(5):
            await one.raw(topic, b"x", wait=False)
        line = await refusal(gateway, lines, "broker_denied", action="publish")
        await eventually(lambda: gateway.metrics.faults.labels("broker_denied")._value.get() == 5)
    assert (line["unit"], line["topic"], line["log_level"]) == ("u1001", topic, "warning")


@pytest.mark.parametrize("topic", [topics.down_all(OTHER_COURT, "u2002"), "#", "tip/1/+/+/up/alarm"])
async def test_subscription_to_another_unit_is_said_with_who_did_it(start, broker_kind, lines, topic):
    gateway = await start(broker_kind)
    async with StandIn(await unit(gateway)) as one:
        await one.online()
        assert not [line for line in lines if line["event"] == "broker_denied"]
        one._client.subscribe(topic, 1)
        line = await refusal(gateway, lines, "broker_denied", action="subscribe")
    assert line["unit"] == "u1001" and line["topic"] in (topic, ">")


async def test_packet_over_the_limit_is_said_with_who_sent_it(start, broker_kind, lines):
    gateway = await start(broker_kind)
    async with StandIn(await unit(gateway)) as one:
        await one.online()
        await one.raw(topics.up(COURT, "u1001", "fix"), bytes(LIMIT_BYTES + 1000), wait=False)
        line = await refusal(gateway, lines, "broker_oversized")
    assert line["unit"] == "u1001"


async def test_certificate_of_another_authority_is_said_with_the_address(start, broker_kind, lines, tmp_path):
    gateway = await start(broker_kind)
    folder = await unit(gateway)
    put(folder, Authority(tmp_path / "foreign", NOW_MS).client("u1001", 100, 1))
    await turned_away(folder)
    line = await refusal(gateway, lines, "certificate_refused")
    assert "unit" not in line and line["address"] == "127.0.0.1"
    assert "authority" in line["reason"]


async def test_certificate_that_has_expired_is_said_with_the_address(start, broker_kind, lines, tmp_path):
    gateway = await start(broker_kind)
    folder = await unit(gateway)
    put(folder, Authority(tmp_path / "ca", NOW_MS - 900 * DAY_MS).client("u1001", 100, 1))
    await turned_away(folder)
    line = await refusal(gateway, lines, "certificate_refused")
    assert line["address"] == "127.0.0.1" and "expired" in line["reason"]


async def test_certificate_that_was_revoked_is_said(start, broker_kind, lines):
    """nats-server maps it to nobody, by name; mosquitto ends the handshake, before any name."""
    gateway = await start(broker_kind)
    folder = await unit(gateway)
    await gateway.revoke("u1001")
    async with asyncio.timeout(30):  # until the broker has read the change
        while not [line for line in lines if line["event"] == "certificate_refused"]:
            async with StandIn(folder) as one:
                await one.until(lambda one=one: one.refused or one.connected)
    line = next(line for line in lines if line["event"] == "certificate_refused")
    assert line["address"] == "127.0.0.1" and "revoked" in line["reason"]
    assert line.get("unit") == ("u1001" if broker_kind == "embedded" else None)


async def test_client_without_a_certificate_is_said_with_the_address(start, broker_kind, lines):
    gateway = await start(broker_kind)
    client = gateway.broker.client
    context = ssl.create_default_context(cafile=str(client.ca_path))
    async with asyncio.timeout(30):
        while not [line for line in lines if line["event"] == "certificate_refused"]:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(client.host, client.port, ssl=context)
                try:
                    writer.write(b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02xx")
                    await asyncio.wait_for(reader.read(1), 5)
                finally:
                    writer.close()
    line = await refusal(gateway, lines, "certificate_refused")
    assert line["address"] == "127.0.0.1" and "certificate" in line["reason"]


async def test_unit_of_ours_that_is_not_registered_is_said_by_name(start, broker_kind, lines, tmp_path):
    gateway = await start(broker_kind)
    folder = await unit(gateway)
    put(folder, Authority(tmp_path / "ca", NOW_MS).client("u7", 1000, 1))
    async with StandIn(folder) as one:
        await one.until(lambda: one.refused or one.connected)
        await one.raw(topics.up(COURT, "u7", "state"), b"x", wait=False)
        fault = "certificate_refused" if broker_kind == "embedded" else "broker_denied"
        await eventually(lambda: [line for line in lines if line["event"] == fault])
    assert {line["unit"] for line in lines if line["event"] == fault} == {"u7"}


async def test_refusals_are_counted_when_the_log_is_full_of_other_lines(start, broker_kind, lines, tmp_path):
    """Beyond 50 lines a second lines are dropped; what is refused is told before that."""
    gateway = await start(broker_kind)
    async with StandIn(await unit(gateway)) as one:
        await one.online()
        for _ in range(500):
            await one.raw(topics.up(COURT, "u2002", "alarm"), b"x", wait=False)
        await eventually(lambda: gateway.metrics.faults.labels("broker_denied")._value.get() == 500)
    assert len([line for line in lines if line["event"] == "broker_denied"]) == 1


async def test_ordinary_messages_leave_nothing_in_the_log(start, broker_kind, lines):
    gateway = await start(broker_kind)
    async with StandIn(await unit(gateway)) as one:
        await one.online()
        for _ in range(50):
            await one.say("alarm", one.alarm())
        await one.raw(topics.up(COURT, "u2002", "alarm"), b"x", wait=False)
        await refusal(gateway, lines, "broker_denied")  # everything before it was read
    assert not [line for line in lines if "u1001/up/alarm" in line.get("line", "")]


async def test_external_broker_that_is_away_is_said_once_with_its_address(tmp_path, free_port, lines):
    settings = settings_for(tmp_path, "external", free_port)
    async with Gateway(settings) as gateway:
        media = gateway.media
        by_paho = (gateway.ingest.alarm_link, gateway.ingest.fix_link, media.manifest_link)
        links = (*by_paho, media.media_link)
        tries = []
        for link in by_paho:
            link._paho.on_connect_fail = counting(link._paho.on_connect_fail, tries)
        await eventually(lambda: len(tries) >= 3 * len(by_paho) and media.media_link.attempts >= 3)
        assert not gateway.centre.health()["ok"]
    said = [line for line in lines if line["event"] == "broker_unreachable"]
    assert len(said) == len(links) and {line["link"] for line in said} == {link.name for link in links}
    assert {line["address"] for line in said} == {f"127.0.0.1:{free_port}"}
    assert "refused" in said[0]["error"]


def counting(real, tries):
    def called(*given):
        tries.append(1)
        real(*given)

    return called


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[1] 2026/11/24 03:49:45 [ERR] 127.0.0.1:1 - mid:3",
        '[1] 2026/11/24 03:49:45 [ERR] 127.0.0.1:1 - mid:3 - "a" - something new',
        "1795492202: Denied PUBLISH from",
        "1795492202: mosquitto version 2.0.11 terminating",
        "1795492202: OpenSSL Error[0]: error:0A000418:SSL routines::tlsv1 alert unknown certificate ca",
        "\ud83d\ude00: x 1 y",
    ],
)
def test_line_of_another_kind_is_no_verdict(line):
    assert NatsLog().verdict(line) is None
    assert MosquittoLog("gateway").verdict(line) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "fe80::1"])
def test_certificate_that_mosquitto_refuses_at_once_is_said_with_the_address(address):
    """Its other line for it: the client's whole part of the handshake was there before it was accepted."""
    reason = "error:0A000086:SSL routines::certificate verify failed"
    verdict = MosquittoLog("gateway").verdict(f"1: Client connection from {address} failed: {reason}.")
    assert verdict.fault == "certificate_refused" and verdict.facts["address"] == address
    assert "expired" in verdict.facts["reason"]
    alert = "error:0A000418:SSL routines::tlsv1 alert unknown ca certificate"
    assert MosquittoLog("gateway").verdict(f"1: Client connection from {address} failed: {alert}.") is None


def test_client_that_is_too_slow_is_named_with_what_the_broker_did():
    nats = NatsLog()
    nats.verdict(
        '[1] d t [DBG] 1.2.3.4:5 - mid:9 - "x" - Using SAN found in cert for auth ["tipstaff-gateway"]'
    )
    reason = "MaxPending of 67108864 Exceeded"
    verdict = nats.verdict(f'[1] d t [INF] 1.2.3.4:5 - mid:9 - "x" - Slow Consumer Detected: {reason}')
    assert verdict == ("broker_slow_client", "tipstaff-gateway", {"address": "1.2.3.4", "reason": reason})
    log = MosquittoLog("tipstaff-gateway")
    log.verdict("1: New client connected from 1.2.3.4:1 as u1001:m (p2, c0, k60, u'u1001').")
    verdict = log.verdict("2: Outgoing messages are being dropped for client u1001:m.")
    assert verdict[:2] == ("broker_slow_client", "u1001")


def test_client_id_cannot_name_another_unit():
    log = MosquittoLog("gateway")
    fake = "x as u2002 (p2, c0, k60, u'u2002')."
    log.verdict(f"1: New client connected from 127.0.0.1:1 as {fake} (p2, c0, k60, u'u1001').")
    verdict = log.verdict(f"1: Denied PUBLISH from {fake} (d0, q1, r0, m5, 'a/b', ... (20 bytes))")
    assert verdict.unit == "u1001"
    nats = NatsLog()
    nats.verdict('[1] d t [DBG] 1.2.3.4:5 - mid:9 - "x" - Using SAN found in cert for auth ["g3.u1001"]')
    quoted = r'"x\" - Using SAN found in cert for auth [\"g1.u2002\"]"'
    nats.verdict(f"[1] d t [DBG] 1.2.3.4:5 - mid:9 - {quoted} - Client connected")
    verdict = nats.verdict(f'[1] d t [ERR] 1.2.3.4:5 - mid:9 - {quoted} - Publish Violation - Subject "a.b"')
    assert (verdict.unit, verdict.facts["topic"]) == ("u1001", "a/b")


def test_keepalive_that_a_unit_can_be_set_to_is_let_in_by_mosquitto():
    path = Path(__file__).parents[2] / "firmware" / "store" / "settings_table.py"
    largest_s = runpy.run_path(str(path))["TABLE"]["keepalive_s"][2]
    tls = (Path("ca"), Path("crt"), Path("key"))
    written = mosquitto.configuration(BrokerSettings(), Path("."), "::1", 1, tls, Path("crl"), "x")
    (line,) = [line for line in written.splitlines() if line.startswith("max_keepalive")]
    assert int(line.split()[1]) >= largest_s


def test_names_are_bounded_and_the_least_used_goes():
    names = Names(limit=2)
    names.learn("a", "1")
    names.learn("b", "2")
    assert names.of("a") == "1"
    names.learn("c", "3")
    assert [names.of(name) for name in "abc"] == ["1", None, "3"]


@pytest.mark.parametrize(
    ("address", "host"), [("10.0.0.1:5", "10.0.0.1"), ("[::1]:5", "::1"), ("::1:5", "::1"), ("x", "x")]
)
def test_host_of_leaves_the_port_out(address, host):
    assert host_of(address) == host


def test_ending_certificates_come_soonest_first_and_without_the_revoked():
    def of(unit_id, days, **given):
        return Unit(unit_id, COURT, certificate_ends_ms=NOW_MS + days * DAY_MS, **given)

    known = [of("far", 31), of("soon", 29), of("over", -2), of("gone", 3, revoked_ms=1), Unit("u0", COURT)]
    assert [(one.unit_id, days) for one, days in ending(known, NOW_MS)] == [("over", -2), ("soon", 29)]


async def test_certificate_that_ends_is_said_every_day_and_counted(store, lines):
    clock, counted = ManualClock(NOW_MS), []
    ends_ms = NOW_MS + 30 * DAY_MS + 1
    await store.write(lambda c: units.save_unit(c, Unit("u1", COURT, certificate_ends_ms=ends_ms)))
    task = asyncio.create_task(warn_of_ends(store, clock, lambda: counted.append(1)))
    try:
        for day in (29, 28):
            await eventually(lambda: clock._sleepers)
            clock.advance(DAY_MS)
            await eventually(lambda day=day: [line for line in lines if line.get("days_left") == day])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [line["unit"] for line in lines if line["event"] == "certificate_ends"] == ["u1", "u1"]
    assert len(counted) == 2


async def test_register_keeps_the_end_of_the_certificate(start):
    gateway = await start()
    made = await gateway.provision("u1001", COURT)
    async with gateway.store.read() as connection:
        kept = await units.find_unit(connection, "u1001")
    days = gateway.settings.unit.cert_days
    assert kept.certificate_ends_ms == made.certificate_ends_ms
    assert abs(made.certificate_ends_ms - gateway.clock.now_ms() - days * DAY_MS) < 60_000
