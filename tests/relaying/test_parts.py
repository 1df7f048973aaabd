"""The relay's parts that know no clock and no socket."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.relay.asking import Asking
from gateway.relay.form import Form, Sound, form_of
from gateway.relay.link import HOLD_S, LinkJudge
from gateway.relay.pace import Pace
from gateway.relay.placing import AHEAD_MS, DOUBT_MS, Offset, Placing
from gateway.relay.telling import PICTURE, SOUND, Mode, Wish
from protocol import matroska
from protocol.live import live_value

UTC_MS = 1_795_478_400_123


def head(form: matroska.Format, utc_ms: int | None = UTC_MS) -> bytes:
    return matroska.head(form, bytes(16), "tipstaff 0.1.0", utc_ms, [("UNIT", "u1")])[0]


@pytest.mark.parametrize(
    ("made", "read"),
    [
        (matroska.Format(640, 480), Form(Sound(matroska.A_LAW, 16_000), 640, 480, UTC_MS)),
        (
            matroska.Format(320, 240, matroska.PCM, 8_000),
            Form(Sound(matroska.PCM, 8_000), 320, 240, UTC_MS),
        ),
        (
            matroska.Format(0, 0, matroska.IMA_ADPCM, 16_000, 256),
            Form(Sound(matroska.IMA_ADPCM, 16_000, 256), 0, 0, UTC_MS),
        ),
        (matroska.Format(320, 240, 0), Form(None, 320, 240, UTC_MS)),
    ],
)
def test_head_of_a_unit_says_what_its_segment_is(made: matroska.Format, read: Form) -> None:
    assert form_of(head(made)) == read


def test_head_without_a_time_and_heads_that_are_none() -> None:
    whole = head(matroska.Format(320, 240), None)
    found = form_of(whole)
    assert found is not None and found.began_ms is None
    for end in range(len(whole)):
        form_of(whole[:end])
    for at in range(len(whole)):
        form_of(whole[:at] + bytes((whole[at] ^ 0xFF,)) + whole[at + 1 :])
    wild = head(matroska.Format(320, 240)).replace(struct.pack(">d", 16_000), struct.pack(">d", math.nan))
    found = form_of(wild)
    assert found is not None and found.sound is None
    assert form_of(b"") is None


@given(st.binary(max_size=300))
def test_noise_is_no_head(noise: bytes) -> None:
    assert form_of(noise) is None or isinstance(form_of(noise), Form)


# When a block was taken.


def test_taken_is_the_units_time_less_its_offset() -> None:
    placing = Placing(100_000, 4_000)
    assert placing.taken_ms(500, 96_700) == 96_500 and placing.late_ms(500, 96_700) == 200
    assert not placing.estimated


def test_block_without_a_clock_counts_from_the_quickest_of_its_segment() -> None:
    placing = Placing()
    assert placing.taken_ms(0, 1_300) == 1_300
    assert placing.taken_ms(1_000, 2_100) == 2_100
    assert placing.taken_ms(2_000, 4_000) == 3_100 and placing.late_ms(2_000, 4_000) == 900
    assert placing.estimated


@pytest.mark.parametrize("wrong_ms", [DOUBT_MS + 1_000, -DOUBT_MS - 1_000])
def test_clock_that_contradicts_the_arrival_is_not_believed(wrong_ms: int) -> None:
    placing = Placing(1_000_000 + wrong_ms, 0)
    assert placing.taken_ms(50, 1_000_100) == 1_000_100 and placing.estimated


def test_nothing_is_taken_after_it_came() -> None:
    placing = Placing(1_000_000, -800)
    assert placing.taken_ms(0, 1_000_010) == 1_000_010
    assert placing.taken_ms(100, 1_000_250) == 1_000_110
    assert not placing.estimated, "as far as an offset is exact"
    placing = Placing(1_000_000, -800 - AHEAD_MS)
    assert placing.taken_ms(0, 1_000_010) == 1_000_010 and placing.estimated


def test_offset_is_that_of_the_quickest_state_and_begins_anew_when_the_clock_is_set() -> None:
    offset = Offset()
    for said in (-900, -40, -41, -3_000):
        offset.state(said)
    assert offset.ms == -40
    offset.state(-30)
    assert offset.ms == -40, "10 ms are no news"
    offset.state(60_000)
    assert offset.ms == 60_000
    offset.state(None)
    assert offset.ms is None


# Fewer pictures.


def test_pace_of_some_pictures_a_second_keeps_its_rate() -> None:
    pace = Pace(Wish(fps=4))
    assert [at for at in range(0, 2_000, 100) if pace.due(10_000 + at)] == [
        0, 300, 500, 800, 1_000, 1_300, 1_500, 1_800
    ]  # fmt: skip
    assert pace.due(60_000) and not pace.due(60_100), "after a pause nothing is made up for"
    assert pace.due(10_000), "the clock was set back"


def test_pace_of_all_of_stills_and_of_sound() -> None:
    assert all(Pace(Wish()).due(at) for at in range(1, 100))
    stills = Pace(Wish(Mode.STILLS))
    assert sum(stills.due(at) for at in range(5_000, 15_000, 100)) == 10
    assert not Pace(Wish(Mode.SOUND)).due(5)


# What a unit is asked.

ON = (1, 1)


def test_lease_is_renewed_and_ended_once_nobody_wants_it() -> None:
    asking, full = Asking(), live_value(3)
    assert asking.due(0, ON, 0.0) is None
    assert asking.due(full, ON, 1.0) == full
    assert [asking.due(full, ON, 1.0 + at) for at in (1, 9, 9.9)] == [None] * 3
    assert asking.due(full, ON, 11.0) == full
    assert asking.due(0, ON, 12.0) is None, "who looks again at once finds it running"
    assert asking.due(full, ON, 13.0) is None
    assert asking.due(0, ON, 17.0) == 0
    assert [asking.due(0, ON, 17.0 + at) for at in (1, 20, 60)] == [None] * 3


def test_lease_of_a_unit_that_comes_back_is_asked_for_at_once() -> None:
    asking = Asking()
    assert asking.due(3, ON, 1.0) == 3 and asking.due(3, ON, 2.0) is None
    assert asking.due(3, (1, 2), 2.5) == 3
    asking.failed()
    assert asking.due(3, (1, 2), 2.6) == 3
    assert Asking().due(0, ON, 1.0) is None


def test_refusal_holds_until_the_unit_does_it_or_comes_anew() -> None:
    asking = Asking()
    asking.due(3, ON, 1.0)
    asking.answered(False)
    asking.due(3, ON, 11.0)
    assert asking.refused
    asking.answered(True)
    assert not asking.refused
    asking.answered(False)
    asking.due(3, (1, 2), 12.0)
    assert not asking.refused


def test_wish_that_changes_is_asked_for_but_no_more_than_twice_a_second() -> None:
    asking = Asking()
    sent = [asking.due(1 + number % 3, ON, number / 100) for number in range(200)]
    assert 3 <= len([one for one in sent if one is not None]) <= 5


# Whether the link carries it.


def run(judge: LinkJudge, from_s: float, for_s: float, picture_ms: int, sound_ms: int) -> float:
    """Ten pictures and 25 packets of sound a second, so late."""
    steps = round(for_s * 4)
    for number in range(steps):
        for _ in range(2):
            judge.heard(PICTURE, picture_ms)
        for _ in range(6):
            judge.heard(SOUND, sound_ms)
        judge.look(from_s + number / 4)
    return from_s + for_s


def test_thin_link_gets_stills_then_sound_and_more_again_when_it_recovers() -> None:
    judge = LinkJudge(0.0)
    now_s = run(judge, 0.0, 10, 150, 60)
    assert judge.limit is Mode.FULL
    now_s = run(judge, now_s, 4, 2_500, 300)
    assert judge.limit is Mode.STILLS
    now_s = run(judge, now_s, 20, 2_500, 300)
    assert judge.limit is Mode.STILLS, "that a still takes long is no reason to show none"
    now_s = run(judge, now_s, 4, 2_500, 2_000)
    assert judge.limit is Mode.SOUND
    now_s = run(judge, now_s, HOLD_S + 4, 2_500, 100)
    assert judge.limit is Mode.STILLS
    now_s = run(judge, now_s, HOLD_S + 4, 200, 100)
    assert judge.limit is Mode.FULL


def test_link_that_relapses_is_tried_later_each_time() -> None:
    judge, now_s = LinkJudge(0.0), 0.0
    holds = []
    for _ in range(4):
        while judge.limit is Mode.FULL:
            now_s = run(judge, now_s, 0.25, 3_000, 100)
        began_s = now_s
        while judge.limit is Mode.STILLS:
            now_s = run(judge, now_s, 0.25, 200, 100)
        holds.append(now_s - began_s)
    assert holds == sorted(holds) and holds[-1] > 4 * holds[0]


def test_camera_that_gives_nothing_is_no_thin_link() -> None:
    judge = LinkJudge(0.0)
    for number in range(400):
        judge.heard(SOUND, 50)
        assert judge.look(number / 10) is Mode.FULL
