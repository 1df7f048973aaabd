"""Positions and states of a whole unit: pace, dead zones, what is not believed, what is told when."""

import asyncio

from bodyunit.position import SEQ_BITS
from mp_unit_week import checked, epoch
from protocol import messages
from unit_world import World, no_room, virtual_time

TIME = virtual_time()


async def begun():
    world = World(TIME)
    world.start()
    await asyncio.sleep_ms(1500)
    world.client.sent.clear()
    return world


async def drive(world, seconds, first=0):
    """One fix a second, moving north at 20 km/h."""
    for second in range(first, first + seconds):
        world.board.gnss.send(epoch(second, 45_000 + 30 * second).encode())
        await asyncio.sleep_ms(1000)


async def test_moving_unit_sends_each_five_seconds_and_a_still_one_each_minute():
    world = await begun()
    await drive(world, 60)
    assert 11 <= len(world.client.of("fix")) <= 13
    world.client.sent.clear()
    body = "GNRMC,0010%02d.00,A,2604.5000,N,11917.8000,E,0.02,,231126,,,A"
    gga = "GNGGA,0010%02d.00,2604.5000,N,11917.8000,E,1,10,0.9,12.0,M,8.0,M,,"
    for second in range(60):
        world.board.gnss.send((checked(body % second) + checked(gga % second)).encode())
        await asyncio.sleep_ms(1000)
    assert len(world.client.of("fix")) <= 2
    await world.stop()


async def test_alarmed_unit_sends_each_second():
    world = await begun()
    await world.press()
    world.client.sent.clear()
    await drive(world, 20)
    assert 18 <= len(world.client.of("fix")) <= 21
    await world.stop()


async def test_dead_zone_is_kept_and_comes_in_batches_until_stored():
    world = await begun()
    world.client.forget_batches = True
    world.client.link_up = False
    await drive(world, 500)
    kept = len(world.unit.position._journal)
    assert kept >= 5
    await world.stop()
    world = None
    # The power goes too: only what was not yet on the flash is gone.
    again = World(TIME)
    again.client.forget_batches = True
    again.start()
    await asyncio.sleep_ms(10_000)
    batches = [batch for batch in again.client.of("fix") if batch.batch_id is not None]
    assert len(batches) == kept and len({batch.batch_id for batch in batches}) == kept
    times = [fix.stamp.utc_s for batch in batches for fix in batch.fixes]
    assert times == sorted(times) and len(set(times)) == len(times) >= 16 * kept - 16
    assert len(again.unit.position._journal) == kept
    batches = times = None
    again.client.sent.clear()
    again.client.forget_batches = False
    await asyncio.sleep_ms(60_000)
    assert len(again.unit.position._journal) == 0
    await again.stop()


async def test_batch_is_forgotten_by_its_own_id_alone():
    """A flash that was lost counts its records from the beginning; an answer to one of before means another."""
    world = await begun()
    world.client.forget_batches = True
    world.client.link_up = False
    await drive(world, 200)
    world.client.link_up = True
    await asyncio.sleep_ms(5000)
    position = world.unit.position
    kept = len(position._journal)
    ids = [batch.batch_id for batch in world.client.of("fix") if batch.batch_id is not None]
    assert kept == len(ids) >= 2
    position.stored([batch_id ^ 1 << SEQ_BITS for batch_id in ids])
    await asyncio.sleep_ms(3000)
    assert len(position._journal) == kept
    position.stored(ids)
    await asyncio.sleep_ms(3000)
    assert len(position._journal) == 0
    await world.stop()


async def test_long_dead_zone_makes_room_in_small_steps():
    world = await begun()
    world.client.link_up = False
    await world.press()
    position = world.unit.position
    journal, at_once, steps = position._journal, [], []
    compact, copy_next = journal.compact, journal._copy_next

    def compact_at_once():
        at_once.append(1)
        return compact()

    def copied(*rest):
        steps.append(1)
        return copy_next(*rest)

    journal.compact, journal._copy_next = compact_at_once, copied
    await drive(world, 16)
    fix = position.fix
    for _ in range(250):
        for _ in range(16):
            position.trail.add(fix, world.unit.clock.mono_ms())
        position._bell.ring()
        await asyncio.sleep_ms(1000)
    assert at_once == [] and len(steps) > 60 and journal.dropped
    assert world.unit.counters["fixes_dropped"] == 16 * journal.dropped
    assert journal.stats()["file_bytes"] < 131_072
    await world.stop()


async def test_fixes_that_the_flash_refuses_are_bounded_and_counted():
    world = await begun()
    world.unit.position._journal.append = no_room
    world.client.link_up = False
    await drive(world, 400)
    assert len(world.unit.position.trail) == 32
    dropped = world.unit.counters["fixes_dropped"]
    assert dropped >= 40
    world.client.link_up = True
    await asyncio.sleep_ms(5000)
    batch = world.client.of("fix")[0]
    assert len(batch.fixes) == 32 and batch.dropped == dropped
    await drive(world, 10, 400)
    assert world.client.of("fix")[-1].dropped == 0
    await world.stop()


