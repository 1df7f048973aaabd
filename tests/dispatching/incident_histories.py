"""Random lives of an incident, and everything that must be true at every moment of them.

A history is a list of operations `(name, which, wait_ms)`; a `Life` plays it against a step function and a log
(the real ones, or mutants of them) and checks each invariant of docs/dispatch.md after each event. What it
checks is computed here anew and not read from the rules, so that a wrong rule cannot excuse itself.
"""

from collections import Counter
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from gateway.dispatch import effects as fx
from gateway.dispatch import events as ev
from gateway.dispatch.incident import Answer, Incident, State, absorb_of, from_json, to_json
from gateway.dispatch.policy import Policy
from gateway.dispatch.ranking import Candidate, Confidence, Ranking
from gateway.dispatch.timers import Timer
from gateway.model import Fix, Level

START_MS = 1_795_500_000_000
POLICY = Policy()
OWNED = {State.ACCEPTED, State.EN_ROUTE, State.ON_SCENE}
TERMINAL = {State.CLOSED, State.MERGED}
TIMER_OF = {
    State.OFFERED: Timer.OFFER,
    State.UNCOVERED: Timer.PAGE,
    State.ACCEPTED: Timer.ACCEPT,
    State.EN_ROUTE: Timer.EN_ROUTE,
    State.ON_SCENE: Timer.WELFARE,
}
FIRST_S = {State.OFFERED: 30, State.UNCOVERED: 60, State.ACCEPTED: 180, State.ON_SCENE: 600}
OPERATIONS = (
    "due", "due", "due", "late_timer", "accept", "accept", "decline", "decline", "en_route", "arrived", "offer",
    "acknowledge", "press_again", "move", "cancel", "wrong_cancel", "note", "callback", "again", "crash",
    "two_accepts", "stale_click", "absorb", "close", "merge", "hand_over", "hand_over", "take_over", "two_takes",
    "attach",
    "talk",
)  # fmt: skip


def fix(lat: float = 26.07, lon: float = 119.29, at_ms: int = START_MS, **given: Any) -> Fix:
    """A good position; `given` replaces fields."""
    made = Fix(round(lat * 1e7), round(lon * 1e7), 50, 0, 0, 0, 9, 1, at_ms, 3, at_ms - START_MS, 1, at_ms)
    return replace(made, **given)


def court(
    court_id: str, metres: float = 1000.0, *, on_duty: bool = True, level: Level = Level.BASIC
) -> Candidate:
    """A court as ranked."""
    return Candidate(court_id, f"Court {court_id}", level, 26.0, 119.0, metres, 240, on_duty, "by line", "I")


ABOVE = (court("I", 5000.0, level=Level.INTERMEDIATE), court("H", 9000.0, level=Level.HIGH))


def ranking(count: int = 4, confidence: Confidence = Confidence.GOOD, off_duty: int | None = None) -> Ranking:
    """`count` basic courts A, B, C... in order of distance, and two courts above them."""
    courts = tuple(court(chr(65 + i), 1000.0 * (i + 1), on_duty=i != off_duty) for i in range(count))
    return Ranking(courts, ABOVE if courts else (), confidence, "", 100, "fix")


def alarm(ranked: Ranking | None = None, kind: ev.AlarmKind = "button", **given: Any) -> ev.AlarmRaised:
    """The first press of unit U1 of court A."""
    ranked = ranking() if ranked is None else ranked
    first = ev.AlarmRaised("I-1", "a0", "U1", "Officer", "A", kind, ranked, fix=fix(), fix_age_ms=0)
    return replace(first, **given)


@dataclass
class Rules:
    """A step function and a log: the real ones or mutants."""

    step: ModuleType
    log: ModuleType


