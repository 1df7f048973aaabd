"""The wire on CPython: golden vectors against cbor2, hostile bytes, and the page that describes it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import cbor, messages, topics
from protocol.errors import ProtocolError, UnsupportedVersion
from protocol.fields import Message
from protocol.live import MAX_INTERVAL_MS, live_of, live_value

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
sys.path.append(str(VECTORS))

from vector_values import load, message_of  # noqa: E402

ROWS: list[dict[str, Any]] = load(str(VECTORS), "messages")
REFUSED: list[dict[str, Any]] = load(str(VECTORS), "refused")
CLASSES: list[type[Message]] = list(messages.BY_LEAF.values())


def class_of(row: dict[str, Any]) -> type[Message]:
    return getattr(messages, row["message"])  # type: ignore[no-any-return]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_vector_encodes_and_decodes_to_the_byte(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["hex"])
    assert message_of(row).encode() == data
    assert class_of(row).decode(memoryview(data)) == message_of(row)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_vector_is_what_cbor2_makes_canonically(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["hex"])
    assert cbor2.dumps(cbor2.loads(data), canonical=True) == data
    assert cbor2.loads(data) == cbor.decode(data)


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row["name"])
def test_refused_vector_raises_protocol_error(row: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        class_of(row).decode(bytes.fromhex(row["hex"]))


def test_another_version_is_told_apart() -> None:
    with pytest.raises(UnsupportedVersion) as caught:
        messages.Want.decode(bytes.fromhex("a200020180"))
    assert caught.value.version == 2


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_every_prefix_is_refused_and_every_flip_is_a_value_or_protocol_error(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["hex"])
    cls = class_of(row)
    for i in range(len(data)):
        with pytest.raises(ProtocolError):
            cls.decode(data[:i])
        for flip in (1, 2, 4, 8, 16, 32, 64, 128, 255):
            changed = bytearray(data)
            changed[i] ^= flip
            try:
                message = cls.decode(changed)
            except ProtocolError:
                continue
            assert cls.decode(message.encode()) == message


@given(st.binary(max_size=200))
def test_garbage_is_a_value_or_protocol_error_in_every_decoder(data: bytes) -> None:
    for cls in CLASSES:
        try:
            message = cls.decode(data)
        except ProtocolError:
            continue
        assert cls.decode(message.encode()) == message


KEYS = st.integers(0, 2**32)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=20)
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(TREES)
def test_decoder_agrees_with_cbor2_on_every_value_of_the_subset(tree: object) -> None:
    data = cbor2.dumps(tree, canonical=True)
    try:
        decoded = cbor.decode(data)
    except ProtocolError as error:
        assert "nested deeper" in str(error) or "more items" in str(error)
        return
    assert decoded == cbor2.loads(data)


@given(st.integers(-(2**64), 2**64 - 1), st.binary(max_size=300), st.text(max_size=100))
def test_encoder_writes_what_cbor2_writes(number: int, data: bytes, text: str) -> None:
    encoder = cbor.Encoder(bytearray(1024))
    encoder.array(5)
    encoder.integer(number)
    encoder.byte_string(data)
    encoder.text(text)
    encoder.boolean(True)
    encoder.null()
    assert encoder.getvalue() == cbor2.dumps([number, data, text, True, None], canonical=True)


@given(st.binary(max_size=12))
def test_utf8_check_agrees_with_cpython(raw: bytes) -> None:
    try:
        raw.decode()
        valid = True
    except UnicodeDecodeError:
        valid = False
    assert cbor.utf8_valid(raw) == valid


def test_unknown_keys_are_ignored_wherever_a_later_version_may_add() -> None:
    assert messages.Want.decode(cbor2.dumps({0: 1, 1: [5], 90: {1: [b"x", "later"]}})).stored_batches == [5]
    row = cbor2.loads(messages.Reply(ref=bytes(16), outcome=0, stamp=message_of(ROWS[0]).pressed).encode())
    row[4].append(77)
    assert messages.Reply.decode(cbor2.dumps(row, canonical=True)).stamp == message_of(ROWS[0]).pressed


@pytest.mark.parametrize(
    "cls_name, values, wrong",
    [
        ("Alarm", {"alarm_id": b"short"}, "alarm_id"),
        ("Alarm", {"alarm_id": bytes(16), "kind": 8}, "kind"),
        ("State", {"online": 2, "boot": 0, "session": 0}, "online"),
        ("State", {"online": 1, "boot": 0, "session": 0, "network": "x" * 17}, "network"),
        ("FixBatch", {"fixes": [], "dropped": 0}, "fixes"),
        ("Want", {"stored_batches": list(range(33))}, "stored_batches"),
    ],
)
def test_a_value_that_the_wire_cannot_carry_is_named(
    cls_name: str, values: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(ProtocolError, match=wrong):
        getattr(messages, cls_name)(**values)


def test_an_unknown_field_name_is_a_programming_error() -> None:
    with pytest.raises(TypeError):
        messages.Want(stored_batches=[], extra=1)


@pytest.mark.parametrize(
    "topic, parts",
    [
        ("tip/1/350105/u1001/up/alarm", ("350105", "u1001", "up", "alarm")),
        ("tip/1/35/A-_9/down/want", ("35", "A-_9", "down", "want")),
        ("tip/1/35/u/media/7-12", ("35", "u", "media", "7-12")),
    ],
)
def test_topic_is_parsed(topic: str, parts: tuple[str, ...]) -> None:
    assert topics.parse(topic) == parts


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "tip/1/35/u/up",
        "tip/2/35/u/up/alarm",
        "top/1/35/u/up/alarm",
        "tip/1//u/up/alarm",
        "tip/1/35/" + "u" * 33 + "/up/alarm",
        "tip/1/35/u/up/want",
        "tip/1/35/u/down/fix",
        "tip/1/35/u/media/a b",
        "tip/1/闽/u/up/alarm",
        "tip/1/35/+/up/alarm",
        "tip/1/35/u/up/alarm/more",
        "x" * 5000,
    ],
)
def test_foreign_topic_is_refused(topic: str) -> None:
    with pytest.raises(ProtocolError):
        topics.parse(topic)


def test_topics_of_a_unit_parse_back() -> None:
    for leaf in topics.UP_LEAVES:
        assert topics.parse(topics.up("350105", "u1", leaf)) == ("350105", "u1", "up", leaf)
    for leaf in topics.DOWN_LEAVES:
        assert topics.parse(topics.down("350105", "u1", leaf)) == ("350105", "u1", "down", leaf)
    with pytest.raises(ProtocolError):
        topics.up("350105", "u1", "want")
    with pytest.raises(ProtocolError):
        topics.down_all("350105", "u/1")


@given(st.integers(0, 3), st.integers(0, MAX_INTERVAL_MS))
def test_value_of_live_carries_mode_and_interval(mode: int, interval_ms: int) -> None:
    value = live_value(mode, interval_ms)
    got_mode, got_ms = live_of(value)
    assert got_mode == mode and interval_ms <= got_ms < interval_ms + 20
    assert messages.Command(command_id=bytes(8), kind=messages.LIVE, expires_s=0, value=value).value == value


def test_values_of_live_before_the_interval_mean_what_they_meant() -> None:
    assert [live_of(value) for value in range(4)] == [(mode, 0) for mode in range(4)]


@given(st.integers() | st.booleans() | st.text() | st.none())
def test_value_of_live_that_is_none_is_refused(value: object) -> None:
    try:
        mode, interval_ms = live_of(value)
    except ProtocolError:
        return
    assert live_value(mode, interval_ms) == value


@pytest.mark.parametrize(("mode", "interval_ms"), [(4, 0), (-1, 0), (3, -20), (3, MAX_INTERVAL_MS + 1)])
def test_live_that_no_unit_can_be_asked_is_refused(mode: int, interval_ms: int) -> None:
    with pytest.raises(ProtocolError):
        live_value(mode, interval_ms)


def test_wire_page_says_what_the_tables_and_vectors_say() -> None:
    """docs/wire.md is written by tools/wire_doc.py; run it after a change of the wire."""
    root = Path(__file__).resolve().parents[2]
    spec = importlib.util.spec_from_file_location("wire_doc", root / "tools" / "wire_doc.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (root / "docs" / "wire.md").read_text(encoding="utf-8")
    assert page.split(module.MARK)[1] == module.generated().removeprefix(module.MARK)
