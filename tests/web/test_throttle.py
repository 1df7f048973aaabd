"""The sign-in throttle by itself."""

from gateway.api.throttle import Throttle


def test_too_many_failures_wait_until_the_oldest_is_over() -> None:
    throttle = Throttle(limit=3, window_s=60.0)
    for now_s in (0.0, 10.0, 20.0):
        assert throttle.wait_s("a", now_s) == 0.0
        throttle.failed("a", now_s)
    assert throttle.wait_s("a", 25.0) == 35.0
    assert throttle.wait_s("b", 25.0) == 0.0
    assert throttle.wait_s("a", 60.0) == 0.0


def test_success_takes_its_own_attempt_back() -> None:
    throttle = Throttle(limit=1, window_s=60.0)
    throttle.failed("a", 0.0)
    throttle.forgive("a")
    throttle.forgive("never seen")
    assert throttle.wait_s("a", 1.0) == 0.0


def test_many_names_do_not_grow_it() -> None:
    throttle = Throttle(limit=5, window_s=60.0, max_keys=10)
    for number in range(100):
        throttle.failed(str(number), 0.0)
    assert throttle.forgotten == 90
