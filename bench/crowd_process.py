"""The crowd itself, a process of its own: `python -m bench.crowd_process FOLDER`, started by `bench.crowd`.

Every unit has its own TLS connection to the broker with its own certificate, for the broker lets a unit speak
only for itself. On it goes MQTT 3.1.1: a retained State, then one position a second at QoS 1. A unit whose last
position is not acknowledged yet leaves one out; that is counted. The seconds of the units are spread evenly.

Out, JSON lines: {"connected": n}, then once a second {"sent": n, "acked": n, "left_out": n, "lost": n}, all
since the start. In: a number, the unit that raises an alarm; it is answered by {"pressed": unit_id, "at_ms": …}.
"""

from __future__ import annotations

import asyncio
import gc
import json
import math
import secrets
import ssl
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import packets
from protocol import topics
from protocol.messages import CLOCK_GNSS, KIND_BUTTON, Alarm, FixBatch, State
from protocol.records import Fix, Stamp

CONNECTING_AT_ONCE = 40
LISTENS_S = 0.05
SLICE_S = 0.02
KEEPALIVE_S = 60
M_PER_DEG = 111_320.0


@dataclass
class Crowd:
    """What all of them did."""

    sent: int = 0
    acked: int = 0
    left_out: int = 0
    lost: int = 0

    def say(self, **facts: object) -> None:
        print(json.dumps(facts), flush=True)


