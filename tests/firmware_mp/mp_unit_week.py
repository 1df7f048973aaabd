"""A week of unit time: alarms, dead zones, restarts of tasks, garbage; and not a byte more than at its beginning."""

import asyncio
import gc
import os

from protocol import messages
from protocol.messages import ACKNOWLEDGED, CLOSED, STORED
from unit_world import World, virtual_time

TIME = virtual_time()
HOUR_MS = 3_600_000


def checked(body):
    check = 0
    for char in body:
        check ^= ord(char)
    return "$%s*%02X\r\n" % (body, check)


def epoch(second, minutes_e4):
    """A fix of 2026-11-23 plus `second` seconds; `minutes_e4`: ten thousandths of a minute north of 26 degrees."""
    day, rest = divmod(second, 86_400)
    clock = "%02d%02d%02d.00" % (rest // 3600, rest // 60 % 60, rest % 60)
    lat = "26%02d.%04d" % (minutes_e4 // 10_000, minutes_e4 % 10_000)
    date = "%02d1126" % (23 + day)
    return checked("GNRMC,%s,A,%s,N,11917.8000,E,2.00,,%s,,,A" % (clock, lat, date)) + checked(
        "GNGGA,%s,%s,N,11917.8000,E,1,10,0.9,12.0,M,8.0,M,," % (clock, lat)
    )


async def alarm_of_an_hour(world, number):
    await world.press()
    await asyncio.sleep_ms(5000)
    world.client.link_up = True
    await asyncio.sleep_ms(5000)
    alarm_id = world.unit.alarms.calls.open[-1].alarm_id
    for status in (ACKNOWLEDGED, CLOSED):
        world.client.tell(alarm_id, status, incident="I-20261124-%04d" % number)
        await asyncio.sleep_ms(5000)


async def hour(world, number):
    """An hour of work: fixes each half minute; now and then an alarm, a dead zone, a fault, garbage."""
    client = world.client
    if number % 12 == 5:
        client.link_up = False
    if number % 8 == 3:
        await alarm_of_an_hour(world, number)
    if number % 10 == 1:
        world.board.on_fault("task", ("alarm", "gnss", "state", "fixes")[number // 10 % 4])
    client.down(
        "command", messages.Command(command_id=os.urandom(8), kind=1, expires_s=2_000_000_000).encode()
    )
    client.down("command", os.urandom(60))
    TIME.quantum_ms = 4000
    for _ in range(30):
        second = world.unit.clock.mono_ms() // 1000
        world.board.gnss.send(epoch(second, 45_000 + second % 997).encode())
        await asyncio.sleep_ms(116_000)
    TIME.quantum_ms = 0
    client.link_up = True


def used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


async def test_nothing_grows_in_a_week():
    world = World(TIME)
    world.client.most_sent = 20
    world.board._most_shown = 20
    world.start()
    # Fill what is bounded and would fill slowly: the memory of alarms and of events.
    world.client.answers = (STORED,)
    for _ in range(40):
        await alarm_of_an_hour(world, 0)
        world.unit.note("x" * 120)
    samples = []
    for number in range(24 * 7):
        await hour(world, number)
        if number % 24 == 23:
            samples.append(used())
    unit = world.unit
    assert unit.clock.mono_ms() > 160 * HOUR_MS
    print("heap at the end of each day:", samples)
    assert max(samples[1:]) - samples[1] < 1024, samples
    assert len(unit.alarms.calls) == 0 and len(unit.alarms._journal) == 0 and len(unit.position._journal) == 0
    assert world.felt().count("closed") >= 20 or len(world.felt()) == 20
    assert world.board.fed > 100_000 and unit.supervisor._cried is False
    assert unit.counters["inbound_refused"] == 168 and unit.counters["task_restarts"] == 17
    assert unit.counters["reconnects"] >= 13 and unit.counters["fixes_dropped"] == 0
    await world.stop()
