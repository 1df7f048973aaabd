"""The MicroPython client against real brokers, with mutual TLS: what a unit's life does to a connection."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import mqtt_certificates
import pytest
from mqtt_brokers import Broker, Mosquitto, Nats
from mqtt_unit import Gateway, Unit

UP = "tip/1/c/u1/up/alarm"
DOWN = "tip/1/c/u1/down/alarm"
KINDS: dict[str, tuple[type[Broker], int]] = {
    "nats-3.1.1": (Nats, 4),
    "mosquitto-3.1.1": (Mosquitto, 4),
    "mosquitto-5": (Mosquitto, 5),
}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mqtt_certificates.make_all(tmp_path_factory.mktemp("certificates"))


class Bench:
    """One broker with a gateway on it; units are started as a test needs them and ended with it."""

    def __init__(self, stack: ExitStack, broker: Broker, version: int) -> None:
        self._stack = stack
        self.broker = broker
        self.version = version
        broker.start()
        stack.callback(broker.kill)
        self.gateway = Gateway(broker.port, broker.certificates)
        stack.callback(self.gateway.close)

    def unit(self, **settings: object) -> Unit:
        settings = {"version": self.version, "subscribe": "tip/1/c/u1/down/+", **settings}
        settings.setdefault("certificates", self.broker.certificates)
        unit = Unit(self.broker.port, **settings)  # type: ignore[arg-type]
        self._stack.callback(unit.kill)
        return unit


@pytest.fixture(params=list(KINDS))
def bench(request: pytest.FixtureRequest, tmp_path: Path, certificates: Path) -> Iterator[Bench]:
    kind, version = KINDS[request.param]
    with ExitStack() as stack:
        yield Bench(stack, kind(tmp_path / "broker", certificates), version)


@pytest.fixture
def make_bench(tmp_path: Path, certificates: Path) -> Iterator[Callable[[str], Bench]]:
    with ExitStack() as stack:
        yield lambda name: Bench(stack, KINDS[name][0](tmp_path / "broker", certificates), KINDS[name][1])


def test_qos_1_both_ways_and_will_on_kill(bench: Bench) -> None:
    unit = bench.unit()
    assert unit.wait("connected")["session"] is False
    assert unit.wait("subscribed")["granted"] is True
    unit.order(t="publish", topic=UP, text="alarm")
    assert unit.wait("published")["ok"] is True
    bench.gateway.wait(b"alarm")
    unit.order(t="publish", topic=UP, text="long", size_bytes=20000)
    assert unit.wait("published")["ok"] is True
    bench.gateway.wait(b"long" + bytes(20000))
    bench.gateway.publish(DOWN, b"stored")
    assert unit.wait("message", topic=DOWN, text="stored", qos=1)
    unit.kill()
    assert bench.gateway.wait(b"gone")["topic"] == "tip/1/c/u1/up/state"
    bench.gateway.publish(DOWN, b"while you were away")
    unit = bench.unit()
    assert unit.wait("connected")["session"] is True
    unit.wait("message", text="while you were away")


def test_session_is_resumed_with_dup_after_the_broker_was_killed(bench: Bench) -> None:
    unit = bench.unit(ack_timeout_ms=60000)
    unit.wait("connected")
    unit.order(t="publish", topic=UP, text="first")
    assert unit.wait("published")["ok"] is True
    bench.broker.save()
    bench.broker.signal(signal.SIGSTOP)
    unit.order(t="publish", topic=UP, text="in flight")
    assert unit.stats()["counters"]["published"] == 1
    bench.broker.kill()
    unit.wait("ended")
    bench.broker.start()
    assert unit.wait("connected")["session"] is True
    counters = unit.stats()["counters"]
    assert counters["resent"] == 1 and counters["lost"] == 1 and counters["malformed"] == 0
    bench.gateway.wait(b"in flight")


def test_stopped_broker_is_noticed_and_met_again(bench: Bench) -> None:
    unit = bench.unit(keepalive_s=1)
    unit.wait("connected")
    bench.broker.signal(signal.SIGSTOP)
    try:
        ended = unit.wait("ended")
        assert "silent" in ended["text"]
    finally:
        bench.broker.signal(signal.SIGCONT)
    assert unit.wait("connected")["session"] is True
    unit.order(t="publish", topic=UP, text="again")
    bench.gateway.wait(b"again")


def test_alarm_without_acknowledgement_reconnects_fast(bench: Bench) -> None:
    unit = bench.unit(keepalive_s=60, ack_timeout_ms=700)
    unit.wait("connected")
    bench.broker.signal(signal.SIGSTOP)
    try:
        unit.order(t="publish", topic=UP, text="alarm")
        assert "no acknowledgement within 700 ms" in unit.wait("ended")["text"]
    finally:
        bench.broker.signal(signal.SIGCONT)
    bench.gateway.wait(b"alarm")
    unit.wait("published", ok=True)


@pytest.mark.parametrize("name", ["nats-3.1.1", "mosquitto-3.1.1"])
def test_oversized_inbound_is_skipped(make_bench: Callable[[str], Bench], name: str) -> None:
    bench = make_bench(name)
    unit = bench.unit(max_inbound_bytes=256)
    unit.wait("subscribed")
    bench.gateway.publish(DOWN, bytes(30000))
    bench.gateway.publish(DOWN, b"x" * 257)
    bench.gateway.publish(DOWN, b"fits")
    unit.wait("message", text="fits", size_bytes=4)
    counters = unit.stats()["counters"]
    assert counters["oversized"] == 2 and counters["received"] == 1 and counters["lost"] == 0


@pytest.mark.parametrize("name", ["nats-3.1.1", "mosquitto-5"])
def test_strangers_are_refused_on_both_sides(make_bench: Callable[[str], Bench], name: str) -> None:
    bench = make_bench(name)
    for cause, errors, settings in (
        ("the broker does not know the unit", ("OSError", "LinkLost"), {"name": "../stranger/u1"}),
        ("the unit does not know the broker", ("Untrusted",), {"ca": "../stranger/ca"}),
        ("the unit expects another name", ("Untrusted",), {"server_name": "elsewhere"}),
    ):
        unit = bench.unit(**settings)
        assert unit.wait("ended")["text"].startswith(errors), cause
        counters = unit.stats()["counters"]
        assert counters["connected"] == 0 and counters["failed"] >= 1, cause
        unit.kill()


@pytest.mark.parametrize("name", ["nats-3.1.1", "mosquitto-5"])
def test_kick_reconnects_and_messages_go_on(make_bench: Callable[[str], Bench], name: str) -> None:
    bench = make_bench(name)
    unit = bench.unit()
    unit.wait("connected")
    unit.order(t="kick")
    assert unit.wait("connected")["session"] is True
    unit.order(t="publish", topic=UP, text="after")
    bench.gateway.wait(b"after")


@pytest.mark.alone
def test_no_step_is_long_and_the_heap_is_small(make_bench: Callable[[str], Bench]) -> None:
    """The aim is 0.3 ms; a shared machine makes some steps look longer, so one in a hundred may."""
    bench = make_bench("mosquitto-5")
    unit = bench.unit()
    made = unit.wait("made")
    unit.wait("subscribed")
    before = unit.stats()
    unit.order(t="burst", topic=UP, count=50, lanes=8, size_bytes=60)
    unit.wait("burst")
    unit.order(t="burst", topic=UP, count=20, lanes=4, size_bytes=16384)
    unit.wait("burst")
    for _ in range(200):
        bench.gateway.publish(DOWN, b"r" * 100)
    bench.gateway.publish(DOWN, b"last")
    unit.wait("message", text="last")
    after = unit.stats()
    print(made, after)
    assert after["steps"]["count"] > 500
    assert after["steps"]["long"] <= after["steps"]["count"] // 100, after["steps"]
    assert made["heap_bytes"] < 25000 and after["heap_bytes"] - before["heap_bytes"] < 8000
