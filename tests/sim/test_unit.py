"""The real firmware under the real interpreter."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.errors import NotFound, UnitExited, UnitTimeout
from simulator.fleet import Fleet, tracks_around
from simulator.process import BoundedLog
from simulator.unit import Unit
from simulator.unit_config import PROVISIONED_FILE, UnitConfig, point_at, read_unit_file

MakeHome = Callable[..., UnitConfig]


async def gone(pid: int) -> None:
    """Until the process `pid`, which need not be ours, has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ended.set)
    try:
        async with asyncio.timeout(30):
            await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def test_press_is_felt_as_pressed_at_the_threshold(make_home: MakeHome) -> None:
    async with Unit(make_home(hold_ms=300)) as unit:
        assert unit.boot == 1 and unit.firmware
        at_s = await unit.press()
        felt = await unit.wait_felt("pressed")
        assert felt.at_monotonic_s - at_s >= 0.3
        assert felt.pulses_ms and felt.unit_mono_ms is not None
        assert len(unit.alarms) == 1


async def test_long_press_is_an_alarm_though_the_unit_could_not_look_when_it_began(
    make_home: MakeHome,
) -> None:
    async with Unit(make_home(hold_ms=300)) as unit:
        assert unit.pid is not None
        os.kill(unit.pid, signal.SIGSTOP)
        await unit.press()
        os.kill(unit.pid, signal.SIGCONT)
        await unit.wait_felt("pressed")


async def test_press_that_is_too_short_is_not_felt(make_home: MakeHome) -> None:
    async with Unit(make_home(hold_ms=3000)) as unit:
        await unit.press(100)
        with pytest.raises(UnitTimeout, match="did not feel 'pressed'"):
            await unit.wait_felt("pressed", 3.5)


async def test_pressed_is_given_out_once_each(make_home: MakeHome) -> None:
    async with Unit(make_home()) as unit:
        await unit.press()
        first = await unit.wait_felt("pressed")
        await unit.press()
        second = await unit.wait_felt("pressed")
        assert second.number > first.number
        assert unit.felt_since("pressed", first.at_monotonic_s) == first


async def test_kill_and_start_count_a_boot_and_go_on(make_home: MakeHome) -> None:
    async with Unit(make_home()) as unit:
        pid = unit.pid
        assert pid is not None
        await unit.kill()
        await gone(pid)
        assert not unit.running and not unit.connected
        await unit.kill()
        assert unit.button(True) > 0  # a dead unit's button does nothing
        unit.button(False)
        await unit.start()
        assert unit.boot == 2
        with pytest.raises(RuntimeError, match="runs already"):
            await unit.start()
        await unit.restart()
        assert unit.boot == 3
        assert unit.counts["exits"] == 0


async def test_firmware_that_ends_by_itself_is_started_again(make_home: MakeHome) -> None:
    async with Unit(make_home()) as unit:
        assert unit.pid is not None
        os.kill(unit.pid, signal.SIGKILL)
        await unit.wait_event("ended with status")
        async with asyncio.timeout(30):
            while unit.boot != 2:
                await unit.wait_news()
        assert unit.counts["exits"] == 1


async def test_firmware_that_stays_down_is_named_with_its_log(make_home: MakeHome) -> None:
    config = make_home()
    root = config.home / "broken"
    (root / "firmware").mkdir(parents=True)
    (root / "protocol").mkdir()
    (root / "protocol" / "__init__.py").touch()
    (root / "firmware" / "main.py").write_text("raise ValueError('spoiled flash')\n")
    broken = UnitConfig(config.home, "127.0.0.1", 9, root=root, restart_on_exit=False)
    with pytest.raises(UnitExited, match="spoiled flash"):
        async with Unit(broken):
            pass