async def test_fixes_without_place_or_from_another_time_are_not_used():
    world = await begun()
    await drive(world, 3)
    world.client.sent.clear()
    wrong = (
        "GNRMC,000100.00,A,0000.0000,N,00000.0000,E,9.00,,231126,,,A",
        "GNGGA,000100.00,0000.0000,N,00000.0000,E,1,10,0.9,12.0,M,8.0,M,,",
        "GNRMC,000101.00,V,2604.5000,N,11917.8000,E,9.00,,231126,,,N",
        "GNGGA,000101.00,2604.5000,N,11917.8000,E,0,00,99.9,12.0,M,8.0,M,,",
        "GNRMC,000102.00,A,2604.5000,N,11917.8000,E,9.00,,231129,,,A",
        "GNGGA,000102.00,2604.5000,N,11917.8000,E,1,10,0.9,12.0,M,8.0,M,,",
        "GNRMC,000103.00,A,2604.5000,N,11917.8000,E,9.00,,090407,,,A",
        "GNGGA,000103.00,2604.5000,N,11917.8000,E,1,10,0.9,12.0,M,8.0,M,,",
    )
    last = world.unit.position.fix
    for line in wrong:
        world.board.gnss.send(checked(line).encode())
        await asyncio.sleep_ms(3000)
    assert world.client.of("fix") == [] and world.unit.position.fix is last
    counters = world.unit.counters
    # What says itself that it has no fix (V, quality 0) is no position and not counted.
    assert [counters[name] for name in ("fixes_null_island", "fixes_future", "fixes_too_old")] == [1, 1, 1]
    world.board.gnss.send(b"$GNRMC,garbage*00\r\n" + bytes(range(256)))
    await asyncio.sleep_ms(3000)
    assert world.unit.counters["nmea_refused"] >= 1
    await world.stop()


async def test_locate_sends_the_last_fix_at_once():
    world = await begun()
    await drive(world, 7)
    world.client.sent.clear()
    command = messages.Command(command_id=b"12345678", kind=messages.LOCATE, expires_s=2_000_000_000)
    world.client.down("command", command.encode())
    await asyncio.sleep_ms(500)
    assert len(world.client.of("fix")) == 1 and world.client.of("reply")[0].outcome == messages.DONE
    await world.stop()


async def test_state_comes_at_intervals_on_change_and_more_often_in_an_alarm():
    world = await begun()
    await asyncio.sleep_ms(300_000)
    assert 9 <= len(world.client.of("state")) <= 12
    world.client.sent.clear()
    world.board.battery_now = (42, 3800, True)
    await asyncio.sleep_ms(3000)
    (state,) = world.client.of("state")
    assert state.battery_pct == 42 and state.charging == 1 and state.online == 1 and state.signal_dbm == -70
    world.client.sent.clear()
    await world.press()
    await asyncio.sleep_ms(60_000)
    assert 6 <= len(world.client.of("state")) <= 8
    await world.stop()


async def test_will_speaks_for_its_session_only():
    world = await begun()
    for session in (1, 2, 3):
        will = messages.State.decode(world.unit.states.will().encode())
        assert (will.online, will.boot, will.session) == (0, world.unit.boot, session)
        assert world.unit.states.message().session == session
        world.client.link_up = False
        await asyncio.sleep_ms(500)
        world.client.link_up = True
        await asyncio.sleep_ms(500)
    assert world.unit.counters["reconnects"] == 3
    await world.stop()


async def test_hung_task_of_a_whole_unit_starves_the_watchdog_and_is_told_next_boot():
    world = await begun()
    await asyncio.sleep_ms(5000)
    fed = world.board.fed
    world.board.on_fault("hang", "alarm")
    await asyncio.sleep_ms(60_000)
    assert world.board.fed - fed <= 6
    await world.stop()
    again = await begun()
    assert any("heart of alarm stopped" in text for _, _, text in again.unit.events.previous)
    await again.stop()


async def test_traceback_of_a_dead_task_is_kept_for_the_next_boot():
    world = await begun()

    def breaks():
        raise ValueError("broken on purpose")

    world.unit.states._check_battery = breaks
    await asyncio.sleep_ms(5000)
    assert world.unit.counters["task_restarts"] >= 1
    await world.stop()
    again = await begun()
    await asyncio.sleep_ms(40_000)
    assert "broken on purpose" in again.client.of("state")[0].last_error
    await again.stop()


async def test_unit_without_provisioning_still_takes_alarms():
    with open("unit.json", "w") as file:
        file.write("{}")
    world = object.__new__(World)
    world.time = virtual_time(TIME)
    from boards.sim.scripted import ScriptedBoard
    from bodyunit.unit import Unit

    world.board = ScriptedBoard(".")
    world.unit = Unit(world.board, ticks_ms=TIME.ticks, ticks_diff=lambda a, b: a - b)
    world.start()
    await asyncio.sleep_ms(5000)
    assert world.felt() == ["refused"]
    await world.press()
    await asyncio.sleep_ms(12_000)
    assert world.felt() == ["refused", "pressed", "nobody_yet"] and len(world.unit.alarms._journal) == 1
    assert world.board.fed > 10
    await world.stop()


async def test_readings_that_cannot_be_do_not_keep_a_state_from_being_sent():
    world = await begun()
    world.board.battery_now = (140, 70_000, False)
    world.board.signal_now = (20, "a network with a very long name\n")
    world.client.sent.clear()
    await asyncio.sleep_ms(5000)
    state = world.client.of("state")[-1]
    assert (state.battery_pct, state.battery_mv, state.signal_dbm) == (100, 65_535, 0)
    assert len(state.network) == 16 and world.unit.counters["task_restarts"] == 0
    await world.stop()


async def test_unreadable_record_in_the_journal_does_not_stop_the_unit():
    world = await begun()
    world.unit.alarms._journal.append(1, b"no alarm")
    world.unit.alarms._journal.append(4, b"short")
    await world.stop()
    again = await begun()
    await again.press()
    assert again.felt()[-1] == "pressed" and len(again.client.of("alarm")) >= 1
    await again.stop()
