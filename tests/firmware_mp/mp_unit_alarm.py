"""The alarm from the finger to the flash, the broker and back to the skin: a whole unit in virtual time."""

import asyncio

from protocol import messages
from protocol.messages import ACKNOWLEDGED, ARRIVED, CLOSED, NOBODY_YET, ON_THE_WAY, STORED
from unit_world import World, begun, no_room, virtual_time

TIME = virtual_time()


async def test_press_is_on_the_flash_before_it_is_felt_and_then_goes_out():
    world = await begun(TIME)
    order = []
    append, show = world.unit.alarms._journal.append, world.board.show

    def watched_append(kind, payload):
        order.append("flash")
        return append(kind, payload)

    def watched_show(what, **facts):
        if what == "motor":
            order.append(facts["pattern"])
        show(what, **facts)

    world.unit.alarms._journal.append = watched_append
    world.board.show = watched_show
    world.board.press(True)
    await asyncio.sleep_ms(990)
    assert order == [] and world.client.of("alarm") == []
    await asyncio.sleep_ms(50)
    assert order == ["flash", "pressed"]
    (alarm,) = world.client.of("alarm")
    assert alarm.kind == messages.KIND_BUTTON and alarm.repeat == 0 and alarm.fix is None
    assert 0 <= alarm.pressed.mono_ms - 2000 < 200, alarm.pressed
    await world.stop()


async def test_alarm_is_repeated_until_stored():
    world = await begun(TIME)
    await world.press()
    await asyncio.sleep_ms(5000)
    repeats = [alarm.repeat for alarm in world.client.of("alarm")]
    assert repeats == list(range(len(repeats))) and 5 <= len(repeats) <= 7
    assert len({alarm.alarm_id for alarm in world.client.of("alarm")}) == 1
    world.client.tell(world.client.of("alarm")[0].alarm_id, STORED)
    await asyncio.sleep_ms(20_000)
    assert len(world.client.of("alarm")) == len(repeats)
    assert world.felt() == ["pressed", "received"]
    await world.stop()


async def test_received_is_never_felt_without_a_receipt():
    world = await begun(TIME)
    await world.press()
    await asyncio.sleep_ms(150_000)
    assert world.felt() == ["pressed", "nobody_yet", "nobody_yet", "nobody_yet"]
    await world.stop()


