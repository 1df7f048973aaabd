"""What a press of the button means: an alarm, a claim, a test, or nothing; also when it is told late."""

import asyncio

from protocol import messages
from protocol.messages import STORED
from unit_world import World, begun, virtual_time

TIME = virtual_time()


async def test_press_with_hold_0_goes_out_at_the_edge():
    world = await begun(TIME)
    world.unit.settings.set("hold_ms", 0)
    await asyncio.sleep_ms(1500)
    before_ms = TIME.ticks()
    world.board.press(True)
    assert world.felt() == ["pressed"]
    while not world.client.of("alarm"):
        await asyncio.sleep_ms(1)
    assert TIME.ticks() - before_ms <= 20
    await world.stop()


async def test_short_hold_is_no_alarm():
    world = await begun(TIME)
    await world.press(700)
    await asyncio.sleep_ms(5000)
    assert world.felt() == [] and world.client.of("alarm") == []
    await world.stop()


async def test_press_is_not_forgotten_when_its_alarm_cannot_be_raised_at_once():
    world = await begun(TIME)
    calls = world.unit.alarms.calls
    room, failed = calls.room, []

    def room_at_the_second_try():
        if not failed:
            failed.append(True)
            raise MemoryError("no room now")
        return room()

    calls.room = room_at_the_second_try
    await world.press()
    await asyncio.sleep_ms(2000)
    assert failed and world.felt() == ["pressed"]
    assert len({alarm.alarm_id for alarm in world.client.of("alarm")}) == 1
    await world.stop()


async def test_press_told_late_counts_as_long_as_it_lasted():
    world = await begun(TIME)
    world.board.press(True, late_ms=700)
    await asyncio.sleep_ms(500)
    world.board.press(False)
    assert world.felt() == ["pressed"]
    (alarm,) = world.client.of("alarm")
    assert 0 <= alarm.pressed.mono_ms - 1300 < 200, alarm.pressed
    await world.stop()


async def test_press_that_is_over_when_it_is_told_is_an_alarm():
    world = await begun(TIME, wait_ms=4000)
    world.board.press(True, late_ms=2000)
    world.board.press(False, late_ms=800)
    assert world.felt() == ["pressed"]
    await world.stop()


async def test_press_that_was_told_far_too_late_begins_now():
    world = await begun(TIME, wait_ms=9000)
    world.board.press(True, late_ms=8000)
    await asyncio.sleep_ms(700)
    world.board.press(False)
    await asyncio.sleep_ms(3000)
    assert world.felt() == []
    await world.stop()


async def test_cancel_is_a_claim_with_the_number_of_short_presses():
    world = await begun(TIME, (STORED,))
    await world.press()
    await asyncio.sleep_ms(2000)
    await world.shorts(3)
    await asyncio.sleep_ms(500)
    alarm, cancel = world.client.of("alarm")
    assert cancel.kind == messages.KIND_CANCEL and cancel.code == 3 and cancel.ref == alarm.alarm_id
    # Only the gateway closes: the alarm is still open here.
    assert world.unit.alarms.alarmed
    await asyncio.sleep_ms(2000)
    assert world.felt() == ["pressed", "received", "pressed", "received"]
    await world.shorts(1)
    assert len(world.client.of("alarm")) == 2
    await world.stop()


async def test_five_short_presses_without_an_alarm_are_a_test():
    world = await begun(TIME, (STORED,))
    await world.shorts(4)
    assert world.client.of("alarm") == []
    await world.shorts(5)
    await asyncio.sleep_ms(3000)
    (alarm,) = world.client.of("alarm")
    assert alarm.kind == messages.KIND_TEST and world.felt() == ["test", "test"]
    assert not world.unit.alarms.alarmed and len(world.unit.alarms._journal) == 0
    await world.stop()


async def test_hammering_with_hold_0_is_one_call_for_help_and_no_cancel():
    world = await begun(TIME, (STORED,))
    world.unit.settings.set("hold_ms", 0)
    await asyncio.sleep_ms(3000)
    await world.shorts(5)
    await asyncio.sleep_ms(500)
    assert [alarm.kind for alarm in world.client.of("alarm")] == [messages.KIND_BUTTON]
    # Once it is open, the number of presses means what it means with a hold.
    await world.shorts(3)
    await asyncio.sleep_ms(500)
    kinds = [alarm.kind for alarm in world.client.of("alarm")]
    assert kinds == [messages.KIND_BUTTON, messages.KIND_BUTTON, messages.KIND_CANCEL]
    assert world.client.of("alarm")[-1].code == 3
    await world.stop()


async def test_button_held_while_the_power_comes_is_an_alarm():
    world = World(TIME)
    world.board.press(True)
    world.start()
    await asyncio.sleep_ms(1500)
    assert len(world.client.of("alarm")) >= 1
    await world.stop()
