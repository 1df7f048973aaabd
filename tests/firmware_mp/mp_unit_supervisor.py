"""The supervisor, in virtual time: deaths, hangs, back-off, the watchdog; and the bell that wakes tasks."""

import asyncio

from boards.sim.scripted import Reset, ScriptedBoard
from bodyunit import start as program
from bodyunit.bell import Bell
from bodyunit.boot import next_boot
from bodyunit.supervisor import MOST_PAUSE_MS, VITAL_DEATHS, Supervisor
from unit_world import virtual_time


class Ward:
    """A supervisor whose feeding, deaths and cries are counted."""

    def __init__(self):
        self.time = virtual_time()
        self.fed = 0
        self.died = []
        self.cries = []
        self.supervisor = Supervisor(self.time.ticks, self._feed, self._died, self.cries.append)

    def _feed(self):
        self.fed += 1

    def _died(self, name, error):
        self.died.append((name, error))


async def beating(heart):
    while True:
        heart.beat()
        await asyncio.sleep_ms(100)


async def run(ward, for_ms):
    task = asyncio.create_task(ward.supervisor.run())
    await asyncio.sleep_ms(for_ms)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass


def test_watchdog_is_fed_while_every_heart_beats():
    ward = Ward()
    ward.supervisor.add("a", beating, 1000)
    ward.supervisor.add("b", beating, 1000)
    asyncio.run(run(ward, 60_000))
    assert 55 <= ward.fed <= 65 and ward.cries == [] and ward.died == []


def test_hung_task_starves_the_watchdog():
    ward = Ward()

    async def hangs(heart):
        heart.beat()
        await asyncio.Event().wait()

    ward.supervisor.add("good", beating, 1000)
    ward.supervisor.add("bad", hangs, 5000)
    asyncio.run(run(ward, 60_000))
    assert 4 <= ward.fed <= 8, ward.fed
    assert ward.cries == ["heart of bad stopped"]


def test_task_that_waits_for_the_network_does_not_starve_the_watchdog():
    ward = Ward()

    async def waits(heart):
        heart.rest()
        await asyncio.sleep_ms(50_000)
        heart.beat()
        await asyncio.Event().wait()

    ward.supervisor.add("a", waits, 5000)
    asyncio.run(run(ward, 70_000))
    assert 54 <= ward.fed <= 60, ward.fed


def test_dead_task_is_started_again_with_growing_pauses():
    ward = Ward()
    starts = []

    async def dies(heart):
        starts.append(ward.time.ticks())
        await asyncio.sleep_ms(10)
        raise ValueError("broken")

    ward.supervisor.add("a", dies, 1000)
    asyncio.run(run(ward, 60_000))
    pauses = [b - a for a, b in zip(starts, starts[1:])]
    assert pauses[0] <= 200 and pauses == sorted(pauses) and pauses[-1] >= MOST_PAUSE_MS
    assert len(ward.died) == len(starts) == ward.supervisor.restarts
    assert isinstance(ward.died[0][1], ValueError)
    # It is not vital: the rest of the unit is worth more than a reset.
    assert ward.cries == []


def test_vital_task_that_dies_again_and_again_starves_the_watchdog():
    ward = Ward()

    async def dies(heart):
        raise ValueError("broken")

    ward.supervisor.add("alarm", dies, 1000, vital=True)
    asyncio.run(run(ward, 300_000))
    assert ward.cries == ["alarm died %d times in a row" % VITAL_DEATHS]


def test_task_that_lives_long_between_deaths_is_started_soon():
    ward = Ward()
    starts = []

    async def dies_late(heart):
        starts.append(ward.time.ticks())
        for _ in range(70):
            heart.beat()
            await asyncio.sleep_ms(1000)

    ward.supervisor.add("a", dies_late, 2000, vital=True)
    asyncio.run(run(ward, 3_000_000))
    assert max([b - a for a, b in zip(starts, starts[1:])]) < 71_200
    assert len(starts) > 40 and ward.cries == []


def test_killed_task_comes_back():
    ward = Ward()
    ward.supervisor.add("a", beating, 1000)

    async def scene():
        task = asyncio.create_task(ward.supervisor.run())
        await asyncio.sleep_ms(1000)
        assert ward.supervisor.kill("a") and not ward.supervisor.kill("nobody")
        await asyncio.sleep_ms(2000)
        assert isinstance(ward.died[0][1], asyncio.CancelledError) and len(ward.died) == 1
        assert ward.supervisor.wards[0].task is not None
        task.cancel()

    asyncio.run(scene())


def test_frozen_heart_starves_the_watchdog():
    ward = Ward()

    async def rests(heart):
        while True:
            heart.rest()
            await asyncio.sleep_ms(100)
            heart.beat()
            await asyncio.sleep_ms(100)

    ward.supervisor.add("a", rests, 1000)

    async def scene():
        task = asyncio.create_task(ward.supervisor.run())
        await asyncio.sleep_ms(1000)
        fed = ward.fed
        assert ward.supervisor.freeze("a")
        await asyncio.sleep_ms(30_000)
        assert ward.fed <= fed + 3 and ward.cries == ["heart of a stopped"]
        task.cancel()

    asyncio.run(scene())


def test_bell_wakes_early_and_keeps_one_ring():
    time = virtual_time()

    async def scene():
        bell = Bell()
        bell.ring()
        bell.ring()
        began = time.ticks()
        assert await bell.wait(1000) and time.ticks() - began < 5
        assert not await bell.wait(1000) and time.ticks() - began >= 1000

        async def ringer():
            await asyncio.sleep_ms(300)
            bell.ring()
            bell.ring()

        asyncio.create_task(ringer())
        began = time.ticks()
        assert await bell.wait(10_000) and 300 <= time.ticks() - began < 310
        assert not await bell.wait(10)

    asyncio.run(scene())


def test_bell_survives_a_cancelled_waiter():
    virtual_time()

    async def scene():
        bell = Bell()
        task = asyncio.create_task(bell.wait(10_000))
        await asyncio.sleep_ms(10)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        bell.ring()
        assert await bell.wait(10)

    asyncio.run(scene())


def test_ring_does_not_take_back_a_cancellation():
    virtual_time()

    async def scene():
        bell = Bell()
        task = asyncio.create_task(bell.wait(10_000))
        await asyncio.sleep_ms(10)
        task.cancel()
        bell.ring()
        try:
            await task
        except asyncio.CancelledError:
            return
        raise AssertionError("the cancellation was lost")

    asyncio.run(scene())


def test_boot_count_rises_and_survives_a_spoilt_copy():
    assert [next_boot("."), next_boot("."), next_boot(".")] == [1, 2, 3]
    with open("boot.a", "wb") as file:
        file.write(b"garbage")
    after = next_boot(".")
    assert after in (3, 4)
    assert next_boot(".") == after + 1


def test_program_that_dies_without_room_in_the_heap_is_reset():
    class Dying:
        def __init__(self, board, steps=None):
            self.clock = self.events = self

        def mono_ms(self):
            return 0

        def crash(self, error, mono_ms):
            raise MemoryError

        def run(self):
            raise OSError(5)

    real, pause_ms, measure = program.Unit, program.RESET_PAUSE_MS, program.measure
    program.Unit, program.RESET_PAUSE_MS, program.measure = Dying, 0, lambda: None
    try:
        program.start(ScriptedBoard("."))
        raise AssertionError("no reset")
    except Reset:
        pass
    finally:
        program.Unit, program.RESET_PAUSE_MS, program.measure = real, pause_ms, measure