class Life:
    """One incident, played event by event. Raises AssertionError where an invariant breaks."""

    def __init__(self, rules: Rules, opening: ev.AlarmRaised, policy: Policy = POLICY) -> None:
        self.rules, self.policy, self.now_ms = rules, policy, START_MS
        self.incident: Incident | None = None
        self.rows: list[Any] = []
        self.offered: Counter[str] = Counter()
        self.old_deadlines: list[tuple[Timer, int]] = []
        self.seen_version = 1
        self.ids = 0
        self.last: Any = opening
        self.duress = opening.kind == "duress"
        self.told: fx.Status | None = None
        self.happen(opening)

    # -- playing ---------------------------------------------------------------------------------

    def play(self, operations: list[tuple[str, int, int]]) -> None:
        """Every operation in turn, and a crash at the end."""
        for name, which, wait_ms in operations:
            self.now_ms += wait_ms
            getattr(self, name)(which)
        self.crash(0)

    def happen(self, event: Any) -> Any:
        """Apply an event, store it if it changed anything, check everything."""
        before = self.incident
        outcome = self.rules.step.step(before, event, self.now_ms, self.policy)
        after = outcome.incident
        if outcome.changed:
            previous = self.rows[-1].hash if self.rows else self.rules.log.GENESIS
            seq = len(self.rows) + 1
            self.rows.append(
                self.rules.log.row_for(after.incident_id, seq, self.now_ms, event, self.policy, previous)
            )
            self.last = event
            if before is not None:
                self.old_deadlines += set(before.deadlines) - set(after.deadlines)
        self.incident = after
        self.check(before, event, outcome, after)
        return outcome

    def due(self, which: int) -> None:
        """A timer of the incident comes due, at its time or up to an hour later."""
        assert self.incident is not None
        if self.incident.deadlines:
            timer, deadline_ms = self.incident.deadlines[which % len(self.incident.deadlines)]
            self.now_ms = max(self.now_ms, deadline_ms + (0, 0, 1, 3_600_000)[which % 4])
            outcome = self.happen(ev.TimerDue(timer, deadline_ms))
            assert outcome.changed, f"timer {timer} was forgotten"

    def late_timer(self, which: int) -> None:
        """A timer that is not the incident's any more, or not due yet, has no effect."""
        assert self.incident is not None
        early = [(timer, at_ms) for timer, at_ms in self.incident.deadlines if at_ms > self.now_ms]
        for timer, deadline_ms in [*self.old_deadlines[-4:], *early]:
            if (timer, deadline_ms) in early or (timer, deadline_ms) not in self.incident.deadlines:
                assert not self.happen(ev.TimerDue(timer, deadline_ms)).changed, "6: a late timer acted"

    def accept(self, which: int) -> None:
        self.happen(ev.Accept("duty", self.some_court(which), eta_s=(None, 60, 900)[which % 3]))

    def decline(self, which: int) -> None:
        assert self.incident is not None
        owner = self.incident.owner_court_id
        self.happen(ev.Decline("duty", owner if owner and which % 2 else self.some_court(which), "no car"))

    def en_route(self, which: int) -> None:
        assert self.incident is not None
        court_id = self.incident.owner_court_id if which % 4 else "B"
        self.happen(ev.EnRoute("duty", court_id or "A", (None, 100, 1000)[which % 3]))

    def arrived(self, which: int) -> None:
        assert self.incident is not None
        self.happen(ev.Arrived("duty", (self.incident.owner_court_id if which % 4 else "B") or "A"))

    def offer(self, which: int) -> None:
        self.happen(ev.OfferCourt("dispatcher", "ABCDIHXY"[which % 8], "Somewhere"))

    def acknowledge(self, which: int) -> None:
        name = ("Lin", "Chen")[which % 2]
        self.happen(ev.Acknowledge(name, login=(name.lower(), None)[which % 3 == 0]))

    def hand_over(self, which: int) -> None:
        assert self.incident is not None
        to = ("Lin", "Chen", "Xu")[which % 3]
        was, owned = self.incident.handler, self.incident.deadlines
        self.happen(ev.HandOver("Lin", to.lower(), to, (None, "shift ends")[which % 2]))
        assert (self.incident.handler, self.incident.deadlines) == (was, owned), "15: a proposal moved it"

    def take_over(self, which: int) -> None:
        name = ("Lin", "Chen", "Xu")[which % 3]
        self.happen(ev.TakeOver(name, name.lower()))

    def attach(self, which: int) -> None:
        number = f"{which % 6:064x}"
        self.happen(ev.Attach("Lin", number[-32:], f"photo {which}.jpg", "image/jpeg", 1000 + which, number))

    def talk(self, which: int) -> None:
        self.happen(
            ev.Talk("Lin", f"{which % 6:016x}", "U1", self.now_ms - 4_000, 4_000, which % 3, "released")
        )

    def two_takes(self, which: int) -> None:
        """Two dispatchers take it in the same instant, having seen the same version."""
        assert self.incident is not None
        version, pending = self.incident.version, self.incident.handover is not None
        names = [name for name in ("Lin", "Chen", "Xu") if name != self.incident.handler][:2]
        outcomes = [self.happen(ev.TakeOver(name, name.lower(), expected_version=version)) for name in names]
        acted = self.incident.live and self.incident.handler is not None
        assert sum(one.changed for one in outcomes) == acted, "16: both took it, or nobody could"
        if acted:
            told = [one.rejected.code for one in outcomes if one.rejected is not None]
            assert told == ["stale_version"], "16: the slower one is not told"
        assert self.incident.handover is None or not acted, pending

    def press_again(self, which: int) -> None:
        kinds: tuple[ev.AlarmKind, ...] = ("button", "button", "duress", "test")
        self.happen(ev.PressAgain(self.new_id(), "U1", kinds[which % 4]))

    def move(self, which: int) -> None:
        ranked = ranking(which % 5, (Confidence.GOOD, Confidence.COARSE)[which % 2])
        moved = fix(26.0 + which / 100, at_ms=self.now_ms)
        self.happen(ev.PositionChanged("U1", moved, replace(ranked, candidates=ranked.candidates[::-1])))

    def cancel(self, which: int) -> None:
        self.happen(ev.Cancel(self.new_id(), "U1", genuine=True))

    def wrong_cancel(self, which: int) -> None:
        self.happen(ev.Cancel(self.new_id(), "U1", genuine=False))

    def note(self, which: int) -> None:
        self.happen(ev.Note("Lin", f"note {which}"))

    def callback(self, which: int) -> None:
        self.happen(ev.CallBack("Lin", answered=which % 2 == 0))

    def close(self, which: int) -> None:
        if which % 4 == 0:
            self.happen(ev.Close("Lin", "officer is safe"))

    def merge(self, which: int) -> None:
        if which % 8 == 0:
            self.happen(ev.Merge("Lin", "I-2"))

    def absorb(self, which: int) -> None:
        other = self.rules.step.step(
            None, replace(alarm(), incident_id="I-9", alarm_id="b0", unit_id="U2"), 0, POLICY
        )
        self.happen(absorb_of(other.incident, "Lin"))

    def again(self, which: int) -> None:
        """The last event comes twice."""
        outcome = self.happen(self.last)
        assert not outcome.changed or isinstance(self.last, ev.Note | ev.CallBack), (
            "7: a duplicate changed it"
        )

    def two_accepts(self, which: int) -> None:
        """Two courts accept at once, having seen the same version."""
        assert self.incident is not None
        version, owned = self.incident.version, self.incident.state in OWNED
        one = self.happen(ev.Accept("duty", self.some_court(which), expected_version=version))
        two = self.happen(ev.Accept("duty", self.some_court(which + 1), expected_version=version))
        assert one.changed + two.changed <= (0 if owned else 1), "5: both accepts won"

    def stale_click(self, which: int) -> None:
        """A person decides on a picture that is older than the last decision."""
        assert self.incident is not None
        stale = self.seen_version - 1
        for event in (
            ev.Close("Chen", "over", expected_version=stale),
            ev.OfferCourt("Chen", "D", None, None, stale),
        ):
            assert not self.happen(event).changed, "a click on an old picture was taken"

    def crash(self, which: int) -> None:
        """Memory is lost; the log rebuilds it."""
        assert self.incident is not None
        self.rules.log.verify(self.rows, head=self.rows[-1].hash, length=self.incident.version)
        rebuilt = self.rules.log.replay(self.rows)
        assert rebuilt == self.incident, "12: the log makes another incident"
        self.incident = from_json(to_json(rebuilt))
        assert self.incident == rebuilt

    def some_court(self, which: int) -> str:
        assert self.incident is not None
        asked = [offer.court_id for offer in self.incident.offers]
        return asked[which % len(asked)] if asked and which % 5 else "ABCDX"[which % 5]

    def new_id(self) -> str:
        self.ids += 1
        return f"a{self.ids}"

    # -- the invariants --------------------------------------------------------------------------

    def check(self, before: Incident | None, event: Any, outcome: Any, after: Incident) -> None:
        assert outcome.incident is after
        if not outcome.changed:
            assert after == before and outcome.effects == (), "7: nothing changed, but something did"
            return
        assert outcome.rejected is None
        assert after.version == len(self.rows) == (before.version if before else 0) + 1, "3: version"
        if before is not None:
            assert before.state not in TERMINAL, "2: a terminal state changed"
            self.check_change(before, event, after)
        if before is None or self.decides(before, event, after):
            self.seen_version = after.version
        self.check_value(before, after)
        self.check_effects(before, event, outcome.effects, after)

    def decides(self, before: Incident, event: Any, after: Incident) -> bool:
        person = hasattr(event, "by") and not isinstance(
            event, ev.Note | ev.CallBack | ev.HandOver | ev.Attach | ev.Talk
        )
        return person or before.state != after.state or before.duress != after.duress

    def check_change(self, before: Incident, event: Any, after: Incident) -> None:
        court_side = (before.state, before.owner_court_id, before.offers, before.timer, before.deadline_ms)
        if isinstance(event, ev.PositionChanged | ev.PressAgain | ev.Cancel):
            now = (after.state, after.owner_court_id, after.offers, after.timer, after.deadline_ms)
            assert now == court_side, "8, 9: the officer's unit decided something"
            assert after.ranking is before.ranking
        if isinstance(event, ev.Cancel) and not event.genuine:
            self.duress = True
        if isinstance(event, ev.PressAgain):
            self.duress |= event.kind == "duress"
            assert after.alarm_count == before.alarm_count + 1
        if after.state is State.CLOSED:
            assert isinstance(event, ev.Close) and after.closed and after.closed.by and after.closed.reason
            assert before.cancel is None or before.callback or before.state is State.ON_SCENE, (
                "9: closed by a cancel"
            )
        if after.state is State.MERGED:
            assert isinstance(event, ev.Merge)
        if isinstance(event, ev.Decline):
            declined = after.offer_to(event.court_id)
            assert declined is not None and declined.answer is Answer.DECLINED, "a decline was swallowed"
            assert after.owner_court_id is None
        if before.handler != after.handler:
            assert isinstance(event, ev.Acknowledge | ev.TakeOver), "15: it changed hands by itself"
            assert after.handler == event.by and after.handler_ms == self.now_ms
        kept = len(before.attachments)
        assert after.attachments[:kept] == before.attachments, "17: a file was lost"
        assert len(after.attachments) - kept == isinstance(event, ev.Attach)
        if isinstance(event, ev.HandOver):
            assert after.handover and (after.handover.to_login, after.handover.by) == (
                event.to_login,
                event.by,
            )
        elif isinstance(event, ev.TakeOver):
            assert after.handover is None, "15: taken, and still proposed"
        else:
            assert after.handover in (before.handover, None)
        if isinstance(event, ev.Accept):
            assert before.state not in OWNED, "5: it was owned already"
            assert after.owner_court_id == event.court_id and after.state is State.ACCEPTED

    def check_value(self, before: Incident | None, after: Incident) -> None:
        assert after.duress == self.duress, "10: duress"
        assert (after.owner_court_id is not None) == (after.state in OWNED), "4: owner"
        assert (after.handler is None) == (after.acknowledged_by is None), "15: acknowledged, and nobody's"
        if after.state in TERMINAL:
            assert after.deadlines == () and after.handover is None
            return
        assert after.deadlines or after.acknowledged_by, "1: nobody and nothing watches it"
        assert (after.acknowledge_deadline_ms is None) == (after.acknowledged_by is not None), (
            "the centre's timer"
        )
        for timer, deadline_ms in after.deadlines:
            assert deadline_ms > self.now_ms or (before and (timer, deadline_ms) in before.deadlines)
        if after.state is State.NEW:
            assert after.test or after.timer is Timer.AUTO_OFFER
            return
        assert after.timer is TIMER_OF[after.state], "1: the wrong timer, or none"
        entered = before is None or before.state is not after.state
        if entered and after.deadline_ms is not None:
            expected_s = FIRST_S.get(after.state) or max(300, 1.5 * (after.eta_s or 0))
            assert after.deadline_ms == self.now_ms + expected_s * 1000, "a deadline is not what it should be"
        if after.state is State.OFFERED:
            assert any(offer.answer is Answer.OPEN for offer in after.offers), "nobody is being asked"

    def check_effects(
        self, before: Incident | None, event: Any, effects: tuple[Any, ...], after: Incident
    ) -> None:
        asked = [effect.court_id for effect in effects if isinstance(effect, fx.OfferTo)]
        self.offered.update(asked)
        assert all(count == 1 for count in self.offered.values()), "11: a court was asked twice"
        known = {offer.court_id for offer in before.offers} if before else set()
        fresh = [o.court_id for o in after.offers if o.court_id not in known and o.answer is Answer.OPEN]
        assert asked == fresh
        pages = [effect for effect in effects if isinstance(effect, fx.PageUp)]
        assert len(pages) == after.pages - (before.pages if before else 0)
        if isinstance(event, ev.TimerDue) and event.timer is Timer.PAGE:
            assert pages, "nobody was paged again"
        if isinstance(event, ev.TimerDue) and event.timer in (Timer.EN_ROUTE, Timer.WELFARE, Timer.ACCEPT):
            assert any(isinstance(effect, fx.PageSupervisor) for effect in effects)
        for effect in effects:
            if isinstance(effect, fx.TellUnit):
                self.check_told(effect, after)
                self.told = effect.status
        if self.told in (fx.Status.ON_THE_WAY, fx.Status.ARRIVED):
            assert after.state in OWNED | {State.MERGED}, "P2: the officer still thinks that somebody comes"

    def check_told(self, told: fx.TellUnit, after: Incident) -> None:
        """Promise P2: nothing is told that is not so."""
        if told.status is fx.Status.ACKNOWLEDGED:
            assert after.acknowledged_by is not None and told.by == after.handler
        elif told.status is fx.Status.ON_THE_WAY:
            assert after.state in (State.ACCEPTED, State.EN_ROUTE) and told.court_name == after.owner_name
        elif told.status is fx.Status.ARRIVED:
            assert after.state is State.ON_SCENE
        elif told.status is fx.Status.CLOSED:
            assert after.state is State.CLOSED
        elif told.status is fx.Status.NOBODY_YET:
            assert after.state not in OWNED
        else:
            assert told.alarm_id is not None
