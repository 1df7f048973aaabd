"""The vibration motor: patterns that a thumb on a vest can tell apart, and the player.

A small motor takes 50 to 100 ms to run up, and people are sure of up to three or four pulses and of lengths that
differ by three times or more. So there are three lengths only, S (short), L (long, 4 x S) and X (very long), gaps
are felt as gaps, and each pattern is its own word:

    pressed       S            the unit has the alarm on its flash
    received      S S          the centre's computer has it
    acknowledged  S S S        a named person has it; more pulses, further along
    on_the_way    L S S        a court has accepted: someone moves
    arrived       L L
    closed        X            over
    refused       S L          falling short of what was asked
    nobody_yet    S L S L S L  the same, three times: nobody has answered
    card          L X          the card fills with what the centre has not; never while an alarm is open
    watched       L S X        somebody looks or listens; never while an alarm is open
    test          L S L        a test alarm, and nobody comes: once on the flash, once more when the centre has it

`pressed` may break off another pattern. What was felt until then must not be a lie, so a beginning of a pattern is
never another pattern, but for those that are true as well: S and S S of acknowledged, S L of nobody_yet.
"""

_S, _L, _X, _GAP = 150, 600, 1500, 200

PATTERNS = {
    "pressed": (_S,),
    "received": (_S, _GAP, _S),
    "acknowledged": (_S, _GAP, _S, _GAP, _S),
    "on_the_way": (_L, _GAP, _S, _GAP, _S),
    "arrived": (_L, _GAP, _L),
    "closed": (_X,),
    "refused": (_S, _GAP, _L),
    "nobody_yet": (_S, _GAP, _L, _GAP, _S, _GAP, _L, _GAP, _S, _GAP, _L),
    "card": (_L, _GAP, _X),
    "watched": (_L, _GAP, _S, _GAP, _X),
    "test": (_L, _GAP, _S, _GAP, _L),
}
# These speak of one alarm, or of none: after another press they would be taken for news of the new one.
_OF_ONE_ALARM = ("received", "test", "watched")

PAUSE_MS = 700  # between two patterns, so that they are not one
BREAK_MS = 60  # the motor is stopped so long before "pressed" when it was running: else that is not felt


class Player:
    """set_pin(on) is called by `tick`, and by `play` for "pressed"; strength is the pin's concern.

    on_start(name, pulses_ms, now_ms): called when a pattern has begun; it may call `play`.
    At most one status and one "refused" wait: a newer status takes the place of one that has not begun, for it is
    what is true now. "pressed" begins at once; a status that it breaks off is played again after it, unless a newer
    one waits or it would be taken for news of the new alarm.
    Counters: replaced (patterns that never began), unknown (names that are no pattern).
    """

    def __init__(self, set_pin, on_start=None):
        self._set_pin = set_pin
        self._on_start = on_start
        self._name = None
        self._pulses_ms = ()
        self._at = 0  # index of the pulse or gap that runs
        self._until_ms = 0  # its end; after the last one, the end of the pause
        self._on = False
        self._status = None
        self._refused = False
        self.replaced = self.unknown = 0

    def play(self, name, now_ms):
        """Begin or queue a pattern; False for a name that is none."""
        if name not in PATTERNS:
            self.unknown += 1
            return False
        if name == "pressed":
            self._break_off()
            self._begin(name, now_ms, BREAK_MS if self._on else 0)
        elif name == "refused":
            self.replaced += self._refused
            self._refused = True
        else:
            self.replaced += self._status is not None
            self._status = name
        return True

    def tick(self, now_ms):
        """Advance; returns milliseconds until the next call is due, or None when there is nothing to play."""
        while now_ms >= self._until_ms:
            if self._at < len(self._pulses_ms):
                self._step(now_ms)
            elif self._status:
                name, self._status = self._status, None
                self._begin(name, now_ms, 0)
            elif self._refused:
                self._refused = False
                self._begin("refused", now_ms, 0)
            else:
                self._name = None
                return None
        return self._until_ms - now_ms

    @property
    def idle(self):
        """Whether nothing is played, and nothing waits to be."""
        return self._name is None and self._status is None and not self._refused

    def _break_off(self):
        if self._at >= len(self._pulses_ms) or self._name == "pressed":
            return
        if self._name == "refused":
            self._refused = True
        elif self._status is None and self._name not in _OF_ONE_ALARM:
            self._status = self._name

    def _begin(self, name, now_ms, break_ms):
        self._name = name
        self._pulses_ms = PATTERNS[name]
        self._at = -1
        self._until_ms = now_ms + break_ms
        if break_ms:
            self._pin(False)
        else:
            self._step(now_ms)
        if self._on_start:
            self._on_start(name, PATTERNS[name], now_ms)

    def _step(self, now_ms):
        """To the next pulse or gap. It lasts from now: a late tick makes a pattern longer, never its gaps shorter."""
        self._at += 1
        if self._at < len(self._pulses_ms):
            self._pin(self._at % 2 == 0)
            self._until_ms = now_ms + self._pulses_ms[self._at]
        else:
            self._pin(False)
            self._until_ms = now_ms + PAUSE_MS

    def _pin(self, on):
        if on != self._on:
            self._on = on
            self._set_pin(on)
