from random import Random

import pytest

from simulator.shaping import Direction, Shape, TokenBucket, stall_s


def test_bucket_lets_the_burst_pass_then_spaces_the_rest() -> None:
    bucket = TokenBucket(1000, 500, now_s=0)
    assert bucket.take(500, 0) == 0
    assert bucket.take(1000, 0) == pytest.approx(1.0)
    assert bucket.take(500, 1.0) == pytest.approx(0.5)


def test_bucket_saves_no_more_than_its_burst_after_a_rest() -> None:
    bucket = TokenBucket(1000, 500, now_s=0)
    assert bucket.take(1500, 100) == pytest.approx(1.0)


def test_bucket_ignores_a_clock_that_goes_back() -> None:
    bucket = TokenBucket(1000, 500, now_s=50)
    bucket.take(500, 50)
    assert bucket.take(100, 40) == pytest.approx(0.1)


def test_goodput_over_a_minute_is_the_bandwidth() -> None:
    way = Direction(Shape(bandwidth_bytes_s=85_000), Random(1), 0.0)
    now_s, sent = 0.0, 0
    while now_s < 60:
        now_s, _ = way.arrival_s(1400, now_s)
        sent += 1400
    assert sent / now_s == pytest.approx(85_000, rel=0.01)


def test_delay_is_added_once_to_each_segment() -> None:
    way = Direction(Shape(delay_ms=250), Random(1), 0.0)
    assert way.arrival_s(1400, 10.0) == (10.0, 10.25)


def test_loss_stalls_as_often_as_asked_and_doubles() -> None:
    random = Random(7)
    stalls = [stall_s(random, 10) for _ in range(20_000)]
    hit = [value for value in stalls if value]
    assert len(hit) / len(stalls) == pytest.approx(0.1, abs=0.01)
    assert {round(value, 3) for value in hit} <= {0.2, 0.6, 1.4, 3.0, 6.2, 12.6}
    assert 0.2 in hit and 0.6000000000000001 in hit


@pytest.mark.parametrize(
    "wrong", [{"bandwidth_bytes_s": 0}, {"delay_ms": -1}, {"loss_pct": 100}, {"delay_ms": float("nan")}]
)
def test_impossible_shapes_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Shape(**wrong)
