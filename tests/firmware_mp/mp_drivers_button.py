"""The button under virtual time."""

from drivers.button import FREED, HELD, SHORTS, STUCK, Button


def _play(edges, until_ms, poll_ms=10, **options):
    """Events of a button whose level changes at `edges` [(ms, down)], sampled at edges and polled while busy."""
    button = Button(**options)
    events = []
    level = False
    at = 0
    for now_ms in range(until_ms):
        changed = at < len(edges) and edges[at][0] == now_ms
        if changed:
            level = edges[at][1]
            at += 1
        if changed or (button.busy and now_ms % poll_ms == 0):
            event = button.sample(level, now_ms)
            if event:
                events.append(event)
    assert at == len(edges) and (level or not button.busy)
    return events, button


def _presses(*spans):
    return [edge for begin, length in spans for edge in ((begin, True), (begin + length, False))]


def test_a_hold_is_told_once_at_the_threshold():
    events, _ = _play(_presses((100, 3000)), 6000)
    assert events == [(HELD, 0, 1100)]
    assert _play(_presses((100, 999)), 6000)[0] == []
    assert _play(_presses((100, 1000)), 6000)[0] == [(HELD, 0, 1100)]
    assert _play(_presses((100, 500)), 6000, hold_ms=300)[0] == [(HELD, 0, 400)]


def test_a_hold_of_zero_is_told_at_the_edge():
    button = Button(hold_ms=0)
    assert button.sample(True, 1234) == (HELD, 0, 1234)
    assert button.sample(True, 1244) is None and button.sample(False, 1250) is None
    events, _ = _play(_presses((100, 100), (500, 100), (900, 100)), 5000, hold_ms=0)
    assert events == [(HELD, 0, 100), (SHORTS, 3, 2500)]


def test_short_presses_are_counted_until_it_is_quiet():
    for count in range(1, 8):
        events, _ = _play(_presses(*((100 + i * 600, 200) for i in range(count))), 9000)
        assert events == [(SHORTS, count, 100 + (count - 1) * 600 + 200 + 1500)], count
    events, _ = _play(_presses((0, 200), (1600, 200), (3400, 200)), 9000)
    assert events == [(SHORTS, 2, 3300), (SHORTS, 1, 5100)]


def test_a_press_that_is_neither_voids_the_run():
    assert _play(_presses((0, 200), (600, 500), (1500, 200)), 6000)[0] == []
    assert _play(_presses((0, 400)), 6000)[0] == []
    assert _play(_presses((0, 399)), 6000)[0] == [(SHORTS, 1, 1899)]
    assert _play(_presses((0, 600), (3000, 200)), 9000)[0] == [(SHORTS, 1, 4700)]


def test_a_hold_ends_a_run_of_short_presses():
    events, _ = _play(_presses((0, 200), (600, 200), (1200, 1500)), 9000)
    assert events == [(HELD, 0, 2200)]


def test_bouncing_contacts_change_nothing():
    bounces = [(0, True), (2, False), (3, True), (9, False), (11, True)]
    release = [(1500, False), (1503, True), (1504, False), (1512, True), (1514, False)]
    assert _play(bounces + release, 6000)[0] == [(HELD, 0, 1000)]
    short = [(200, False), (205, True), (206, False), (219, True), (220, False)]
    assert _play(bounces + short, 6000)[0] == [(SHORTS, 1, 1720)]


def test_a_glitch_is_no_press():
    events, button = _play(_presses((0, 5), (1000, 14)), 6000)
    assert events == [] and button.glitches == 2
    assert _play(_presses((0, 15)), 6000)[0] == [(SHORTS, 1, 1515)]


def test_a_stuck_button_is_told_once_and_when_it_is_freed():
    events, _ = _play(_presses((0, 70000), (80000, 200)), 90000, poll_ms=20)
    assert events == [(HELD, 0, 1000), (STUCK, 0, 60000), (FREED, 0, 70000), (SHORTS, 1, 81700)]


def test_a_hold_is_found_although_nobody_polled():
    button = Button()
    assert button.sample(True, 0) is None
    assert button.sample(False, 5000) == (HELD, 0, 1000)
    assert button.sample(False, 5020) is None and not button.busy


def test_any_noise_leaves_a_button_that_works():
    seed = 3
    button = Button()
    now_ms = 0
    for _ in range(30000):
        seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
        now_ms += (seed >> 8) % 200
        event = button.sample(bool(seed >> 20 & 1), now_ms)
        assert event is None or (event[0] in (HELD, SHORTS, STUCK, FREED) and event[2] <= now_ms)
    for _ in range(200):
        now_ms += 20
        button.sample(False, now_ms)
    assert not button.busy
    button.sample(True, now_ms)
    assert button.sample(True, now_ms + 1000) == (HELD, 0, now_ms + 1000)
