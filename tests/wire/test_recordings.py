"""The recording's formats on CPython: chunks, segments, ranges, signatures; good, cut off, and hostile."""

from __future__ import annotations

import hashlib
import struct
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol import ebml, ed25519, matroska, media, sha512
from protocol.blocks import Block, Reader
from protocol.errors import ProtocolError, UnsupportedVersion
from protocol.manifest import Manifest, key_id
from protocol.ranges import Ranges
from protocol.records import Stamp

SEGMENT = bytes.fromhex("a1b2c3d4e5f607180000000c")


def small_file() -> bytes:
    """A segment of two clusters with all three tracks."""
    form = matroska.Format(320, 240)
    head, duration_at = matroska.head(form, bytes(16), "tipstaff 0.1.0", None, [("UNIT", "u1")])
    out = bytearray(head)
    buffer = bytearray(200)
    for cluster_ms in (0, 5000):
        out += buffer[: matroska.put_cluster(buffer, 0, cluster_ms)]
        for at_ms in (0, 100, 200):
            out += buffer[: matroska.put_block(buffer, 0, matroska.PICTURE, at_ms, 40)] + b"P" * 40
            out += buffer[: matroska.put_block(buffer, 0, matroska.SOUND, at_ms + 20, 16)] + b"S" * 16
        out += buffer[: matroska.put_text_block(buffer, 0, 0, 1000, b"26.05880 119.19123")]
    out[duration_at : duration_at + 8] = ebml.double(5300)
    return bytes(out)


FILE = small_file()


def blocks_of(data: bytes, piece: int) -> tuple[list[tuple[int, int, int, int]], Reader]:
    reader = Reader()
    found: list[Block] = []
    for at in range(0, len(data), piece):
        found += reader.feed(data[at : at + piece])
    return [(one.track, one.time_ms, one.start, one.end) for one in found], reader


# Segments.


def test_picture_of_4_mb_is_passed_over_in_the_room_of_one_piece() -> None:
    """A unit looks so through a file that a power cut left, in a heap that has no room for the picture."""
    scratch = memoryview(bytearray(64))
    size = matroska.MAX_BLOCK_BYTES - 64
    head = bytes(scratch[: matroska.put_block(scratch, 0, matroska.PICTURE, 40, size)])
    reader, kept = Reader(), 0
    for piece in (FILE, head, *[bytes(1024)] * (size // 1024)):
        reader.feed(piece)
        kept = max(kept, len(reader._pending))
    assert reader.whole_end == len(FILE) and reader.last_ms == 5220 and kept < 2048
    (block,) = reader.feed(bytes(size % 1024))
    assert (block.at, block.size, block.end) == (len(FILE) + len(head), size, reader.whole_end)


def test_file_is_read_back_whatever_the_pieces() -> None:
    whole, reader = blocks_of(FILE, len(FILE))
    assert reader.whole_end == len(FILE) and reader.last_ms == 5220
    assert [track for track, *_ in whole] == [1, 2, 1, 2, 1, 2, 3] * 2
    for piece in (1, 7, 64):
        assert blocks_of(FILE, piece)[0] == whole


def test_file_cut_anywhere_ends_with_its_last_whole_block() -> None:
    whole, _ = blocks_of(FILE, len(FILE))
    for size in range(len(FILE)):
        found, reader = blocks_of(FILE[:size], 50)
        assert found == [block for block in whole if block[3] <= size]
        assert reader.whole_end <= size


def test_every_flipped_byte_of_a_file_is_blocks_or_protocol_error() -> None:
    for at in range(len(FILE)):
        for flip in (1, 0x20, 0x80, 0xFF):
            changed = bytearray(FILE)
            changed[at] ^= flip
            try:
                blocks_of(bytes(changed), 100)
            except ProtocolError:
                continue


@given(st.binary(max_size=300))
def test_foreign_bytes_are_refused_or_waited_for(data: bytes) -> None:
    try:
        blocks_of(data, 33)
        blocks_of(FILE[:400] + data, 33)
    except ProtocolError:
        pass


def test_a_block_larger_than_its_bound_is_refused_before_it_is_waited_for() -> None:
    with pytest.raises(ProtocolError, match="a block of"):
        blocks_of(FILE[: blocks_of(FILE, 64)[0][0][2]] + b"\xa3" + ebml.size_bytes(5 << 20), 100)
    with pytest.raises(ProtocolError, match="no block"):
        matroska.put_block(bytearray(32), 0, 1, 0, (4 << 20) + 1)


@given(st.integers(0, 2**53 - 1))
def test_double_of_a_whole_number_needs_no_floats(value: int) -> None:
    assert ebml.double(value) == struct.pack(">d", value)


# Chunks.


@given(
    st.integers(0, media.MAX_FILE_BYTES - 100),
    st.sampled_from([0, media.STARTS, media.LIVE, media.STARTS | media.LIVE]),
    st.binary(min_size=1, max_size=100),
)
def test_chunk_round_trip(offset: int, flags: int, data: bytes) -> None:
    time_ms = 7 if flags & media.STARTS else None
    chunk = media.Chunk.decode(media.Chunk(offset, flags, data, time_ms).encode())
    assert (chunk.offset, chunk.flags, bytes(chunk.data), chunk.time_ms) == (offset, flags, data, time_ms)


@given(st.binary(max_size=80))
def test_garbage_is_a_chunk_or_protocol_error(data: bytes) -> None:
    with suppress(ProtocolError):
        media.Chunk.decode(data)


@pytest.mark.parametrize(
    "payload, error",
    [
        (b"", ProtocolError),
        (bytes.fromhex("a3000101000200"), ProtocolError),
        (bytes.fromhex("a300020100020041"), UnsupportedVersion),
        (bytes.fromhex("a3000101000201") + b"x", ProtocolError),
        (bytes.fromhex("a300010120020041"), ProtocolError),
        (media.Chunk(0, 0, b"x").encode() + bytes(media.MAX_DATA_BYTES), ProtocolError),
        (media.Chunk(0, 0, b"x").encode() + bytes(100_000), ProtocolError),
        (bytes.fromhex("a40001011a7fffffff0200") + b"xy", ProtocolError),
    ],
    ids=[
        "nothing",
        "no data",
        "version",
        "starts without time",
        "negative",
        "long",
        "huge",
        "beyond the end",
    ],
)
def test_hostile_chunk_is_refused(payload: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        media.Chunk.decode(payload)


def test_segment_name_and_its_bytes() -> None:
    assert media.segment_name(SEGMENT) == "a1b2c3d4e5f60718-12"
    assert media.segment_of("a1b2c3d4e5f60718-12") == SEGMENT
    recording = "a1b2c3d4e5f60718"
    for name in ("", recording, recording + "-", recording.upper() + "-1", recording + "-01", recording + "-²",
                 recording + "-4294967296", "../../etc/passwd-1", "a1b2c3d4e5f6071g-1"):  # fmt: skip
        with pytest.raises(ProtocolError):
            media.segment_of(name)


# Ranges.


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20), st.booleans()), max_size=40))
def test_ranges_are_a_set_of_offsets(changes: list[tuple[int, int, bool]]) -> None:
    ranges, model = Ranges(), set[int]()
    for start, size, adding in changes:
        some = set(range(start, start + size))
        if adding:
            assert ranges.add(start, start + size) == len(some - model)
            model |= some
        else:
            ranges.remove(start, start + size)
            model -= some
        assert {offset for low, high in ranges for offset in range(low, high)} == model
        assert all(a[1] < b[0] for a, b in zip(list(ranges), list(ranges)[1:], strict=False))
        assert ranges.size == len(model) and ranges.end == max(model, default=-1) + 1
        gaps = {offset for low, high in ranges.missing(70) for offset in range(low, high)}
        assert gaps == set(range(70)) - model
        assert ranges.holds(start, start + size) == some.issubset(model)


