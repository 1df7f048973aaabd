"""A scenario's view of a running gateway, through a dispatcher's desk (HTTP API /api/v1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed

from simulator import voice
from simulator.desk import Desk
from simulator.errors import GatewayRefused
from simulator.hooks import IncidentSeen, UnitSeen

PAGES = 50
FIXES = 4000
DUTY_OFFICER = "duty officer (simulated)"


class DeskHooks:
    """`simulator.hooks.Hooks` of a gateway that somebody else runs: it is neither killed nor restarted."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def _get(self, path: str, **query: str | int) -> dict[str, Any]:
        try:
            return await self.desk.get(path, **query)
        except (httpx.HTTPError, ValueError) as error:
            raise GatewayRefused(0, f"{self.desk.url} does not answer as a gateway: {error!r}") from error

    async def incidents(self, unit_id: str, since_ms: int) -> list[IncidentSeen]:
        """See `simulator.hooks.Hooks`. Reads at most 50 pages of each list."""
        found: list[dict[str, Any]] = []
        for state in ("open", "closed"):
            query: dict[str, str | int] = {"state": state}
            for _ in range(PAGES):
                page = await self._get("/incidents", **query)
                found += page["items"]
                if not page.get("next"):
                    break
                query["cursor"] = page["next"]
        mine = {i["incident_id"]: i for i in found if i["unit_id"] == unit_id and i["opened_ms"] >= since_ms}
        return [_incident(item) for item in sorted(mine.values(), key=lambda item: -int(item["opened_ms"]))]

    async def act(self, unit_id: str, since_ms: int, action: str, facts: Mapping[str, object]) -> None:
        """See `simulator.hooks.Hooks`. The court, where one is needed, is the first candidate or the owner."""
        incidents = await self.incidents(unit_id, since_ms)
        if not incidents:
            raise GatewayRefused(404, f"no incident of {unit_id} to {action}")
        incident = incidents[0]
        body: dict[str, object] = {**facts, "version": incident.version}
        if action in ("offer", "accept", "decline"):
            if not incident.courts:
                raise GatewayRefused(404, f"{incident.incident_id} has no candidate court")
            body["court_id"] = incident.courts[0]
        if action in ("en_route", "arrived"):
            body["court_id"] = incident.owner_court_id
        if action in ("accept", "decline", "en_route", "arrived"):
            body["by_name"] = DUTY_OFFICER
        try:
            await self.desk.act(incident.incident_id, action, **body)
        except httpx.HTTPError as error:
            raise GatewayRefused(0, f"{self.desk.url}: {error!r}") from error

    async def command(self, unit_id: str, kind: str, value: int) -> None:
        """See `simulator.hooks.Hooks`."""
        try:
            await self.desk.command(unit_id, kind, value)
        except httpx.HTTPError as error:
            raise GatewayRefused(0, f"{self.desk.url}: {error!r}") from error

    async def say(self, unit_id: str, for_s: float, aloud: bool) -> None:
        """See `simulator.hooks.Hooks`: a tone."""
        try:
            await voice.say(self.desk, unit_id, voice.tone(for_s), aloud=aloud)
        except (ConnectionClosed, OSError) as error:
            raise GatewayRefused(0, f"{self.desk.url}: {error!r}") from error

    async def fixes(self, unit_id: str, since_ms: int, until_ms: int) -> int:
        """See `simulator.hooks.Hooks`. Looks at the newest 4,000."""
        track = await self._get(f"/units/{unit_id}/track", since_ms=since_ms, limit=FIXES)
        return sum(since_ms <= int(fix["taken_ms"] or 0) <= until_ms for fix in track["items"])

    async def unit(self, unit_id: str) -> UnitSeen:
        """See `simulator.hooks.Hooks`."""
        value = await self._get(f"/units/{unit_id}")
        return UnitSeen(value["online"] is True, value["battery_pct"])

    async def kill_broker(self) -> None:
        """Raises GatewayRefused."""
        raise GatewayRefused(0, "the broker of a gateway that runs elsewhere is not killed")

    async def restart_gateway(self) -> None:
        """Raises GatewayRefused."""
        raise GatewayRefused(0, "a gateway that runs elsewhere is not restarted")


def _incident(item: dict[str, Any]) -> IncidentSeen:
    return IncidentSeen(
        incident_id=item["incident_id"],
        version=item["version"],
        state=item["state"],
        kind=str(item["kind"]),
        test=item["test"] is True,
        duress=item["duress"] is True,
        alarms=item["alarm_count"],
        courts=tuple(court["court_id"] for court in item["candidates"]),
        owner_court_id=item["owner_court_id"],
    )
