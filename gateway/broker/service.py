"""The broker as the rest of the gateway sees it, whatever its kind."""

import asyncio
import getpass
import ipaddress
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.broker import mosquitto, nats
from gateway.broker.mosquitto_log import MosquittoLog
from gateway.broker.nats_log import NatsLog
from gateway.broker.process import Supervised
from gateway.broker.verdict import LogReader, Verdict
from gateway.errors import BrokerAddress, SettingsError
from gateway.model import Unit
from gateway.ports import free_port
from gateway.provision.authority import GATEWAY_NAME, Authority, write_private
from gateway.settings import BrokerSettings


@dataclass(frozen=True, slots=True)
class Client:
    """What our own connections need."""

    host: str
    port: int
    server_name: str
    ca_path: Path
    certificate_path: Path
    key_path: Path


class Broker:
    """A broker. `run` keeps it going until `stop`; `ready` is set when it accepts connections."""

    def __init__(self, kind: str, client: Client, process: Supervised | None) -> None:
        self.kind = kind
        self.client = client
        self.ready = asyncio.Event()
        self._process = process
        self._stopped = asyncio.Event()
        self._rewrite: Callable[[Sequence[Unit], Sequence[str]], None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that we started, or None."""
        return self._process.pid if self._process else None

    async def run(self) -> None:
        """Raises BrokerError if it cannot be started at all."""
        if self._process is None:
            self.ready.set()
            await self._stopped.wait()
        else:
            await self._process.run(self.ready)

    def stop(self) -> None:
        """End `run`, and the process with it."""
        self._stopped.set()
        if self._process is not None:
            self._process.stop()

    def admit(self, units: Sequence[Unit], revoked_serials: Sequence[str]) -> None:
        """Write who may connect, and have a running broker take it over. External: nothing is done."""
        if self._rewrite is not None and self._process is not None:
            self._rewrite(units, revoked_serials)
            self._process.reload()

    def health(self) -> dict[str, object]:
        """Small and JSON-able. Whether we are connected is known by ingest."""
        facts: dict[str, object] = {"kind": self.kind, "address": f"{self.client.host}:{self.client.port}"}
        if self._process is not None:
            facts |= {"running": self._process.pid is not None, "restarts": self._process.restarts}
        return facts


def open_broker(
    settings: BrokerSettings,
    data_dir: Path,
    authority: Authority,
    units: Sequence[Unit],
    revoked_serials: Sequence[str],
    on_restart: Callable[[], None],
    on_refusal: Callable[[Verdict], None],
) -> Broker:
    """Prepare the broker of `settings`: certificates, configuration, port. It is started by `run`.

    `on_refusal` is told of every connection, message and subscription that it refuses; an external broker's log
    is not ours to read. Raises BrokerMissing, BrokerAddress, SettingsError.
    """
    folder = data_dir / "broker"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate, key = authority.keep_gateway(folder)
    host, port = settings.host, settings.port
    if settings.kind == "external":
        authority_path = settings.ca_file or authority.certificate_path
        try:
            ssl.create_default_context(cafile=str(authority_path))
        except OSError as error:
            why = error.strerror if error.errno else "is no PEM file of certificates"
            raise SettingsError("broker.ca_file", f"{authority_path}: {why}") from None
        client = Client(host, port, settings.server_name, authority_path, certificate, key)
        return Broker("external", client, None)
    if settings.kind == "embedded" and not _loopback(host):
        raise BrokerAddress(host, 'the embedded broker serves loopback only; set broker.kind = "mosquitto"')
    names = (settings.server_name, "localhost", "127.0.0.1", *settings.extra_names, host)
    own = authority.keep_server(folder, [name for name in names if name not in ("0.0.0.0", "::")])
    tls = (authority.certificate_path, *own)
    reach = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    try:
        port = port or free_port(reach)
    except (OSError, UnicodeError) as error:
        raise BrokerAddress(reach, f"it cannot be listened on: {error}") from None
    log_reader: Callable[[], LogReader]
    client = Client(reach, port, settings.server_name, authority.certificate_path, certificate, key)

    if settings.kind == "embedded":
        path, log_reader = folder / "nats.conf", NatsLog
        command = nats.command(nats.find(settings.program), path.resolve())

        def rewrite(admitted: Sequence[Unit], revoked: Sequence[str]) -> None:
            del revoked  # nats-server knows generations instead
            text = nats.configuration(settings, folder, host, port, tls, admitted)
            write_private(path, text.encode())
    else:
        path, log_reader = folder / "mosquitto.conf", lambda: MosquittoLog(GATEWAY_NAME)
        command = mosquitto.command(mosquitto.find(settings.program), path.resolve())

        def rewrite(admitted: Sequence[Unit], revoked: Sequence[str]) -> None:
            listed = authority.write_revoked(revoked)
            text = mosquitto.configuration(settings, folder, host, port, tls, listed, getpass.getuser())
            write_private(folder / "acl.conf", mosquitto.access(admitted).encode())
            write_private(path, text.encode())

    context = ssl.create_default_context(cafile=str(authority.certificate_path))
    context.load_cert_chain(certificate, key)
    name = command[0].rsplit("/", 1)[-1]
    pid_path = folder / "broker.pid"
    process = Supervised(name, command, pid_path, (reach, port), on_restart, context, log_reader, on_refusal)
    broker = Broker(settings.kind, client, process)
    broker._rewrite = rewrite
    rewrite(units, revoked_serials)
    return broker


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
