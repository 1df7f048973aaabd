"""A whole site in a folder, for the demo, the benches and whole-system tests: gateway, sample person, units."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import httpx

from gateway.accounts import add_user
from gateway.app import Gateway
from gateway.errors import TipstaffError
from gateway.model import Role
from gateway.ports import free_port
from gateway.settings import BrokerSettings, HttpSettings, Settings, SiteSettings, UnitSettings

LOGIN = "dispatcher"
DEPUTY = "deputy"
HIGH_COURT = "35"
READY_S = 90.0


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody who wears a unit, as sample data."""

    unit_id: str
    court_id: str
    name: str
    case_no: str


OFFICERS = (
    Officer("MZ2531", "350102", "陈志明", "(2026)闽0102执1043号"),
    Officer("MZ2532", "350103", "林静", "(2026)闽0103执877号"),
    Officer("MZ2533", "350104", "黄建国", "(2026)闽0104执1512号"),
    Officer("MZ2534", "350105", "郑晓燕", "(2026)闽0105执1287号"),
    Officer("MZ2535", "350111", "吴海峰", "(2026)闽0111执964号"),
    Officer("MZ2536", "350121", "许文华", "(2026)闽0121执331号"),
)


def usable_port(wanted: int) -> int:
    """`wanted` when nobody listens there, else a free port."""
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", wanted))
        return wanted
    return free_port()


def settings_in(
    folder: Path,
    *,
    broker: Literal["embedded", "mosquitto"] = "embedded",
    http_port: int = 0,
    hold_ms: int = 1000,
) -> Settings:
    """Settings of a site in `folder`, on loopback and on ports that stay the same over restarts."""
    return Settings(
        site=SiteSettings(name="福建法院执行指挥中心", data_dir=folder / "data"),
        http=HttpSettings(port=http_port or free_port()),
        broker=BrokerSettings(kind=broker, port=free_port()),
        unit=UnitSettings(hold_ms=hold_ms),
    )


async def furnish(gateway: Gateway, officers: Sequence[Officer]) -> tuple[str, list[Path]]:
    """Make two sample dispatchers and provision the officers' units: (their password, the units' homes)."""
    password = f"tip-{secrets.token_hex(4)}"
    now_ms = gateway.clock.now_ms()
    for login, name in ((LOGIN, "值班调度员"), (DEPUTY, "副班调度员")):
        await add_user(gateway.store, login, name, Role.DISPATCHER, HIGH_COURT, password, now_ms)
    homes = []
    for officer in officers:
        home = gateway.settings.data_dir / "units" / officer.unit_id
        await gateway.provision(officer.unit_id, officer.court_id, home, officer=officer.name, admit=False)
        homes.append(home)
    await gateway.reload()
    return password, homes


class GatewayProcess:
    """`tipstaff serve` as a process of its own, to be killed and started again. Async context manager.

    Its log is `gateway.log` in the data folder. Raises TipstaffError when it does not become ready.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log_path = settings.data_dir / "gateway.log"
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """Of the console."""
        return f"http://{self.settings.http.host}:{self.settings.http.port}"

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process is not None else None

    def _environment(self) -> dict[str, str]:
        chosen = self.settings
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("TIPSTAFF_")},
            "TIPSTAFF_SITE__NAME": chosen.site.name,
            "TIPSTAFF_SITE__DATA_DIR": str(chosen.data_dir),
            "TIPSTAFF_HTTP__PORT": str(chosen.http.port),
            "TIPSTAFF_BROKER__KIND": chosen.broker.kind,
            "TIPSTAFF_BROKER__PORT": str(chosen.broker.port),
            "TIPSTAFF_UNIT__HOLD_MS": str(chosen.unit.hold_ms),
            "TIPSTAFF_DISPATCH__AUTO_OFFER_S": str(chosen.dispatch.auto_offer_s),
            "TIPSTAFF_LIVE__VIEWERS": str(chosen.live.viewers),
        }

    async def start(self) -> None:
        """Start it and return when it answers."""
        command = (sys.executable, "-m", "gateway.cli.main", "serve")
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, env=self._environment(), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        async with httpx.AsyncClient(base_url=self.url) as client:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(READY_S):
                    while self._process.returncode is None:
                        with contextlib.suppress(httpx.TransportError):
                            if (await client.get("/api/v1/health")).status_code == 200:
                                return
                        await asyncio.sleep(0.05)
        await self.kill()
        lines = self.log_path.read_text("utf-8", "replace").splitlines()[-8:]
        raise TipstaffError("the gateway did not become ready; its log ends:\n  " + "\n  ".join(lines))

    async def kill(self) -> None:
        """SIGKILL. Harmless when it does not run."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, and wait."""
        await self._end(signal.SIGTERM)

    async def _end(self, by: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(by)
        try:
            async with asyncio.timeout(READY_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