async def test_each_step_is_felt_once_and_confirmed():
    world = await begun(TIME, (STORED,))
    await world.press()
    await asyncio.sleep_ms(3000)
    alarm_id = world.client.of("alarm")[0].alarm_id
    for status in (ACKNOWLEDGED, ON_THE_WAY, ARRIVED, CLOSED):
        world.client.tell(alarm_id, status)
        await asyncio.sleep_ms(6000)
        # A repeat, because the reply was late.
        world.client.tell(alarm_id, status, seq=world.client.seq)
        await asyncio.sleep_ms(6000)
    assert world.felt() == ["pressed", "received", "acknowledged", "on_the_way", "arrived", "closed"]
    replies = world.client.of("reply")
    assert [reply.seq for reply in replies] == [1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert all(reply.ref == alarm_id and reply.outcome == messages.DONE for reply in replies)
    assert len(world.unit.alarms._journal) == 0
    await world.stop()


async def test_receipts_out_of_order_are_felt_in_rising_order_only():
    world = await begun(TIME)
    await world.press()
    alarm_id = world.client.of("alarm")[0].alarm_id
    for status, seq in ((ACKNOWLEDGED, 2), (STORED, 1), (ON_THE_WAY, 4), (NOBODY_YET, 3)):
        world.client.tell(alarm_id, status, seq)
        await asyncio.sleep_ms(6000)
    assert world.felt() == ["pressed", "acknowledged", "on_the_way"]
    assert [reply.seq for reply in world.client.of("reply")] == [2, 2, 4, 4]
    await world.stop()


async def test_receipts_of_two_alarms_at_once_are_both_felt():
    world = await begun(TIME)
    await world.press()
    await world.press()
    first, second = sorted({alarm.alarm_id for alarm in world.client.of("alarm")})
    world.client.tell(first, ACKNOWLEDGED, 5, "I-1")
    world.client.tell(second, STORED, 1, "I-2")
    # Not felt yet, so not confirmed yet, not even when it is repeated.
    world.client.tell(second, STORED, 1, "I-2")
    await asyncio.sleep_ms(8000)
    assert world.felt() == ["pressed", "pressed", "acknowledged", "received"]
    assert [(reply.ref, reply.seq) for reply in world.client.of("reply")] == [(first, 5), (second, 1)]
    await world.stop()


async def test_nobody_is_felt_when_stored_but_not_acknowledged():
    world = await begun(TIME, (STORED,))
    await world.press()
    await asyncio.sleep_ms(100_000)
    assert world.felt() == ["pressed", "received", "nobody_yet", "nobody_yet"]
    await world.stop()


async def test_alarm_while_the_network_is_dead_goes_out_when_it_is_back():
    world = await begun(TIME, (STORED,))
    world.client.link_up = False
    await asyncio.sleep_ms(500)
    await world.press()
    await asyncio.sleep_ms(3_600_000)
    assert world.client.of("alarm") == [] and world.client.hurried
    assert world.felt()[:2] == ["pressed", "nobody_yet"]
    world.client.link_up = True
    back_ms = TIME.ticks()
    while not world.client.of("alarm"):
        await asyncio.sleep_ms(10)
    assert TIME.ticks() - back_ms < 300
    await asyncio.sleep_ms(9000)
    assert world.felt()[-1] == "received" and not world.client.hurried
    assert len(world.client.of("alarm")) == 1
    await world.stop()


async def test_alarm_survives_a_power_cut_and_is_resumed():
    world = await begun(TIME)
    world.client.link_up = False
    await asyncio.sleep_ms(500)
    await world.press()
    await world.press()
    ids = [call.alarm_id for call in world.unit.alarms.calls.open]
    await world.stop()
    again = await begun(TIME, (STORED,))
    sent = again.client.of("alarm")
    assert again.unit.boot == world.unit.boot + 1
    assert [alarm.alarm_id for alarm in sent] == ids
    assert [alarm.repeat for alarm in sent] == [1, 1] and [alarm.pressed.boot for alarm in sent] == [1, 1]
    await again.stop()


async def test_receipt_felt_before_a_power_cut_is_not_felt_again():
    world = await begun(TIME, (STORED,))
    await world.press()
    alarm_id = world.client.of("alarm")[0].alarm_id
    await asyncio.sleep_ms(3000)
    world.client.tell(alarm_id, ACKNOWLEDGED)
    await asyncio.sleep_ms(3000)
    await world.stop()
    again = await begun(TIME)
    assert [alarm.alarm_id for alarm in again.client.of("alarm")][0] == alarm_id
    again.client.tell(alarm_id, ACKNOWLEDGED, 2)
    await asyncio.sleep_ms(120_000)
    assert again.felt() == [] and again.client.of("reply")[-1].seq == 2
    again.client.tell(alarm_id, CLOSED, 3)
    await asyncio.sleep_ms(3000)
    assert again.felt() == ["closed"]
    await again.stop()
    third = await begun(TIME)
    await asyncio.sleep_ms(3000)
    assert third.client.of("alarm") == [] and len(third.unit.alarms._journal) == 0
    await third.stop()


async def test_test_is_never_felt_as_a_call_for_help():
    """Not when the flash had refused it, nor when it is resumed after a power cut and stored only then."""
    world = await begun(TIME)
    journal = world.unit.alarms._journal
    append = journal.append
    journal.append = no_room
    await world.shorts(5)
    await asyncio.sleep_ms(1000)
    journal.append = append
    await asyncio.sleep_ms(6000)
    assert world.felt() == ["refused", "test"]
    await world.stop()
    again = await begun(TIME, (STORED,))
    await asyncio.sleep_ms(5000)
    assert again.felt() == ["test"] and len(again.unit.alarms._journal) == 0
    await again.stop()


async def test_test_by_command_that_comes_again_after_a_power_cut_is_the_same_test():
    command = messages.Command(
        command_id=b"12345678", kind=messages.TEST_ALARM, expires_s=2_000_000_000
    ).encode()
    ids = set()
    for _ in range(2):
        world = await begun(TIME)
        world.client.down("command", command)
        await asyncio.sleep_ms(1000)
        assert world.client.of("reply")[0].outcome == messages.DONE and len(world.unit.alarms._journal) == 1
        ids.update([alarm.alarm_id for alarm in world.client.of("alarm")])
        await world.stop()
    assert len(ids) == 1


async def test_flash_that_refuses_is_felt_and_the_alarm_goes_out_all_the_same():
    world = await begun(TIME)
    journal = world.unit.alarms._journal
    append = journal.append
    journal.append = no_room
    await world.press()
    await asyncio.sleep_ms(2000)
    assert world.felt() == ["refused"] and len(world.client.of("alarm")) >= 2
    assert world.unit.counters["journal_refused"] >= 1
    journal.append = append
    await asyncio.sleep_ms(6000)
    # The flash is back: now it is true, now it is felt.
    assert world.felt() == ["refused", "pressed"] and len(journal) == 1
    world.client.tell(world.client.of("alarm")[0].alarm_id, STORED)
    await asyncio.sleep_ms(3000)
    assert world.felt() == ["refused", "pressed", "received"]
    await world.stop()


async def test_twenty_presses_in_a_dead_zone_all_arrive():
    world = await begun(TIME)
    world.client.link_up = False
    await asyncio.sleep_ms(500)
    for _ in range(20):
        await world.press(1100)
    assert world.felt().count("pressed") == 20 and len(world.unit.alarms.calls) == 8
    world.client.answers = (STORED,)
    world.client.link_up = True
    await asyncio.sleep_ms(30_000)
    assert len({alarm.alarm_id for alarm in world.client.of("alarm")}) == 20
    assert world.unit.alarms.calls.unstored() == 0
    await world.stop()


async def test_twenty_presses_survive_a_power_cut_too():
    world = await begun(TIME)
    world.client.link_up = False
    await asyncio.sleep_ms(500)
    for _ in range(20):
        await world.press(1100)
    await world.stop()
    again = await begun(TIME, (STORED,))
    await asyncio.sleep_ms(30_000)
    assert len({alarm.alarm_id for alarm in again.client.of("alarm")}) == 20
    await again.stop()


async def test_dead_alarm_task_comes_back_and_loses_nothing():
    world = await begun(TIME)
    await world.press()
    world.board.on_fault("task", "alarm")
    world.board.on_fault("task", "button")
    world.board.on_fault("task", "motor")
    await asyncio.sleep_ms(3000)
    before = len(world.client.of("alarm"))
    await world.press()
    await asyncio.sleep_ms(3000)
    assert len(world.client.of("alarm")) > before + 2
    assert len({alarm.alarm_id for alarm in world.client.of("alarm")}) == 2
    assert world.unit.counters["task_restarts"] == 3
    await world.stop()


async def test_alarm_carries_case_and_last_fix_with_its_age():
    world = await begun(TIME)
    world.unit.settings.set("case_no", "（2026）闽0102执123号")
    world.board.gnss.send(
        b"$GNRMC,101010.00,A,2604.5000,N,11917.8000,E,0.10,,241126,,,A*5E\r\n"
        b"$GNGGA,101010.00,2604.5000,N,11917.8000,E,1,10,0.9,12.0,M,8.0,M,,*72\r\n"
    )
    await asyncio.sleep_ms(5000)
    await world.press()
    alarm = world.client.of("alarm")[0]
    assert alarm.case_no == "（2026）闽0102执123号"
    assert alarm.fix is not None and alarm.fix.lat_e7 == 260_750_000 and 5500 < alarm.fix_age_ms < 6500
    assert alarm.pressed.quality == messages.CLOCK_GNSS
    await world.stop()


async def test_low_battery_is_told_once_while_alarmed():
    world = await begun(TIME, (STORED,))
    world.board.battery_now = (9, 3500, False)
    await asyncio.sleep_ms(5000)
    assert world.client.of("alarm") == []
    await world.press()
    await asyncio.sleep_ms(60_000)
    assert [alarm.kind for alarm in world.client.of("alarm")] == [
        messages.KIND_BUTTON,
        messages.KIND_LOW_BATTERY,
    ]
    assert world.felt().count("pressed") == 1
    await world.stop()


async def test_low_battery_that_finds_no_place_is_not_felt():
    world = await begun(TIME)
    alarms = world.unit.alarms
    alarms._journal.append = no_room
    for _ in range(8):
        assert alarms.raise_alarm(messages.KIND_BUTTON)
    await asyncio.sleep_ms(5000)
    world.felt().clear()
    alarms.low_battery()
    await asyncio.sleep_ms(3000)
    assert "refused" not in world.felt()
    await world.stop()


async def test_nobody_that_waits_for_another_feeling_does_not_spin():
    world = await begun(TIME, (STORED,))
    await world.press()
    await asyncio.sleep_ms(3000)
    alarms = world.unit.alarms
    alarms.calls.open[0].tell_ms = 0
    alarms._to_feel = [(None, "acknowledged")]
    assert alarms.step() > 0
    alarms._to_feel = []
    await world.stop()


async def test_unit_that_the_broker_does_not_let_listen_asks_again():
    world = World(TIME, (STORED,))
    world.client.refuses = True
    world.start()
    await asyncio.sleep_ms(31_000)
    assert 3 <= world.client.asked <= 4
    world.client.refuses = False
    await asyncio.sleep_ms(15_000)
    asked = world.client.asked
    await asyncio.sleep_ms(60_000)
    assert world.client.asked == asked <= 5
    await world.stop()


async def test_silent_unit_shows_no_light_unless_told():
    world = await begun(TIME, (STORED,))
    await world.press()
    await asyncio.sleep_ms(3000)
    assert [what for what, _ in world.board.shown if what == "led"] == []
    world.unit.settings.set("silent", False)
    await world.press()
    await asyncio.sleep_ms(3000)
    assert [facts["on"] for what, facts in world.board.shown if what == "led"][:1] == [True]
    await world.stop()
