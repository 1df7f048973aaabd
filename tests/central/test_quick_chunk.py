"""A chunk that is read the short way is the chunk that the wire's own decoder reads, whatever the bytes."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ingest.quick_chunk import quick_chunk
from protocol.errors import ProtocolError
from protocol.media import LIVE, MAX_DATA_BYTES, MAX_FILE_BYTES, STARTS, Chunk

EDGES = [0, 1, 23, 24, 255, 256, 65_535, 65_536, MAX_FILE_BYTES - 4, MAX_FILE_BYTES, 2**32 - 1, 2**32, 2**63]
NUMBERS = st.one_of(st.sampled_from(EDGES), st.integers(-1, 2**64 - 1))


def read(decode, payload):
    """The parts of a chunk, or None."""
    try:
        chunk = decode(payload)
    except ProtocolError:
        return None
    return chunk and (chunk.offset, chunk.flags, chunk.time_ms, bytes(chunk.data))


@pytest.mark.parametrize("offset", [one for one in EDGES if one <= MAX_FILE_BYTES - 4])
@pytest.mark.parametrize(
    ("flags", "time_ms"), [(0, None), (LIVE, None), (STARTS, 0), (STARTS | LIVE, 70_000)]
)
def test_what_units_send_is_read_the_short_way(offset, flags, time_ms):
    payload = Chunk(offset, flags, b"data", time_ms).encode()
    assert read(quick_chunk, payload) == (offset, flags, time_ms, b"data")
    assert [read(quick_chunk, payload[:end]) for end in range(len(payload) - 3)] == [None] * (
        len(payload) - 3
    )


@pytest.mark.parametrize("size", [1, MAX_DATA_BYTES])
def test_data_of_any_size_is_read_the_short_way_and_not_copied(size):
    payload = Chunk(5, LIVE, bytes(size)).encode()
    data = quick_chunk(payload).data
    assert len(data) == size and data.obj is payload


@given(NUMBERS, NUMBERS, st.one_of(st.none(), NUMBERS), st.sampled_from([0, 1, 4, MAX_DATA_BYTES + 1]))
def test_any_numbers_are_left_to_the_wire_or_read_the_same(offset, flags, time_ms, size):
    fields = {0: 1, 1: offset, 2: flags} | ({} if time_ms is None else {3: time_ms})
    payload = cbor2.dumps(fields) + bytes(size)
    found = read(quick_chunk, payload)
    assert found is None or found == read(Chunk.decode, payload)


@given(st.data())
def test_any_changed_bytes_are_left_to_the_wire_or_read_the_same(data):
    offset, time_ms = (
        data.draw(st.sampled_from(EDGES[:8])),
        data.draw(st.one_of(st.none(), st.integers(0, 99_999))),
    )
    payload = bytearray(Chunk(offset, 2 if time_ms is None else 3, b"some data", time_ms).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(payload) - 1)))
        payload[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    found = read(quick_chunk, bytes(payload))
    assert found is None or found == read(Chunk.decode, bytes(payload))


@given(st.binary(max_size=40))
def test_noise_is_left_to_the_wire(noise):
    found = read(quick_chunk, noise)
    assert found is None or found == read(Chunk.decode, noise)