@dataclass
class Walker(asyncio.Protocol):
    """One unit: where it is, where it goes, and its connection."""

    crowd: Crowd
    number: int
    unit_id: str
    court_id: str
    lat: float
    lon: float
    course_deg: float = 0.0
    speed_m_s: float = 0.0
    began_s: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.welcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._packet_id = 0
        self._unacked = 0
        self._fix_topic = topics.up(self.court_id, self.unit_id, "fix").encode()
        # Three in five walk or drive; the others stand, and their position trembles as a receiver's does.
        self.speed_m_s = (0.0, 1.3, 0.0, 9.0, 16.0)[self.number % 5]
        self.course_deg = self.number * 137.5 % 360

    # -- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(packets.connect(self.unit_id, KEEPALIVE_S))

    def connection_lost(self, error: Exception | None) -> None:
        self.crowd.lost += 1
        self._transport = None
        if not self.welcome.done():
            self.welcome.set_exception(error or ConnectionError(f"{self.unit_id}: the broker hung up"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (packet := packets.first_of(self._received)) is not None:
            first, body, taken = packet
            self._received = self._received[taken:]
            kind = first >> 4
            if kind == packets.PUBACK:
                self._unacked -= 1
                self.crowd.acked += 1
            elif kind == packets.CONNACK and not self.welcome.done():
                if body[1:] == b"\x00":
                    self.welcome.set_result(None)
                else:
                    self.welcome.set_exception(ConnectionError(f"{self.unit_id}: refused ({body.hex()})"))

    def _publish(self, topic: bytes, payload: bytes, retain: bool = False) -> None:
        if self._transport is None:
            return
        self._packet_id = self._packet_id % 65535 + 1
        self._transport.write(packets.publish(topic, payload, self._packet_id, retain))
        self._unacked += 1
        self.crowd.sent += 1

    # -- what it says

    def state(self) -> None:
        """Who it is: every thirtieth has a low battery, every fortieth a weak signal."""
        low, weak = self.number % 30 == 7, self.number % 40 == 9
        message = State(
            online=1, boot=1, session=1, stamp=self._stamp(time.time()), charging=0,
            battery_pct=12 if low else 40 + self.number % 60, battery_mv=3900,
            storage_free_kib=30_000_000, storage_total_kib=62_000_000,
            signal_dbm=-120 if weak else -80 - self.number % 25, network="lte", recording=1, firmware="1.0.0",
            case_no=f"(2026)闽{self.court_id[-4:]}执{self.number}号", uptime_s=120, counters={},
        )  # fmt: skip
        self._publish(topics.up(self.court_id, self.unit_id, "state").encode(), message.encode(), retain=True)

    def step(self, encode: Any) -> None:
        """A second later: move on, and say where. `encode` is a CBOR encoder in C: ours, made for the unit,
        would cost this process more than everything else (the bytes are the same, see `check`)."""
        if self._unacked > 1:
            self.crowd.left_out += 1
            return
        now_s = time.time()
        self.course_deg = (self.course_deg + math.sin(now_s / 7 + self.number) * 12) % 360
        moved_m = self.speed_m_s or 0.4
        self.lat += moved_m * math.cos(math.radians(self.course_deg)) / M_PER_DEG
        self.lon += (
            moved_m * math.sin(math.radians(self.course_deg)) / (M_PER_DEG * math.cos(math.radians(self.lat)))
        )
        self._publish(self._fix_topic, encode(self._fix_content(now_s)))

    def _fix_content(self, now_s: float) -> dict[int, object]:
        stamp = [
            int(now_s),
            int(now_s * 1000) % 1000,
            CLOCK_GNSS,
            int((time.monotonic() - self.began_s) * 1000),
            1,
        ]
        place = [round(self.lat * 1e7), round(self.lon * 1e7), 40 + self.number % 60]
        motion = [round(self.speed_m_s * 100), int(self.course_deg * 100), 300]
        return {0: 1, 1: [[stamp, *place, *motion, 9, 1]], 2: 0}

    def check(self, encode: Any) -> None:
        """Raises when what `step` sends is not the wire."""
        content = self._fix_content(time.time())
        batch = FixBatch.decode(encode(content))
        if batch.encode() != encode(content):
            raise RuntimeError("the crowd does not speak the wire: bench/crowd_process.py must follow it")

    def press(self) -> None:
        """Raise an alarm of its own."""
        now_s = time.time()
        fix = Fix(
            stamp=self._stamp(now_s), lat_e7=round(self.lat * 1e7), lon_e7=round(self.lon * 1e7), accuracy_dm=60,
            speed_cm_s=round(self.speed_m_s * 100), course_cdeg=int(self.course_deg * 100), altitude_dm=300,
            satellites=9, quality=1,
        )  # fmt: skip
        alarm = Alarm(
            alarm_id=secrets.token_bytes(16), kind=KIND_BUTTON, pressed=self._stamp(now_s), repeat=0, fix=fix,
            fix_age_ms=400, case_no=f"(2026)闽{self.court_id[-4:]}执{self.number}号",
        )  # fmt: skip
        self._publish(topics.up(self.court_id, self.unit_id, "alarm").encode(), alarm.encode())
        self.crowd.say(pressed=self.unit_id, at_ms=int(now_s * 1000))

    def _stamp(self, now_s: float) -> Stamp:
        return Stamp(
            utc_s=int(now_s), utc_ms=int(now_s * 1000) % 1000, quality=CLOCK_GNSS,
            mono_ms=int((time.monotonic() - self.began_s) * 1000), boot=1,
        )  # fmt: skip


class UnitContext:
    """The TLS context of one unit, as asyncio uses it: the one that all share (to make one takes 0.5 ms), with this
    unit's certificate in it when the connection begins, which keeps it."""

    def __init__(self, shared: ssl.SSLContext, pem: Path) -> None:
        self._shared = shared
        self._pem = pem

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, **more: Any) -> ssl.SSLObject:
        self._shared.load_cert_chain(self._pem)
        return self._shared.wrap_bio(incoming, outgoing, **more)


async def walk(folder: Path) -> None:
    """Connect everybody, as soon as the broker listens, and let them walk until the input ends."""
    from cbor2 import dumps as encode

    plan = json.loads((folder / "crowd.json").read_text("utf-8"))
    crowd = Crowd()
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
    loop = asyncio.get_running_loop()

    shared = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    await _broker_listens(plan["host"], plan["port"])

    async def enter(number: int, unit: dict[str, Any]) -> Walker:
        async with gate:
            context: Any = UnitContext(shared, folder / f"{unit['unit_id']}.pem")
            walker = Walker(crowd, number, **unit)
            await loop.create_connection(
                lambda: walker, plan["host"], plan["port"], ssl=context, server_hostname=plan["server_name"],
                ssl_handshake_timeout=30.0,
            )  # fmt: skip
            await walker.welcome
            walker.state()
            return walker

    walkers = await asyncio.gather(*(enter(number, unit) for number, unit in enumerate(plan["units"])))
    walkers[0].check(encode)
    gc.collect()
    gc.freeze()  # two thousand connections stay: looking through them again would hold everybody up
    crowd.say(connected=len(walkers))
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    jobs = {
        asyncio.create_task(_pace(walkers, encode)),
        asyncio.create_task(_report(crowd)),
        asyncio.create_task(_obey(reader, walkers)),
    }
    done, rest = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    for job in rest:
        job.cancel()
    for job in done:
        job.result()


async def _broker_listens(host: str, port: int) -> None:
    """Returns when somebody takes connections there. Whoever started us may give up before."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(LISTENS_S)
        else:
            writer.close()
            return


async def _pace(walkers: list[Walker], encode: Any) -> None:
    """Each unit once a second, in slices of the second; a slice that is late is made up for at once."""
    slices = round(1 / SLICE_S)
    began_s, number = time.monotonic(), 0
    while True:
        for walker in walkers[number % slices :: slices]:
            walker.step(encode)
        number += 1
        await asyncio.sleep(max(0.0, began_s + number * SLICE_S - time.monotonic()))


async def _report(crowd: Crowd) -> None:
    while True:
        await asyncio.sleep(1.0)
        crowd.say(sent=crowd.sent, acked=crowd.acked, left_out=crowd.left_out, lost=crowd.lost)


async def _obey(reader: asyncio.StreamReader, walkers: list[Walker]) -> None:
    while line := await reader.readline():
        walkers[int(line)].press()


if __name__ == "__main__":
    asyncio.run(walk(Path(sys.argv[1])))
