"""Speech over each broker that we start: it reaches the unit that it is for, and nobody else."""

import json
import struct

import pytest_asyncio
import websockets
from conftest import COURT, eventually
from standin import StandIn

from gateway.model import Role
from protocol import messages, topics
from protocol.messages import SPEAKER_PLAYS
from protocol.talk import LAST, Talk


@pytest_asyncio.fixture
async def gateway(start, broker_kind):
    running = await start(broker_kind)
    for unit_id in ("u1001", "u1002"):
        await running.provision(unit_id, COURT, officer="林燕")
    return running


async def test_speech_reaches_the_unit_that_it_is_for_and_nobody_else(gateway, person, tmp_path):
    client = await person(Role.DISPATCHER, COURT)
    url = f"{gateway.url.replace('http', 'ws', 1)}/api/v1/units/u1001/talk"
    headers = {"Cookie": "; ".join(f"{one}={value}" for one, value in client.cookies.items())}
    async with (
        StandIn(tmp_path / "units" / "u1001") as unit,
        StandIn(tmp_path / "units" / "u1002") as other,
        websockets.connect(url, additional_headers=headers) as panel,
    ):
        await other.online()
        await unit.online()

        async def told(fits):
            while not fits(said := json.loads(await panel.recv())):
                pass
            return said

        state = messages.State(online=1, boot=1, session=1, battery_pct=80, speaker=SPEAKER_PLAYS)
        await unit.say("state", state)
        await eventually(lambda: gateway.centre.units()["u1001"].speaker == SPEAKER_PLAYS)
        await panel.send(json.dumps({"t": "begin", "aloud": False, "call": True}))
        await told(lambda said: said["t"] == "state" and said["you"])
        for number in range(20):
            await panel.send(struct.pack(">I", number) + bytes([number]) * 320)
        await panel.send(json.dumps({"t": "end"}))
        await unit.until(lambda: any(leaf == "talk" and said.flags & LAST for leaf, said in unit.heard))
        said = [one for leaf, one in unit.heard if leaf == "talk"]
        assert [one.sound for one in said] == [*(bytes([number]) * 320 for number in range(20)), b""]
        assert not [leaf for leaf, _ in other.heard if leaf == "talk"]
        # A unit may not speak to another one in our name.
        forged = Talk(talk=b"f" * 8, number=0, flags=0, sound=b"\xd5")
        await other.raw(topics.down(COURT, "u1001", "talk"), forged.encode(), wait=False)
        await other.say("state", state)
        await unit.say("state", state)
        assert b"f" * 8 not in {one.talk for leaf, one in unit.heard if leaf == "talk"}
