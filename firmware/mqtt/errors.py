"""What can go wrong with a connection.

MqttError
  PacketError      the peer sent what the standard does not allow; the connection is closed
  Refused          the broker said no, with its reason `code`
  LinkLost         the connection ended, or the peer is silent
  Untrusted        TLS: the broker's certificate is not one that the unit trusts
"""


class MqttError(Exception):
    """Anything that ends a connection or an attempt."""


class PacketError(MqttError):
    """The peer sent what the standard does not allow."""


class Refused(MqttError):
    """The broker said no: `code` as in its packet, `text` as it said, or ""."""

    def __init__(self, code, text):
        super().__init__("refused with code %d%s" % (code, ": " + text if text else ""))
        self.code = code


class LinkLost(MqttError):
    """The connection ended, or the peer is silent."""


class Untrusted(MqttError):
    """The broker's certificate is not one that the unit trusts."""
