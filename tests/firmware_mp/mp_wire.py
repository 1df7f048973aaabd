"""The golden vectors and hostile bytes of the wire, under MicroPython."""

import sys

HERE = __file__.rsplit("/", 1)[0]
FOLDER = HERE + "/../vectors"
sys.path.append(FOLDER)

from vector_values import load, message_of, unhex

from protocol import messages
from protocol.errors import ProtocolError
from protocol.live import live_of, live_value


def test_vectors_encode_and_decode_to_the_byte():
    rows = load(FOLDER, "messages")
    assert len(rows) > 10
    for row in rows:
        message = message_of(row)
        data = unhex(row["hex"])
        assert message.encode() == data, row["name"]
        assert type(message).decode(data) == message, row["name"]


def test_refused_vectors_raise_protocol_error_only():
    for row in load(FOLDER, "refused"):
        try:
            getattr(messages, row["message"]).decode(unhex(row["hex"]))
        except ProtocolError:
            continue
        raise AssertionError(row["name"] + " was accepted")


def test_every_prefix_of_every_vector_is_refused():
    for row in load(FOLDER, "messages"):
        data = unhex(row["hex"])
        for i in range(len(data)):
            try:
                getattr(messages, row["message"]).decode(data[:i])
            except ProtocolError:
                continue
            raise AssertionError("%s: %d bytes were accepted" % (row["name"], i))


def test_every_flipped_byte_of_every_vector_is_a_value_or_protocol_error():
    for row in load(FOLDER, "messages"):
        data = unhex(row["hex"])
        cls = getattr(messages, row["message"])
        for i in range(len(data)):
            for flip in (0x01, 0x20, 0x80, 0xFF):
                changed = bytearray(data)
                changed[i] ^= flip
                try:
                    cls.decode(changed)
                except ProtocolError:
                    pass


def test_encoding_into_a_buffer_that_is_too_small_is_refused():
    message = messages.Want(stored_batches=[1, 2, 3])
    size = len(message.encode())
    for room in range(size):
        try:
            message.encode_into(bytearray(room))
        except ProtocolError:
            continue
        raise AssertionError("%d bytes were enough" % room)
    assert message.encode_into(bytearray(size)) == size


def test_value_of_live_is_the_same_here():
    assert live_value(messages.LIVE_FULL, 500) == 403 and live_of(403) == (messages.LIVE_FULL, 500)
    assert live_of(2) == (messages.LIVE_STILLS, 0) and live_value(messages.LIVE_SOUND, 1) == 17
    for value in (None, True, "3", -1, 4, 3 + 16 * 3001):
        try:
            live_of(value)
        except ProtocolError:
            continue
        raise AssertionError("%r was accepted" % value)