def test_more_ranges_than_the_bound_are_refused_and_change_nothing() -> None:
    ranges = Ranges(2)
    ranges.add(0, 1)
    ranges.add(4, 5)
    with pytest.raises(ProtocolError):
        ranges.add(8, 9)
    assert list(ranges) == [(0, 1), (4, 5)]
    assert ranges.add(1, 4) == 3 and list(ranges) == [(0, 5)]


# Signatures.


# RFC 8032, 7.1: tests 1, 2, 3 and "SHA(abc)".
RFC_8032 = [
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", ""),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82"),
    ("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42", hashlib.sha512(b"abc").hexdigest()),
]


@pytest.mark.parametrize("seed, message", RFC_8032)
def test_signature_is_that_of_the_library(seed: str, message: str) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    public = sha512.finish(ed25519.public_steps(bytes.fromhex(seed)))
    assert public == key.public_key().public_bytes_raw()
    steps = ed25519.sign_steps(bytes.fromhex(seed), public, bytes.fromhex(message))
    assert sha512.finish(steps) == key.sign(bytes.fromhex(message))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=400))
def test_any_signature_verifies(seed: bytes, message: bytes) -> None:
    public = sha512.finish(ed25519.public_steps(seed))
    signature = sha512.finish(ed25519.sign_steps(seed, public, message))
    Ed25519PrivateKey.from_private_bytes(seed).public_key().verify(signature, message)


@given(st.binary(max_size=300))
def test_sha512_is_that_of_the_library(message: bytes) -> None:
    assert sha512.digest(message) == hashlib.sha512(message).digest()


def test_manifest_signs_everything_but_its_signature() -> None:
    when = Stamp(utc_s=1795486330, utc_ms=564, quality=3, mono_ms=5025464, boot=7)
    manifest = Manifest(
        segment=SEGMENT, size=1, sha256=bytes(32), first=when, last=when, seq=0, previous=bytes(32), flags=0,
        dropped_pictures=0, dropped_sounds=0, unit="u1", key_id=key_id(bytes(32)),
    )  # fmt: skip
    bare = manifest.encode()
    assert manifest.signed_bytes() == bare
    manifest.signature = bytes(64)
    assert manifest.signed_bytes() == bare and manifest.encode() != bare
    assert manifest.digest() == hashlib.sha256(manifest.encode()).digest()
