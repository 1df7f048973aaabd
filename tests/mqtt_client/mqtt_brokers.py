"""Real brokers on free loopback ports, with mutual TLS and sessions that survive a kill."""

from __future__ import annotations

import contextlib
import queue
import shutil
import signal
import subprocess
import sysconfig
import threading
import time
from pathlib import Path

from gateway.ports import free_port

START_S = 15.0


class Broker:
    """A broker process; started again, it has its port and its disk."""

    READY = b""

    def __init__(self, home: Path, certificates: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.certificates = certificates
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        """Returns when the broker says that it listens."""
        process = subprocess.Popen(
            self.command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.home
        )
        self.process = process
        said: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, args=(process, said), daemon=True).start()
        deadline = time.monotonic() + START_S
        with contextlib.suppress(queue.Empty):
            while line := said.get(timeout=max(0.0, deadline - time.monotonic())):
                if self.READY in line:
                    return
        self.kill()
        raise RuntimeError((self.home / "log").read_text(errors="replace"))

    def _read(self, process: subprocess.Popen[bytes], said: queue.Queue[bytes]) -> None:
        """Copies what the broker says to its log, line by line, until it ends."""
        assert process.stdout is not None
        with process.stdout, (self.home / "log").open("ab", buffering=0) as log:
            for line in process.stdout:
                log.write(line)
                said.put(line)
        said.put(b"")

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def save(self) -> None:
        """Makes sure that sessions are on disk."""


class Nats(Broker):
    READY = b"Server is ready"

    def command(self) -> list[str]:
        executable = shutil.which("nats-server", path=sysconfig.get_path("scripts"))
        assert executable is not None, "no nats-server: install the project's test dependencies"
        own = f"{self.certificates}/broker"
        (self.home / "nats.conf").write_text(
            f"""
            server_name: tip
            host: 127.0.0.1
            port: -1
            jetstream {{ store_dir: "{self.home}/js", sync_interval: always }}
            mqtt {{
              host: 127.0.0.1, port: {self.port}, ack_wait: "2s", max_ack_pending: 2000
              tls {{ cert_file: "{own}.crt", key_file: "{own}.key", ca_file: "{self.certificates}/ca.crt"
                     verify_and_map: true }}
            }}
            authorization {{ users = [
              {{user: "gateway"}}
              {{user: "u1", permissions: {{
                 publish: ["tip.1.c.u1.up.>"], subscribe: ["tip.1.c.u1.down.*", "$MQTT.sub.>"] }} }}
            ] }}
            """
        )
        return [executable, "-c", str(self.home / "nats.conf")]


class Mosquitto(Broker):
    READY = b" running"

    def command(self) -> list[str]:
        executable = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        assert executable is not None, "no mosquitto: install the distribution's package"
        own = f"{self.certificates}/broker"
        (self.home / "mosquitto.conf").write_text(
            f"""
listener {self.port} 127.0.0.1
cafile {self.certificates}/ca.crt
certfile {own}.crt
keyfile {own}.key
require_certificate true
use_identity_as_username true
set_tcp_nodelay true
user root
persistence true
persistence_location {self.home}/
log_type all
"""
        )
        return [executable, "-c", str(self.home / "mosquitto.conf")]

    def save(self) -> None:
        """The file appears, complete, when it is renamed; nothing else tells of it."""
        saved = self.home / "mosquitto.db"
        saved.unlink(missing_ok=True)
        self.signal(signal.SIGUSR1)
        deadline = time.monotonic() + START_S
        while not saved.exists():
            assert time.monotonic() < deadline, "mosquitto did not save"
            time.sleep(0.02)
