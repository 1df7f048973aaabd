"""Our own connections to the broker, and what they may not lose."""

import asyncio

import paho.mqtt.client as mqtt
from conftest import COURT, eventually
from standin import StandIn

from protocol import topics


async def test_what_waited_at_the_broker_is_acknowledged_although_it_comes_before_the_subscription(start):
    """Each message that is not acknowledged keeps a place in the broker's window until we connect again."""
    gateway = await start("mosquitto")
    await gateway.provision("u1001", COURT)
    link = gateway.ingest.alarm_link
    async with StandIn(gateway.settings.data_dir / "units" / "u1001") as unit:
        await unit.online()
        link._paho.disconnect()
        await eventually(lambda: not link.connected)
        await asyncio.to_thread(link._paho.loop_stop)
        for _ in range(300):
            await unit.raw(topics.up(COURT, "u1001", "alarm"), unit.alarm().encode(), wait=False)
        await unit.say("alarm", unit.alarm())
        link._paho.connect_async(*link._address)
        link._paho.loop_start()
        await eventually(lambda: gateway.metrics.alarms._value.get() == 301)
        await eventually(lambda: not link._pending)


async def test_topic_that_is_no_text_is_counted_and_ends_nothing(start):
    gateway = await start()
    link = gateway.ingest.alarm_link
    link._on_message(link._paho, None, mqtt.MQTTMessage(9, b"tip/1/\xff/u1001/up/alarm"))
    await eventually(lambda: gateway.metrics.faults.labels("bad_topic")._value.get() == 1)


async def test_many_small_messages_in_one_record_of_tls_are_all_heard_at_once(start):
    """They are read together, and `select` says nothing more of those that wait."""
    gateway = await start("mosquitto")
    await gateway.provision("u1001", COURT)
    async with StandIn(gateway.settings.data_dir / "units" / "u1001") as unit:
        await unit.online()
        heard = gateway.metrics.faults.labels("garbage")._value.get
        for _ in range(400):
            await unit.raw(topics.up(COURT, "u1001", "fix"), b"none", wait=False)
        await eventually(lambda: heard() >= 400, 10)
