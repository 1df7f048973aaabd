"""Counters of one client since it was made; they only rise."""

NAMES = (
    "connected",  # connections that reached CONNACK
    "failed",  # attempts that did not
    "lost",  # connections that ended
    "malformed",  # of those, by a packet that is not allowed
    "silent",  # of those, by a peer that said nothing for too long
    "ack_late",  # of those, by an acknowledgement that did not come in time
    "published",  # messages: acknowledged (QoS 1) or handed to the link (QoS 0)
    "given_up",  # publishes that returned False
    "resent",  # QoS 1 messages sent again with DUP
    "refused",  # acknowledgements that said no
    "stray_acks",  # acknowledgements of nothing that is in flight
    "received",  # messages given to on_message
    "oversized",  # messages skipped because of their size
    "handler_errors",  # exceptions that on_message raised
)


class Stats:
    """An attribute for each of NAMES, 0 at first."""

    def __init__(self):
        for name in NAMES:
            setattr(self, name, 0)

    def as_dict(self):
        """Every counter by its name."""
        return {name: getattr(self, name) for name in NAMES}
