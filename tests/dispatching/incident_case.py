"""An incident in the hands of a test that tells its story."""

from typing import Any

from incident_histories import POLICY, START_MS, alarm

from gateway.dispatch import effects as fx
from gateway.dispatch import events as ev
from gateway.dispatch.incident import Incident, Step
from gateway.dispatch.policy import Policy
from gateway.dispatch.step import step
from gateway.dispatch.timers import Timer


class Case:
    """An incident in hand, with a clock."""

    def __init__(self, opening: ev.AlarmRaised | None = None, policy: Policy = POLICY) -> None:
        self.now_ms = START_MS
        self.policy = policy
        self.last = step(None, opening or alarm(), self.now_ms, policy)

    @property
    def incident(self) -> Incident:
        assert self.last.incident is not None
        return self.last.incident

    def do(self, event: Any) -> Step:
        self.last = step(self.incident, event, self.now_ms, self.policy)
        return self.last

    def due(self, timer: Timer) -> Step:
        """Let time pass until this timer is due."""
        self.now_ms = dict(self.incident.deadlines)[timer]
        return self.do(ev.TimerDue(timer, self.now_ms))

    def effects(self, kind: type) -> list[Any]:
        return [effect for effect in self.last.effects if isinstance(effect, kind)]

    def asked(self) -> list[str]:
        return [effect.court_id for effect in self.effects(fx.OfferTo)]

    def told(self) -> list[fx.Status]:
        return [effect.status for effect in self.effects(fx.TellUnit)]

    def refused(self) -> str:
        assert self.last.rejected is not None and not self.last.changed
        return self.last.rejected.code


def accepted() -> Case:
    case = Case()
    case.do(ev.OfferCourt("Lin", "A"))
    case.do(ev.Accept("Wu", "A", eta_s=400))
    return case
