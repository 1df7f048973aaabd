"""What can be wrong with bytes from the wire.

ProtocolError           the bytes are not a message of ours; the text says which rule they break
`- UnsupportedVersion   a message of a major version that this side does not speak
"""


class ProtocolError(ValueError):
    """The bytes, or the values to encode, break a rule of `docs/wire.md`."""


class UnsupportedVersion(ProtocolError):
    """The message is of another major version; `version` is the number it carries."""

    def __init__(self, version: int) -> None:
        super().__init__("wire version %d is not spoken here: this side speaks version 1" % version)
        self.version = version
