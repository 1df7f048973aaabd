"""Patterns that can be told apart, and a player that neither delays "pressed" nor tells old news."""

from drivers.motor import BREAK_MS, PATTERNS, PAUSE_MS, Player


def _letters(pulses_ms):
    letters = ""
    for at, length_ms in enumerate(pulses_ms):
        if at % 2:
            assert 150 <= length_ms <= 300, "a gap that is felt as one"
        else:
            letters += "S" if length_ms <= 150 else "L" if 500 <= length_ms <= 700 else "X"
            assert letters[-1] != "X" or length_ms >= 1500
    assert len(pulses_ms) % 2 == 1
    return letters


class Desk:
    """A player with a motor that writes down [(ms, on)] and the names begun."""

    def __init__(self, step_ms=1):
        self.now_ms = 0
        self.edges = []
        self.begun = []
        self._step_ms = step_ms
        self.player = Player(lambda on: self.edges.append((self.now_ms, on)), self._begin)

    def _begin(self, name, pulses_ms, now_ms):
        assert pulses_ms == PATTERNS[name] and now_ms == self.now_ms
        self.begun.append((name, now_ms))

    def run(self, until_ms=None):
        """Tick until then, or until idle."""
        while until_ms is None or self.now_ms < until_ms:
            due_ms = self.player.tick(self.now_ms)
            if due_ms is None and until_ms is None:
                return
            self.now_ms += self._step_ms if due_ms is None else max(due_ms, self._step_ms)

    def lengths(self):
        """On and off lengths, beginning with the first on."""
        assert [on for _, on in self.edges] == [i % 2 == 0 for i in range(len(self.edges))]
        return tuple(after[0] - before[0] for before, after in zip(self.edges, self.edges[1:]))


def test_every_pattern_is_its_own_word():
    words = {name: _letters(pulses_ms) for name, pulses_ms in PATTERNS.items()}
    assert sorted(words) == sorted(
        (
            "pressed",
            "received",
            "acknowledged",
            "on_the_way",
            "nobody_yet",
            "arrived",
            "closed",
            "refused",
            "test",
            "card",
            "watched",
        )
    )
    assert len(set(words.values())) == len(words)
    true_as_well = {
        "acknowledged": ("pressed", "received"),
        "received": ("pressed",),
        "refused": ("pressed",),
        "nobody_yet": ("pressed", "refused"),
    }
    for name, word in words.items():
        for other, beginning in words.items():
            if other != name and word.startswith(beginning):
                assert other in true_as_well.get(name, ()), (name, other)


def test_a_pattern_is_played_as_written():
    for name in PATTERNS:
        desk = Desk()
        assert desk.player.play(name, 0)
        desk.run()
        assert desk.lengths() == PATTERNS[name] and desk.begun == [(name, 0)]
        assert desk.now_ms == sum(PATTERNS[name]) + PAUSE_MS


def test_a_late_tick_never_shortens_a_gap():
    desk = Desk(step_ms=333)
    desk.player.play("acknowledged", 0)
    desk.run()
    assert all(felt >= planned for felt, planned in zip(desk.lengths(), PATTERNS["acknowledged"]))


def test_pressed_is_never_delayed():
    desk = Desk()
    desk.player.play("closed", 0)
    desk.player.tick(0)
    desk.now_ms = 400
    desk.player.play("received", 400)
    desk.player.play("pressed", 400)
    assert desk.begun[-1] == ("pressed", 400) and desk.edges[-1] == (400, False)
    desk.run()
    assert desk.edges[2] == (400 + BREAK_MS, True)
    assert [name for name, _ in desk.begun] == ["closed", "pressed", "received"]
    quiet = Desk()
    quiet.player.play("pressed", 0)
    assert quiet.edges == [(0, True)], "at once, without waiting for a tick"


def test_a_status_that_was_broken_off_is_played_again():
    desk = Desk()
    desk.player.play("on_the_way", 0)
    desk.player.tick(0)
    desk.now_ms = 100
    desk.player.play("pressed", 100)
    desk.run()
    assert [name for name, _ in desk.begun] == ["on_the_way", "pressed", "on_the_way"]


def test_news_of_one_alarm_is_not_told_again_after_the_next_press():
    for name in ("received", "test"):
        desk = Desk()
        desk.player.play(name, 0)
        desk.player.tick(0)
        desk.now_ms = 100
        desk.player.play("pressed", 100)
        desk.run()
        assert [begun for begun, _ in desk.begun] == [name, "pressed"]


def test_newer_truth_takes_the_place_of_what_waits():
    desk = Desk()
    desk.player.play("pressed", 0)
    for name in ("received", "nobody_yet", "refused", "acknowledged", "refused", "on_the_way"):
        assert desk.player.play(name, 0)
    desk.run()
    assert [name for name, _ in desk.begun] == ["pressed", "on_the_way", "refused"]
    assert desk.player.replaced == 4
    starts = [at_ms for _, at_ms in desk.begun]
    assert starts[1] == 150 + PAUSE_MS and starts[2] - starts[1] == sum(PATTERNS["on_the_way"]) + PAUSE_MS


def test_a_pattern_may_be_asked_for_when_another_begins():
    for second in ("pressed", "received"):
        edges = []
        begun = []

        def begin(name, pulses_ms, now_ms):
            begun.append(name)
            if len(begun) == 1:
                player.play(second, now_ms)

        player = Player(edges.append, begin)
        player.play("closed", 0)
        now_ms = 0
        while player.tick(now_ms) is not None:
            now_ms += 10
        assert begun == (["closed", "pressed", "closed"] if second == "pressed" else ["closed", "received"])
        assert not edges[-1] and len(edges) == 6


def test_an_unknown_pattern_is_counted():
    desk = Desk()
    assert not desk.player.play("hurrah", 0) and desk.player.unknown == 1
    desk.run()
    assert desk.edges == [] and desk.player.tick(10) is None
