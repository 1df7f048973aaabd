"""The recording's formats under MicroPython: the same bytes as on CPython, within the unit's steps."""

import time

from protocol import ebml, ed25519, matroska, media, sha512
from protocol.blocks import Reader
from protocol.ranges import Ranges

# RFC 8032, 7.1, test 3.
SEED = bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
PUBLIC = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
SIGNATURE = bytes.fromhex(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
)


def test_signature_is_that_of_the_rfc():
    assert sha512.finish(ed25519.public_steps(SEED)) == PUBLIC
    assert sha512.finish(ed25519.sign_steps(SEED, PUBLIC, b"\xaf\x82")) == SIGNATURE


def test_no_step_of_a_signature_is_more_than_a_tenth_of_it():
    sizes_us = []
    steps = ed25519.sign_steps(SEED, PUBLIC, bytes(300))
    while True:
        began_us = time.ticks_us()
        try:
            next(steps)
        except StopIteration:
            break
        sizes_us.append(time.ticks_diff(time.ticks_us(), began_us))
    assert len(sizes_us) > 150
    sizes_us.sort()
    assert sizes_us[len(sizes_us) * 9 // 10] * 10 < sum(sizes_us)


def test_segment_is_written_into_one_buffer_and_read_back():
    head, duration_at = matroska.head(
        matroska.Format(640, 480), bytes(16), "tipstaff", 1795486330564, [("CASE", "闽")]
    )
    buffer = bytearray(4096)
    buffer[: len(head)] = head
    assert buffer[duration_at : duration_at + 8] == bytes(8)
    buffer[duration_at : duration_at + 8] = ebml.double(100)
    at = matroska.put_cluster(buffer, len(head), 0)
    for track, relative_ms in ((matroska.PICTURE, 0), (matroska.SOUND, 20), (matroska.PICTURE, 100)):
        at = matroska.put_block(buffer, at, track, relative_ms, 50) + 50
    at = matroska.put_text_block(buffer, at, 100, 1000, b"where")
    reader = Reader()
    found = reader.feed(memoryview(buffer)[:at])
    told = [(block.track, block.time_ms, block.size) for block in found]
    assert told == [(1, 0, 50), (2, 20, 50), (1, 100, 50), (3, 100, 5)]
    assert reader.whole_end == at


def test_chunk_head_goes_before_the_bytes_without_a_copy():
    buffer = bytearray(media.MAX_HEAD_BYTES)
    length = media.put_head(buffer, 81920, media.STARTS | media.LIVE, 5300)
    assert (
        bytes(buffer[:length]) + b"data"
        == media.Chunk(81920, media.STARTS | media.LIVE, b"data", 5300).encode()
    )
    chunk = media.Chunk.decode(bytes(buffer[:length]) + b"data")
    assert (chunk.offset, chunk.time_ms, bytes(chunk.data)) == (81920, 5300, b"data")
    assert media.segment_of(media.segment_name(bytes(range(12)))) == bytes(range(12))


def test_ranges_of_a_file_that_comes_out_of_order():
    ranges = Ranges(8)
    for start in (16, 0, 48, 32):
        ranges.add(start, start + 8)
    assert ranges.missing(64) == [(8, 16), (24, 32), (40, 48), (56, 64)]
    ranges.add(0, 64)
    assert list(ranges) == [(0, 64)] and ranges.missing(64) == []
