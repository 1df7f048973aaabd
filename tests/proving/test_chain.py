"""Manifests that are forged, replayed or of another key: none is believed, and none harms one that was."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence import chain
from gateway.evidence.chain import Known, Why
from protocol.errors import ProtocolError
from protocol.manifest import FIRST_PREVIOUS, Manifest, key_id
from protocol.messages import REFUSED_CONTRADICTION, REFUSED_SIGNATURE
from protocol.records import Stamp

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()


def manifest(seq: int = 0, previous: bytes = FIRST_PREVIOUS, number: int = 0, **given: object) -> Manifest:
    stamp = Stamp(utc_s=1_795_486_330, utc_ms=0, quality=3, mono_ms=5000 + seq, boot=7)
    values = {
        "segment": bytes(8) + number.to_bytes(4, "big"), "size": 100, "sha256": hashlib.sha256(b"%d" % number).digest(),
        "first": stamp, "last": stamp, "seq": seq, "previous": previous, "flags": 0, "dropped_pictures": 0,
        "dropped_sounds": 0, "unit": "u1001", "key_id": key_id(PUBLIC),
    }  # fmt: skip
    made = Manifest(**(values | given))
    made.signature = KEY.sign(made.signed_bytes())
    return made


def refused(data: bytes, known: Known = Known()) -> bool:  # noqa: B008  # frozen
    """Whether these bytes, from unit u1001, are not believed."""
    try:
        said = Manifest.decode(data)
    except ProtocolError:
        return True
    ours = bytes(said.key_id) == key_id(PUBLIC)
    why = chain.signed(said, "u1001", PUBLIC if ours else None, "u1001" if ours else None)
    return (why or chain.contradiction(said, known)) is not None


ENCODED = manifest().encode()


def test_every_flipped_bit_of_a_manifest_is_refused() -> None:
    assert not refused(ENCODED)
    for at in range(len(ENCODED)):
        for bit in range(8):
            spoiled = bytearray(ENCODED)
            spoiled[at] ^= 1 << bit
            assert refused(bytes(spoiled)), (at, bit)
    assert all(refused(ENCODED[:end]) for end in range(len(ENCODED)))


@given(st.binary(max_size=400))
def test_noise_is_refused(data: bytes) -> None:
    assert refused(data)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"signature": None}, Why.SIGNATURE),
        ({"signature": bytes(64)}, Why.SIGNATURE),
        ({"signature": b"short"}, Why.SIGNATURE),
        ({"size": 101}, Why.SIGNATURE),
        ({"unit": "u2002"}, Why.OTHER_UNIT),
    ],
)
def test_forged_manifest_says_why(change: dict[str, object], why: Why) -> None:
    made = manifest()
    for name, value in change.items():
        setattr(made, name, value)
    assert chain.signed(made, "u1001", PUBLIC, "u1001") is why and why.code == REFUSED_SIGNATURE


def test_key_of_another_unit_or_of_nobody_is_no_key_of_this_one() -> None:
    made = manifest()
    assert chain.signed(made, "u1001", PUBLIC, "u2002") is Why.OTHER_UNIT
    assert chain.signed(made, "u1001", None, None) is Why.UNKNOWN_KEY
    assert chain.signed(made, "u2002", PUBLIC, "u1001") is Why.OTHER_UNIT, "sent by another"


@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=4))
def test_whole_chain_is_believed_in_any_order_and_replays_are_no_contradiction(
    order: list[int], again: list[int]
) -> None:
    links: list[Manifest] = []
    for seq in range(6):
        links.append(manifest(seq, links[-1].digest() if links else FIRST_PREVIOUS, seq))
    believed: dict[int, Manifest] = {}
    for seq in [*order, *again]:
        assert chain.contradiction(links[seq], known(believed, links[seq])) is None
        believed[seq] = links[seq]


@given(st.permutations(range(5)), st.integers(0, 4), st.sampled_from(["segment", "size", "previous"]))
def test_second_truth_of_a_place_is_refused_by_its_own_key_too(order: list[int], at: int, what: str) -> None:
    """Signed with the right key, as by a unit that was tampered with: what was believed first stands."""
    links: list[Manifest] = []
    for seq in range(5):
        links.append(manifest(seq, links[-1].digest() if links else FIRST_PREVIOUS, seq))
    believed = {seq: links[seq] for seq in order}
    other = {"segment": bytes(12), "size": 7, "previous": bytes([1]) * 32}[what]
    given = {"number": at, what: other} if what != "segment" else {"number": 99}
    lie = manifest(at, **({"previous": links[at].previous} | given))  # type: ignore[arg-type]
    why = chain.contradiction(lie, known(believed, lie))
    assert why in (Why.REPLACED, Why.FORKED) and why.code == REFUSED_CONTRADICTION


@given(st.integers(1, 4))
def test_link_that_hangs_on_another_one_is_refused(at: int) -> None:
    first = manifest(at - 1, FIRST_PREVIOUS if at == 1 else bytes(32), at - 1)
    hangs = manifest(at, bytes([9]) * 32, at)
    assert chain.contradiction(hangs, known({at - 1: first}, hangs)) is Why.UNCHAINED
    assert chain.contradiction(first, known({at: hangs}, first)) is Why.UNCHAINED
    assert chain.contradiction(manifest(0, bytes([1]) * 32), Known()) is Why.UNCHAINED


def known(believed: dict[int, Manifest], said: Manifest) -> Known:
    """What the register would tell of these."""
    same = next((one for one in believed.values() if one.segment == said.segment), None)
    place, before, after = (believed.get(said.seq + step) for step in (0, -1, 1))
    return Known(
        same.digest() if same else None,
        place.digest() if place else None,
        before.digest() if before else None,
        bytes(after.previous) if after else None,
    )
