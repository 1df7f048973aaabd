"""Fixes on their way: the bytes are those of FixBatch, the buffer is bounded, the pace fits."""

from bodyunit.trail import MOST_FIXES, Pace, Trail, batch_head, batch_tail
from protocol import messages


def fix(number, speed_cm_s=0, lat_e7=260_000_000):
    stamp = messages.Stamp(utc_s=1_760_000_000 + number, utc_ms=0, quality=3, mono_ms=number * 1000, boot=1)
    return messages.Fix(
        stamp, lat_e7=lat_e7, lon_e7=1_190_000_000, speed_cm_s=speed_cm_s, satellites=9, quality=1
    )


def decoded(trail, batch_id=None):
    payload = batch_head(len(trail), batch_id is not None) + trail.bytes() + batch_tail(7, batch_id)
    return messages.FixBatch.decode(payload)


def test_batch_bytes_are_a_fix_batch():
    trail = Trail()
    for number in range(30):
        trail.add(fix(number), 0)
    batch = decoded(trail)
    assert batch.dropped == 7 and batch.batch_id is None
    assert batch == messages.FixBatch(fixes=[fix(n) for n in range(30)], dropped=7)
    assert decoded(trail, 2**53 - 1).batch_id == 2**53 - 1
    whole = messages.FixBatch(fixes=[fix(n) for n in range(30)], dropped=7, batch_id=5).encode()
    assert batch_head(30, True) + trail.bytes() + batch_tail(7, 5) == whole


def test_full_trail_drops_its_oldest_and_counts():
    trail = Trail()
    for number in range(MOST_FIXES + 10):
        trail.add(fix(number), 0)
    assert len(trail) == MOST_FIXES and trail.dropped == 10
    assert [f.stamp.mono_ms for f in decoded(trail).fixes] == [1000 * n for n in range(10, MOST_FIXES + 10)]


def test_taken_fixes_are_gone_and_the_rest_is_whole():
    trail = Trail()
    for number in range(5):
        trail.add(fix(number), 0)
    trail.take(2)
    assert [f.stamp.mono_ms for f in decoded(trail).fixes] == [2000, 3000, 4000]
    trail.take(9)
    assert len(trail) == 0 and trail.bytes() == b""
    trail.take(1)
    trail.add(fix(8), 0)
    assert [f.stamp.mono_ms for f in decoded(trail).fixes] == [8000]


def test_longest_fixes_fit_the_buffer():
    trail = Trail()
    stamp = messages.Stamp(utc_s=2**53 - 1, utc_ms=999, quality=3, mono_ms=2**53 - 1, boot=2**32 - 1)
    for _ in range(MOST_FIXES):
        most = messages.Fix(
            stamp,
            lat_e7=-900_000_000,
            lon_e7=-1_800_000_000,
            accuracy_dm=2**32 - 1,
            speed_cm_s=2**32 - 1,
            course_cdeg=35_999,
            altitude_dm=1_000_000,
            satellites=255,
            quality=8,
        )
        trail.add(most, 0)
    assert len(trail) == MOST_FIXES and trail.dropped == 0
    assert len(trail.bytes()) + 32 < 4096


class Settings:
    fix_moving_s = 5
    fix_still_s = 60
    fix_alarmed_s = 1
    moving_cm_s = 70


def wanted(speed_cm_s, alarmed, seconds):
    pace = Pace(Settings)
    return [s for s in range(seconds) if pace.wanted(fix(s, speed_cm_s), alarmed, s * 1000)]


def test_pace_follows_movement_and_alarm():
    assert wanted(0, False, 150) == [0, 60, 120]
    assert wanted(300, False, 16) == [0, 5, 10, 15]
    assert wanted(0, True, 5) == [0, 1, 2, 3, 4]


def test_slow_creep_is_seen_by_distance():
    pace = Pace(Settings)
    # 50 cm/s: under the speed that counts as moving, but 25 m are soon gone.
    times = [s for s in range(200) if pace.wanted(fix(s, 50, 260_000_000 + 45 * s), False, s * 1000)]
    assert len(times) == 4 and times[1] in range(50, 53), times
