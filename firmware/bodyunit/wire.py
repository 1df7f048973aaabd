"""Messages made and encoded without long allocations: on the unit a free block of 4 KiB is not a matter of course."""

from protocol import messages
from protocol.errors import ProtocolError

_BUFFER = bytearray(1024)


def stamp(clock, at_mono_ms: "int | None" = None) -> messages.Stamp:
    """Now, or an earlier monotonic time, as it goes onto the wire."""
    utc_s, utc_ms, quality, mono_ms, boot = clock.stamp(at_mono_ms)
    return messages.Stamp(utc_s=utc_s, utc_ms=utc_ms, quality=quality, mono_ms=mono_ms, boot=boot)


def encoded(message) -> bytes:
    """The bytes of a message. Raises ProtocolError when a value is outside the wire's bounds."""
    try:
        length = message.encode_into(_BUFFER)
    except ProtocolError:
        # Longer than anything the unit says by itself, or wrong: this tells which.
        return message.encode()
    return bytes(memoryview(_BUFFER)[:length])