async def test_nothing_is_left_running(make_home: MakeHome) -> None:
    async with Unit(make_home()) as unit:
        pid = unit.pid
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_firmware_ends_when_its_simulator_is_killed(make_home: MakeHome) -> None:
    """Its control socket closes with the simulator's process."""
    config = make_home()
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from simulator.unit import Unit\n"
        "from simulator.unit_config import UnitConfig\n"
        "async def main():\n"
        "    async with Unit(UnitConfig.from_home(Path(sys.argv[1]))) as unit:\n"
        "        print(unit.pid, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(config.home), stdout=asyncio.subprocess.PIPE, env=env
    )
    assert parent.stdout is not None
    async with asyncio.timeout(30):
        pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    await gone(pid)


async def test_fleet_starts_all_and_leaves_nothing(make_home: MakeHome) -> None:
    configs = [make_home(f"u{number}") for number in range(3)]
    tracks = dict(zip(("u0", "u1", "u2"), tracks_around(3), strict=True))
    async with Fleet(configs, tracks) as fleet:
        pids = [unit.pid for unit in fleet]
        assert all(pids) and len(fleet) == 3
        assert fleet["u1"].gnss.track is tracks["u1"]
    for pid in pids:
        assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_fleet_with_one_broken_unit_stops_the_others(make_home: MakeHome) -> None:
    good, bad = make_home("good"), make_home("bad")
    fleet = Fleet([good, bad])
    (bad.home / "unit.json").unlink()
    with pytest.raises(FileNotFoundError):
        await fleet.__aenter__()
    assert not any(unit.running for unit in fleet)


def test_two_homes_of_one_unit_are_refused(make_home: MakeHome) -> None:
    config = make_home()
    with pytest.raises(ValueError, match="two homes"):
        Fleet([config, config])


def test_home_without_a_unit_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="provision the unit first"):
        UnitConfig.from_home(tmp_path)
    (tmp_path / "unit.json").write_text("{}")
    with pytest.raises(NotFound, match="provision the unit again"):
        UnitConfig.from_home(tmp_path)


def test_unit_is_pointed_at_the_link_and_a_new_provisioning_wins(make_home: MakeHome) -> None:
    home = make_home(broker_port=8883).home
    point_at(home, "127.0.0.1", 1111)
    point_at(home, "127.0.0.1", 2222)
    written = json.loads((home / "unit.json").read_text())
    assert (written["broker_port"], written["generation"]) == (2222, 3)
    assert read_unit_file(home)["broker_port"] == 8883
    (home / "unit.json").write_text(json.dumps({**written, "broker_port": 9999, "generation": 2}))
    point_at(home, "127.0.0.1", 3333)
    assert json.loads((home / "unit.json").read_text())["generation"] == 4
    assert json.loads((home / PROVISIONED_FILE).read_text())["broker_port"] == 9999


def test_log_is_bounded_on_the_disk_and_in_memory(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "unit.log", limit_bytes=10_000)
    for number in range(5000):
        log.write(f"line {number}\n".encode())
    log.write(b"no newline" * 1000)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 40_000
    tail = log.tail(3)
    assert tail[:2] == ("line 4998", "line 4999") and len(tail[2]) <= 400


async def test_unit_switched_off_while_it_starts_says_so(make_home: MakeHome) -> None:
    async with Unit(make_home()) as unit:
        await unit.kill()
        started, _ = await asyncio.gather(unit.start(), unit.kill(), return_exceptions=True)
        assert isinstance(started, UnitExited) and "switched off while it started" in str(started)
        assert not unit.running
        await unit.start()


async def test_last_words_before_a_kill_are_heard(make_home: MakeHome) -> None:
    """What the officer felt counts, although the unit died before it was read."""
    async with Unit(make_home(hold_ms=0)) as unit:
        for number in range(3):
            unit.button(True)
            async with asyncio.timeout(30):
                while len(unit.alarms) == number:
                    await unit.wait_news()
            await unit.kill()
            assert len([felt for felt in unit.felt if felt.pattern == "pressed"]) == number + 1
            unit.button(False)
            await unit.start()
