"""The people and officers of most browser tests, among them some with hostile names."""

import asyncio
import time
from pathlib import Path

from console_crowd import populate
from console_officer import COURT
from console_site import PASSWORD, Site, site_in
from sqlalchemy import update

from gateway.model import Role
from gateway.store import Store, tables

PEOPLE = (
    ("dispatcher", "陈调度", Role.DISPATCHER, None),
    ("second", "林接班", Role.DISPATCHER, None),
    ("third", "吴协同", Role.DISPATCHER, None),
    ("viewer", "黄旁听", Role.VIEWER, None),
    ("duty", "王值班", Role.COURT, COURT),
)
HOSTILE = {
    "HOSTILE1": '<img src=x onerror="window.owned=1"><script>window.owned=1</script>',
    "HOSTILE2": "\u202egnp.exe\u202e أمين المحكمة",
    "HOSTILE3": "长" * 200,
}
UNITS = {"UNIT1": "郑一", "UNIT2": "吴二", "UNIT3": "何三", **HOSTILE}


def make_site(folder: Path, name: str = "福建法院执行指挥中心") -> Site:
    """A gateway with people and officers, not yet started."""
    made = site_in(folder, name)
    asyncio.run(_furnish(made, folder / "units"))
    return made


async def _furnish(site: Site, out: Path) -> None:
    officers = {unit_id: (unit_id, COURT) for unit_id in UNITS}
    await populate(site.settings, out, PEOPLE, PASSWORD, officers, 0, time.time_ns() // 1_000_000)
    async with Store(site.settings.store_url) as store:
        for unit_id, officer in UNITS.items():
            # Past the register's own check: whatever it lets through, the page must not believe it.
            named = update(tables.units).where(tables.units.c.unit_id == unit_id).values(officer=officer)
            await store.write(lambda connection, named=named: connection.execute(named))
