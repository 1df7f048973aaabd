"""How a client connects and what it allows itself."""

V311 = 4
V5 = 5


class Options:
    """Settings of one client.

    host, port, tls, will, username and password may be changed at any time; the next attempt uses them.

    host, port         the broker; an address rather than a name, where looking up a name blocks the board
    tls                `stream.Tls`, or None for a plain connection
    version            4 (MQTT 3.1.1) or 5
    keepalive_s        1..65535; a silent peer is noticed within 1.5 times this
    clean_session      True forgets the session at the broker
    session_expiry_s   MQTT 5: how long the broker keeps the session
    will               None, or (topic, payload, qos, retain), or a function that returns such a tuple, called
                       before each CONNECT
    window             most QoS 1 messages in flight
    max_inbound_bytes  longest payload that is delivered; longer ones are skipped, counted and acknowledged
    ack_timeout_ms     an acknowledgement that takes longer means that the link is dead
    connect_timeout_ms from the start of an attempt to the broker's CONNACK
    patience_ms        how long a publish waits while there is no connection
    Raises ValueError for a value outside its range.
    """

    def __init__(
        self,
        host,
        port,
        client_id,
        tls=None,
        version=V311,
        username=None,
        password=None,
        keepalive_s=20,
        clean_session=False,
        session_expiry_s=604800,
        will=None,
        window=8,
        max_inbound_bytes=4096,
        ack_timeout_ms=5000,
        connect_timeout_ms=10000,
        backoff_min_ms=250,
        backoff_max_ms=15000,
        patience_ms=10000,
    ):
        if version not in (V311, V5):
            raise ValueError("version must be 4 or 5")
        if not client_id or len(client_id) > 64:
            raise ValueError("client_id must have 1 to 64 characters")
        if password is not None and username is None:
            raise ValueError("a password needs a username")
        _within("keepalive_s", keepalive_s, 1, 65535)
        _within("window", window, 1, 64)
        _within("max_inbound_bytes", max_inbound_bytes, 64, 65536)
        _within("backoff_min_ms", backoff_min_ms, 1, backoff_max_ms)
        self.host = host
        self.port = port
        self.client_id = client_id
        self.tls = tls
        self.version = version
        self.username = username
        self.password = password
        self.keepalive_s = keepalive_s
        self.clean_session = clean_session
        self.session_expiry_s = session_expiry_s
        self.will = will
        self.window = window
        self.max_inbound_bytes = max_inbound_bytes
        self.ack_timeout_ms = ack_timeout_ms
        self.connect_timeout_ms = connect_timeout_ms
        self.backoff_min_ms = backoff_min_ms
        self.backoff_max_ms = backoff_max_ms
        self.patience_ms = patience_ms


def _within(name, value, least, most):
    if not least <= value <= most:
        raise ValueError("%s must be %d to %d" % (name, least, most))
