"""How the unit's two connections are made: one for everything that is said, one for pictures and sound."""

from mqtt.options import Options
from mqtt.stream import Tls

# Eight alarms, and never behind a fix, a state, a reply or a manifest.
CONTROL_WINDOW = 16
MEDIA_WINDOW = 2
MEDIA_INBOUND_BYTES = 64


def tls(home: str, settings) -> "Tls | None":
    """The unit's identity. Raises OSError or ValueError when it is missing, except on the loopback: there None."""
    found = []
    for name in ("ca.der", "unit.der", "unit.key.der"):
        try:
            with open(home + "/" + name, "rb") as stream:
                found.append(stream.read())
        except OSError:
            if settings.broker_host.startswith("127.") and not found:
                return None
            raise
    return Tls(found[0], found[1], found[2], settings.broker_name or settings.broker_host)


def control(settings, identity, will) -> Options:
    """Alarms, fixes, states, manifests, and all that is said to the unit. `will`: called before each connection."""
    return Options(
        settings.broker_host,
        settings.broker_port,
        settings.unit_id,
        tls=identity,
        version=settings.mqtt_version,
        keepalive_s=settings.keepalive_s,
        clean_session=False,
        will=will,
        window=CONTROL_WINDOW,
    )


def media(of: Options) -> Options:
    """Chunks of segments, and nothing comes in: to the same broker as `of`, as `<unit>:m`."""
    return Options(
        of.host,
        of.port,
        of.client_id + ":m",
        tls=of.tls,
        version=of.version,
        keepalive_s=of.keepalive_s,
        clean_session=True,
        window=MEDIA_WINDOW,
        max_inbound_bytes=MEDIA_INBOUND_BYTES,
    )
