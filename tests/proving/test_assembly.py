"""Putting a segment together, and its journal: whatever comes, in whatever order."""

import hashlib
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence import journal
from gateway.evidence.assembly import Assembly, BeyondEnd, doubted
from gateway.evidence.places import Key
from gateway.evidence.quota import Quota
from gateway.evidence.shelf import Piece, Shelf

SIZE = 400
KEY = Key("u1", "a1b2c3d4e5f60718", 0)
Chunks = list[tuple[int, int, bool]]
chunks = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(1, 90), st.booleans()).map(
        lambda one: (one[0], min(one[0] + one[1], SIZE), one[2])
    ),
    max_size=40,
)


def taken(pieces: Iterable[tuple[int, int, bool]]) -> tuple[Assembly, list[tuple[int, int, int]]]:
    assembly, entries = Assembly(), []
    for start, end, live in pieces:
        if assembly.take(start, end, live, SIZE):
            entries.append((start, end, journal.LIVE if live else journal.HELD))
    return assembly, entries


def same(one: Assembly, other: Assembly) -> bool:
    return (list(one.held), list(one.live), one.received_bytes) == (
        list(other.held),
        list(other.live),
        other.received_bytes,
    )


@given(chunks)
def test_what_came_first_decides_whether_a_byte_is_live(pieces: Chunks) -> None:
    assembly, _ = taken(pieces)
    how: dict[int, bool] = {}
    for start, end, live in pieces:
        for at in range(start, end):
            how.setdefault(at, live)
    assert {at for start, end in assembly.held for at in range(start, end)} == set(how)
    assert {at for start, end in assembly.live for at in range(start, end)} == {
        at for at, live in how.items() if live
    }
    assert assembly.received_bytes == len(how)


@given(chunks, st.integers(0, 600), st.binary(max_size=20))
def test_journal_cut_off_anywhere_tells_the_ranges_before_the_cut(
    pieces: Chunks, cut: int, torn: bytes
) -> None:
    _, entries = taken(pieces)
    data = journal.encode(entries)
    kept = min(cut, len(data)) // journal.RECORD_BYTES
    before, _ = taken((start, end, kind == journal.LIVE) for start, end, kind in entries[:kept])
    assert same(journal.replay(data[: min(cut, len(data))]), before)
    whole = taken(pieces)[0]
    assert same(journal.replay(journal.whole(whole)), whole)
    journal.replay(data + torn)  # whatever it is, it is read


def test_lost_range_is_missing_again_also_from_the_journal() -> None:
    assembly, entries = taken([(0, 400, True)])
    assembly.lose(100, 200)
    assert (list(assembly.held), assembly.received_bytes) == ([(0, 100), (200, 400)], 300)
    assert same(journal.replay(journal.encode([*entries, (100, 200, journal.LOST)])), assembly)


def test_bytes_past_the_end_are_refused_and_doubt_ends() -> None:
    assembly = Assembly()
    try:
        assembly.take(390, 401, False, SIZE)
    except BeyondEnd:
        pass
    else:
        raise AssertionError("taken")
    assert assembly.received_bytes == 0
    assert [doubted(tries, 9000) for tries in (1, 2, 3, 4)] == [(0, 512), (0, 9000), (0, 9000), None]


@given(chunks)
def test_shelf_opened_anew_at_any_moment_goes_on_where_it_was(tmp_path_factory, pieces: Chunks) -> None:  # type: ignore[no-untyped-def]
    root = tmp_path_factory.mktemp("shelf")
    data = hashlib.sha256(b"1").digest() * 20
    model, seen = bytearray(SIZE), set()
    for start, end, live in pieces:
        quota = Quota(1 << 30, 1 << 30)
        shelf = Shelf(root, quota, 0)
        assert sum(shelf.scan().values()) == len(seen) == quota.used("u1")
        shelf.write([Piece(KEY, start, memoryview(data)[start:end], live, 1)])
        model[start:end] = data[start:end]
        seen.update(range(start, end))
        shelf.close_all()
    shelf = Shelf(root, Quota(1 << 30, 1 << 30), 0)
    shelf.scan()
    missing = shelf.expect(KEY, SIZE).missing
    assert {at for start, end in missing for at in range(start, end)} == set(range(SIZE)) - seen
    if seen:
        assert shelf.places.part(KEY).read_bytes() == bytes(model[: max(seen) + 1])
