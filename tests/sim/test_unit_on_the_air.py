"""The real firmware through the link to a real broker."""

import asyncio
from collections.abc import Callable

from simulator.answerer import Answerer
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

MakeHome = Callable[..., UnitConfig]


async def raised(unit: Unit) -> None:
    """Wait until the unit has told of its alarm: it tells after it is felt."""
    async with asyncio.timeout(30):
        while not unit.alarms:
            await unit.wait_news()


async def test_alarm_is_received_through_the_link(
    make_home: MakeHome, broker_port: int, answerer: Answerer
) -> None:
    async with Unit(make_home(broker_port=broker_port)) as unit:
        await unit.wait_connected()
        await unit.press()
        await unit.wait_felt("pressed")
        await unit.wait_felt("received")
        await raised(unit)
        assert {alarm.alarm_id.hex() for alarm in answerer.alarms} == {unit.alarms[0][1]}
        assert unit.link.stats.bytes_up > 100


async def test_alarm_pressed_in_a_silent_cut_is_received_after_it(
    make_home: MakeHome, broker_port: int, answerer: Answerer
) -> None:
    async with Unit(make_home(broker_port=broker_port)) as unit:
        await unit.wait_connected()
        unit.link.cut()
        await unit.press()
        await unit.wait_felt("pressed")
        assert not answerer.alarms and not [felt for felt in unit.felt if felt.pattern == "received"]
        unit.link.restore()
        await unit.wait_felt("received")


async def test_reset_cut_is_noticed_and_the_unit_comes_back(
    make_home: MakeHome, broker_port: int, answerer: Answerer
) -> None:
    async with Unit(make_home(broker_port=broker_port)) as unit:
        await unit.wait_connected()
        unit.link.cut("reset")
        await unit.wait_disconnected()
        await unit.press()
        unit.link.restore()
        await unit.wait_felt("received")
        assert unit.link.stats.connections >= 2


async def test_power_cut_right_after_pressed_loses_nothing(
    make_home: MakeHome, broker_port: int, answerer: Answerer
) -> None:
    async with Unit(make_home(broker_port=broker_port)) as unit:
        await unit.wait_connected()
        unit.link.cut()
        await unit.press()
        await unit.wait_felt("pressed")
        await raised(unit)
        alarm_id = unit.alarms[0][1]
        await unit.power_cut()
        unit.link.restore()
        assert not answerer.alarms
        await unit.start()
        await unit.wait_felt("received")
        assert {alarm.alarm_id.hex() for alarm in answerer.alarms} == {alarm_id}
