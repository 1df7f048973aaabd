"""mosquitto: its configuration and access list, and where it is found."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from gateway.errors import BrokerMissing
from gateway.model import Unit
from gateway.provision.authority import GATEWAY_NAME
from gateway.settings import BrokerSettings

MAX_KEEPALIVE_S = 600


def find(program: Path | None) -> Path:
    """The program. Raises BrokerMissing."""
    found = (
        program or shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    )
    if found is None or not Path(found).exists():
        raise BrokerMissing("mosquitto", "install the package of that name, or set broker.program")
    return Path(found)


def command(program: Path, configuration: Path) -> list[str]:
    """What is run."""
    return [str(program), "-c", str(configuration)]


def configuration(
    settings: BrokerSettings,
    folder: Path,
    host: str,
    port: int,
    tls: tuple[Path, Path, Path],
    revoked: Path,
    user: str,
) -> str:
    """The text of mosquitto.conf. `tls`: authority, certificate, key; `revoked`: the revocation list."""
    authority, certificate, key = tls
    return f"""\
# Written by tipstaff at every start; changes made here are lost.
per_listener_settings false
listener {port} {host}

# Who connects has a certificate of our authority that is not revoked; its common name is the user.
cafile {authority.resolve()}
certfile {certificate.resolve()}
keyfile {key.resolve()}
crlfile {revoked.resolve()}
require_certificate true
use_identity_as_username true
allow_anonymous false
tls_version tlsv1.2
acl_file {(folder / "acl.conf").resolve()}

# Small messages at once; the default (Nagle) costs 9 ms under load.
set_tcp_nodelay true

# Bounds. The default queue of 1,000 loses messages of a burst; 0 would be unbounded memory.
max_queued_messages 100000
max_queued_bytes 268435456
max_inflight_messages {settings.window}
max_packet_size {settings.max_packet_bytes}
# Not below what a unit can be set to (`keepalive_s` in firmware/store/settings_table.py).
max_keepalive {MAX_KEEPALIVE_S}

# What is queued survives a clean stop, and a crash up to the last autosave; the journal of the unit and the
# receipt of the gateway are what an alarm relies on.
persistence true
persistence_location {folder.resolve()}/
autosave_interval 30
persistent_client_expiration 30d

# No change of user: we are started by the one who owns these files.
user {user}
log_dest stderr
log_type error
log_type warning
log_type notice
# Which publish is denied, and who subscribes to what, is said at these two only.
log_type debug
log_type subscribe
connection_messages true
"""


def access(units: Iterable[Unit]) -> str:
    """The text of acl.conf. Units that are revoked are left out and so may do nothing."""
    rows = [
        "# Written by tipstaff whenever a unit is provisioned or revoked; changes made here are lost.",
        "# A unit speaks for itself only, whatever court its topics name, and hears only itself.",
        f"user {GATEWAY_NAME}",
        "topic read tip/1/+/+/up/+",
        "topic read tip/1/+/+/media/+",
        "topic write tip/1/+/+/down/+",
        # Markers, by which it knows that it has heard all of what came before them.
        f"topic write tip/1/+/{GATEWAY_NAME}/media/+",
    ]
    for unit in units:
        if not unit.revoked:
            rows += [
                f"user {unit.unit_id}",
                f"topic write tip/1/+/{unit.unit_id}/up/+",
                f"topic write tip/1/+/{unit.unit_id}/media/+",
                f"topic read tip/1/+/{unit.unit_id}/down/+",
            ]
    return "\n".join(rows) + "\n"
