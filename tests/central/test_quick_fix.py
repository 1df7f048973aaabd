"""A position that is read the short way is the position that the wire's own decoder reads, whatever the bytes."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ingest.link import Delivery
from gateway.ingest.quick_fix import quick_fix
from gateway.ingest.reading import fix_of, read
from protocol.errors import ProtocolError
from protocol.messages import FixBatch
from protocol.records import Fix as WireFix
from protocol.records import Stamp

NOW_MS = 1_795_478_400_000
FUTURE_MS = 120_000
USUAL = [[[NOW_MS // 1000, 7, 3, 100_000, 1], 260588000, 1191912000, 60, 130, 1200, 300, 9, 1]]


def encoded(fixes, dropped=0, **more):
    return cbor2.dumps({0: 1, 1: fixes, 2: dropped, **{int(key[1:]): value for key, value in more.items()}})


def the_long_way(payload):
    """The one position with nothing wrong, or None."""
    try:
        batch = FixBatch.decode(payload)
    except ProtocolError:
        return None
    if len(batch.fixes) != 1 or batch.dropped or batch.batch_id is not None:
        return None
    fix = fix_of(batch.fixes[0], NOW_MS, FUTURE_MS)
    return fix if fix.fault is None else None


def numbers(items):
    kinds = []
    for _, low, high, required in items:
        around = [low, high, low - 1, high + 1, 0, 23, 24, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32]
        kind = st.one_of(st.integers(low, high), st.sampled_from(around))
        kinds.append(kind if required else st.one_of(st.none(), kind))
    return st.tuples(*kinds)


@given(numbers(Stamp.ITEMS), numbers(WireFix.ITEMS))
def test_any_numbers_are_read_as_the_wire_reads_them(stamp, items):
    payload = encoded([[list(stamp), *items]])
    assert quick_fix(payload, NOW_MS, FUTURE_MS) == the_long_way(payload)


@given(st.data())
def test_any_changed_bytes_are_left_to_the_wire_or_read_the_same(data):
    payload = bytearray(encoded(USUAL))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(payload) - 1))
        payload[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
        if not payload:
            break
    read_quickly = quick_fix(bytes(payload), NOW_MS, FUTURE_MS)
    assert read_quickly is None or read_quickly == the_long_way(bytes(payload))


def test_every_prefix_is_left_to_the_wire():
    payload = encoded(USUAL)
    assert quick_fix(payload, NOW_MS, FUTURE_MS) is not None
    assert [quick_fix(payload[:end], NOW_MS, FUTURE_MS) for end in range(len(payload))] == [None] * len(
        payload
    )


@pytest.mark.parametrize(
    "payload",
    [
        encoded(USUAL * 2),
        encoded(USUAL, 3),
        encoded(USUAL, 0, _3=8),
        encoded(USUAL, 0, _9=8),
        encoded([[[*USUAL[0][0], 5], *USUAL[0][1:]]]),
        encoded([[*USUAL[0], 5]]),
        encoded([[USUAL[0][0], 0, 0, *USUAL[0][3:]]]),
        encoded([[USUAL[0][0], *USUAL[0][1:8], 0]]),
        encoded([[[NOW_MS // 1000 + 1000, *USUAL[0][0][1:]], *USUAL[0][1:]]]),
    ],
    ids=[
        "two", "dropped", "kept", "later field", "longer stamp", "longer fix", "null island", "no fix", "future",
    ],
)  # fmt: skip
def test_what_is_more_than_a_plain_position_is_left_to_the_wire(payload):
    assert quick_fix(payload, NOW_MS, FUTURE_MS) is None
    said = read(Delivery("tip/1/350102/C1/up/fix", payload, False, NOW_MS, 1, 1, 1), FUTURE_MS)
    assert said.message == FixBatch.decode(payload)
