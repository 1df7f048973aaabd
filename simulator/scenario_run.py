"""Runs a scenario: takes its steps in time and watches for what is expected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from simulator.clock import Clock, SystemClock
from simulator.errors import SimulatorError
from simulator.hooks import Hooks, IncidentSeen
from simulator.scenario import Expectation, Outcome, Report, Scenario, Step, StepResult
from simulator.unit import Unit

ASK_EVERY_S = 0.1  # of the gateway, while something is expected there
CONNECT_S = 40.0


class Run:
    """One run. `report` may be read while it goes; `changed` is called when it has changed."""

    def __init__(
        self,
        scenario: Scenario,
        units: Mapping[str, Unit],
        hooks: Hooks,
        *,
        clock: Clock | None = None,
        changed: Callable[[Report], None] = lambda report: None,
    ) -> None:
        """`units` are running units by their names in the scenario."""
        self.scenario = scenario
        self.report = Report(
            scenario,
            [StepResult(step) for step in scenario.steps],
            [Outcome(expectation) for expectation in scenario.expectations],
        )
        self._units, self._hooks, self._changed = units, hooks, changed
        self._clock = clock if clock is not None else SystemClock()
        self._begun = {step.step_id: asyncio.Event() for step in scenario.steps}
        self._at_s: dict[str, float] = {}
        self._start_s = 0.0
        self._start_ms = 0

    @property
    def elapsed_s(self) -> float:
        """Seconds since all units were connected; 0 before."""
        return self._clock.monotonic_s() - self._start_s if self._start_s else 0.0

    async def run(self) -> Report:
        """Until every expectation is decided or the scenario's time is over. Raises UnitError at the start."""
        await asyncio.gather(*(unit.wait_connected(CONNECT_S) for unit in self._units.values()))
        self._start_s, self._start_ms = self._clock.monotonic_s(), self._clock.utc_ms()
        work = [asyncio.create_task(self._take(r), name=f"step {r.step.step_id}") for r in self.report.steps]
        work += [asyncio.create_task(self._watch(o), name="expectation") for o in self.report.outcomes]
        limit = asyncio.create_task(self._clock.sleep_s(self.scenario.timeout_s), name="scenario limit")
        try:
            await _first_of(limit, work)
        finally:
            for task in (limit, *work):
                task.cancel()
            results = await asyncio.gather(limit, *work, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result
        for outcome in self.report.outcomes:
            if outcome.passed is None:
                self._decide(outcome, False, f"still open after {self.scenario.timeout_s:g} s")
        self.report.duration_s = self.elapsed_s
        self.report.finished = True
        self.report.felt = {name: unit.felt for name, unit in self._units.items()}
        self._changed(self.report)
        return self.report

    # --- steps ----------------------------------------------------------------------------------------

    async def _take(self, result: StepResult) -> None:
        step = result.step
        await self._clock.sleep_s(max(0.0, self._start_s + step.at_s - self._clock.monotonic_s()))
        result.at_s = self.elapsed_s
        self._at_s[step.step_id] = self._clock.monotonic_s()
        self._begun[step.step_id].set()
        self._changed(self.report)
        try:
            await self._do(step, self._units[step.unit])
        except (SimulatorError, RuntimeError, ValueError) as error:
            result.error = str(error)
        result.done = True
        self._changed(self.report)

    async def _do(self, step: Step, unit: Unit) -> None:
        args = dict(step.args)
        direct: dict[str, Callable[..., object]] = {
            "cut": unit.link.cut,
            "restore": unit.link.restore,
            "shape": unit.link.shape,
            "battery": unit.battery,
            "signal": unit.signal,
            "gnss": unit.gnss_mode,
            "move": unit.gnss.set_speed,
        }
        awaited: dict[str, Callable[..., Awaitable[object]]] = {
            "press": unit.press,
            "short_presses": unit.short_presses,
            "kill": unit.kill,
            "power_cut": unit.power_cut,
            "start": unit.start,
            "restart": unit.restart,
            "kill_broker": self._hooks.kill_broker,
            "restart_gateway": self._hooks.restart_gateway,
        }
        if step.do in direct:
            direct[step.do](**args)
        elif step.do == "short_presses":
            await unit.short_presses(int(str(args["times"])))
        elif step.do == "say":
            await self._hooks.say(unit.unit_id, float(str(args["for_s"])), args.get("aloud") is True)
        elif step.do == "gateway":
            await self._hooks.act(unit.unit_id, self._start_ms, str(args.pop("action")), args)
        else:
            await awaited[step.do](**args)

    # --- expectations ---------------------------------------------------------------------------------

    def _decide(self, outcome: Outcome, passed: bool, detail: str, took_s: float | None = None) -> None:
        outcome.passed, outcome.detail, outcome.took_s = passed, detail, took_s
        self._changed(self.report)

    async def _watch(self, outcome: Outcome) -> None:
        expectation = outcome.expectation
        if expectation.after:
            await self._begun[expectation.after].wait()
        since_s = self._at_s.get(expectation.after, self._start_s)
        if expectation.check == "felt":
            await self._felt(outcome, since_s)
        elif expectation.check == "not_felt":
            await self._not_felt(outcome, since_s)
        elif expectation.check == "spoken_to":
            await self._spoken_to(outcome, since_s)
        elif expectation.check == "not_spoken_to":
            await self._not_spoken_to(outcome, since_s)
        else:
            await self._asked(outcome, since_s)

    async def _felt(self, outcome: Outcome, since_s: float) -> None:
        expectation = outcome.expectation
        unit, pattern = self._units[expectation.unit], str(expectation.args["pattern"])
        deadline = asyncio.create_task(
            self._clock.sleep_s(self._left_s(since_s, expectation)), name="deadline"
        )
        try:
            while (felt := unit.felt_since(pattern, since_s)) is None and not deadline.done():
                await _news(unit, deadline)
        finally:
            deadline.cancel()
        if felt is None:
            others = [entry.pattern for entry in unit.felt if entry.at_monotonic_s >= since_s]
            self._decide(outcome, False, f"felt only {', '.join(others[:8]) or 'nothing'}")
            return
        took_s = felt.at_monotonic_s - since_s
        self._decide(outcome, took_s <= expectation.within_s, f"after {took_s:.3f} s", took_s)

    async def _not_felt(self, outcome: Outcome, since_s: float) -> None:
        expectation = outcome.expectation
        unit, pattern = self._units[expectation.unit], str(expectation.args["pattern"])
        end_s = await self._ended(expectation, since_s)
        felt = unit.felt_since(pattern, since_s)
        if felt is not None and felt.at_monotonic_s < end_s:
            self._decide(outcome, False, f"felt after {felt.at_monotonic_s - since_s:.3f} s")
        else:
            self._decide(outcome, True, f"not in {max(0.0, end_s - since_s):.1f} s")

    async def _ended(self, expectation: Expectation, since_s: float) -> float:
        """The end of what must not happen: when it was reached."""
        if "until" in expectation.args:
            until = str(expectation.args["until"])
            await self._begun[until].wait()
            return self._at_s[until]
        end_s = since_s + float(str(expectation.args["for_s"]))
        await self._clock.sleep_s(max(0.0, end_s - self._clock.monotonic_s()))
        return end_s

    async def _spoken_to(self, outcome: Outcome, since_s: float) -> None:
        expectation = outcome.expectation
        unit, wanted_ms = self._units[expectation.unit], int(str(expectation.args["at_least_ms"]))
        deadline = asyncio.create_task(
            self._clock.sleep_s(self._left_s(since_s, expectation)), name="deadline"
        )
        try:
            while unit.speaker.spoken_ms(since_s) < wanted_ms and not deadline.done():
                await _news(unit, deadline)
        finally:
            deadline.cancel()
        spoken_ms, took_s = unit.speaker.spoken_ms(since_s), self._clock.monotonic_s() - since_s
        self._decide(outcome, spoken_ms >= wanted_ms, f"{spoken_ms} ms of speech", took_s)

    async def _not_spoken_to(self, outcome: Outcome, since_s: float) -> None:
        expectation = outcome.expectation
        end_s = await self._ended(expectation, since_s)
        spoken_s = self._units[expectation.unit].speaker.spoken_s(since_s)
        if spoken_s is not None and spoken_s < end_s:
            self._decide(outcome, False, f"spoken to after {spoken_s - since_s:.3f} s")
        else:
            self._decide(outcome, True, f"not in {max(0.0, end_s - since_s):.1f} s")

    def _left_s(self, since_s: float, expectation: Expectation) -> float:
        return max(0.0, since_s + expectation.within_s - self._clock.monotonic_s())

    async def _asked(self, outcome: Outcome, since_s: float) -> None:
        """Ask the gateway again and again until it is so, or time is over. A count must also stay so."""
        expectation = outcome.expectation
        if expectation.check == "incidents":  # asked at the end: a second one may come late
            await self._clock.sleep_s(self._left_s(since_s, expectation))
        if "until" in expectation.args:
            await self._begun[str(expectation.args["until"])].wait()
        while True:
            try:
                passed, detail = await self._ask(expectation, since_s)
            except SimulatorError as error:
                passed, detail = False, str(error)
            took_s = self._clock.monotonic_s() - since_s
            if passed:
                self._decide(outcome, True, detail, took_s)
                return
            if took_s >= expectation.within_s:
                self._decide(outcome, False, detail, took_s)
                return
            outcome.detail = detail
            await self._clock.sleep_s(ASK_EVERY_S)

    async def _ask(self, expectation: Expectation, since_s: float) -> tuple[bool, str]:
        unit_id, args = self._units[expectation.unit].unit_id, expectation.args
        if expectation.check == "unit":
            seen = await self._hooks.unit(unit_id)
            battery = 100.0 if seen.battery_pct is None else seen.battery_pct
            passed = args.get("online", seen.online) == seen.online
            passed = passed and battery <= float(str(args.get("battery_at_most", 100)))
            return passed, f"{'online' if seen.online else 'offline'}, battery {seen.battery_pct} %"
        if expectation.check == "fixes":
            until = self._at_s[str(args["until"])] if "until" in args else self._clock.monotonic_s()
            count = await self._hooks.fixes(unit_id, self._utc_ms(since_s), self._utc_ms(until))
            return count >= int(str(args["at_least"])), f"{count} fixes"
        incidents = await self._hooks.incidents(unit_id, self._start_ms)
        if expectation.check == "incidents":
            return len(incidents) == args["count"], f"{len(incidents)} incidents"
        if not incidents:
            return False, "no incident"
        return _compare(incidents[0], args)

    def _utc_ms(self, at_s: float) -> int:
        return self._start_ms + round((at_s - self._start_s) * 1000)


async def _news(unit: Unit, deadline: asyncio.Task[None]) -> None:
    """Until the unit told something, or the deadline is over."""
    news = asyncio.create_task(unit.wait_news(), name="news")
    await asyncio.wait({news, deadline}, return_when=asyncio.FIRST_COMPLETED)
    news.cancel()


async def _first_of(limit: asyncio.Task[None], work: list[asyncio.Task[None]]) -> None:
    """Until all of `work` is done, one of it failed, or the limit is over."""
    open_tasks = set(work)
    while open_tasks and not limit.done():
        done, _ = await asyncio.wait({limit, *open_tasks}, return_when=asyncio.FIRST_COMPLETED)
        open_tasks -= done
        if any(task.exception() is not None for task in done):
            return


def _compare(incident: IncidentSeen, args: Mapping[str, object]) -> tuple[bool, str]:
    """Whether an incident is as asked, and what it is."""
    seen = {
        "state": incident.state,
        "alarms": incident.alarms,
        "duress": incident.duress,
        "test": incident.test,
        "court_id": incident.courts[0] if incident.courts else "none",
    }
    detail = ", ".join(f"{key} {seen[key]}" for key in args if key in seen)
    return all(seen[key] == value for key, value in args.items()), f"{incident.incident_id}: {detail}"
