"""Scenarios with the real firmware; the gateway's side is played by an answerer and by fixed hooks."""

import asyncio
from collections.abc import Callable, Mapping

from simulator.answerer import Answerer
from simulator.errors import GatewayRefused
from simulator.hooks import IncidentSeen, UnitSeen
from simulator.scenario import Report
from simulator.scenario_files import parse_scenario
from simulator.scenario_run import Run
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

MakeHome = Callable[..., UnitConfig]
UNIT = 'title = "t"\n[[unit]]\nname = "officer"\n'


class FixedHooks:
    """A gateway that shows one incident for the alarms that the answerer heard, and waits for the first."""

    def __init__(self, answerer: Answerer) -> None:
        self.answerer = answerer
        self.acts: list[tuple[str, Mapping[str, object]]] = []

    async def _alarmed(self) -> None:
        async with asyncio.timeout(30):
            while not self.answerer.alarms:
                await asyncio.sleep(0.01)

    async def incidents(self, unit_id: str, since_ms: int) -> list[IncidentSeen]:
        await self._alarmed()
        alarms = len({alarm.alarm_id for alarm in self.answerer.alarms})
        return [IncidentSeen("I-1", 3, "OFFERED", "button", False, False, alarms, ("350102",), None)]

    async def act(self, unit_id: str, since_ms: int, action: str, facts: Mapping[str, object]) -> None:
        await self._alarmed()
        self.acts.append((action, facts))

    async def fixes(self, unit_id: str, since_ms: int, until_ms: int) -> int:
        return self.answerer.fixes

    async def unit(self, unit_id: str) -> UnitSeen:
        return UnitSeen(True, 50)

    async def kill_broker(self) -> None:
        raise GatewayRefused(0, "no")

    async def command(self, unit_id: str, kind: str, value: int) -> None:
        self.acts.append((kind, {"value": value}))

    async def say(self, unit_id: str, for_s: float, aloud: bool) -> None:
        self.acts.append(("say", {"for_s": for_s, "aloud": aloud}))

    async def restart_gateway(self) -> None:
        raise GatewayRefused(0, "no")


async def play(text: str, config: UnitConfig, hooks: FixedHooks) -> Report:
    scenario = parse_scenario((UNIT + text).encode(), "x.toml")
    async with Unit(config) as unit:
        return await Run(scenario, {"officer": unit}, hooks).run()


def step(name: str, at_s: float, rest: str = "") -> str:
    return f'[[step]]\nat_s = {at_s}\ndo = "{name}"\n{rest}\n'


def expect(check: str, rest: str) -> str:
    return f'[[expect]]\ncheck = "{check}"\n{rest}\n'


async def test_scenario_passes_when_all_comes_true(
    make_home: MakeHome, broker_port: int, answerer: Answerer
) -> None:
    hooks = FixedHooks(answerer)
    text = (
        step("press", 0.2)
        + step("gateway", 1.5, 'action = "close"\nreason = "resolved"')
        + expect("felt", 'pattern = "received"\nafter = "press"\nwithin_s = 30')
        + expect("not_felt", 'pattern = "closed"\nafter = "press"\nfor_s = 0.5')
        + expect("incidents", 'count = 1\nafter = "press"\nwithin_s = 2')
        + expect("incident", 'alarms = 1\nstate = "OFFERED"\nafter = "press"\nwithin_s = 2')
        + expect("court", 'court_id = "350102"\nafter = "press"\nwithin_s = 2')
        + expect("unit", "online = true\nbattery_at_most = 60\nwithin_s = 20")
    )
    report = await play(text, make_home(broker_port=broker_port), hooks)
    assert report.ok, report.to_json()
    assert hooks.acts == [("close", {"reason": "resolved"})]
    assert [felt.pattern for felt in report.felt["officer"]][-2:] == ["pressed", "received"]


async def test_scenario_fails_with_what_was_seen(
    make_home: MakeHome, broker_port: int, answerer: Answerer
) -> None:
    answerer.answering = False
    text = (
        step("press", 0.2)
        + step("kill_broker", 0.3)
        + expect("felt", 'pattern = "received"\nafter = "press"\nwithin_s = 4.5')
        + expect("not_felt", 'pattern = "pressed"\nafter = "press"\nfor_s = 4')
        + expect("incidents", 'count = 0\nafter = "press"\nwithin_s = 1.5')
        + expect("court", 'court_id = "3501"\nafter = "press"\nwithin_s = 1.5')
        + expect("unit", "online = false\nwithin_s = 0.3")
    )
    report = await play(text, make_home(broker_port=broker_port), FixedHooks(answerer))
    assert not report.ok
    assert [outcome.passed for outcome in report.outcomes] == [False] * 5
    details = [outcome.detail for outcome in report.outcomes]
    assert details[0].startswith("felt only pressed") and details[1].startswith("felt after ")
    assert details[2] == "1 incidents" and details[3] == "I-1: court_id 350102"
    assert report.steps[1].error == "the gateway answered 0: no"


async def test_scenario_ends_at_its_limit(make_home: MakeHome, broker_port: int, answerer: Answerer) -> None:
    text = (
        "timeout_s = 1\n"
        + UNIT
        + step("press", 0.1)
        + expect("felt", 'pattern = "closed"\nafter = "press"\nwithin_s = 60')
    )
    scenario = parse_scenario(text.encode(), "x.toml")
    async with Unit(make_home(broker_port=broker_port)) as unit:
        report = await Run(scenario, {"officer": unit}, FixedHooks(answerer)).run()
    assert not report.ok and report.outcomes[0].detail == "still open after 1 s"
    assert 0.9 < report.duration_s < 30
