"""A province at work: officers who can press an alarm, and many more units as the database knows them."""

import random
from pathlib import Path

from gateway import accounts
from gateway.dispatch import courts
from gateway.model import Fix, Role, Unit, UnitStatus
from gateway.provision import Authority, Endpoint, provision
from gateway.settings import Settings
from gateway.store import Store, fixes, units

FAMILY = "陈林黄张吴李郑王刘蔡杨许周郭叶苏"
GIVEN = "伟芳娜敏静强磊军洋勇艳杰涛明超霞平刚桂文辉玲健红华"


async def populate(
    settings: Settings,
    out: Path,
    people: tuple[tuple[str, str, Role, str | None], ...],
    password: str,
    officers: dict[str, tuple[str, str]],
    crowd: int,
    now_ms: int,
) -> None:
    """The same province each time. `officers`: unit to name and court, with certificates; `crowd` has none."""
    settings.data_dir.mkdir(parents=True, mode=0o700)
    authority = Authority(settings.data_dir / "ca", now_ms)
    endpoint = Endpoint("127.0.0.1", settings.broker.port, settings.broker.server_name)
    register = courts.read_file(courts.SAMPLE)
    pick = random.Random(11)
    async with Store(settings.store_url) as store:
        await store.write(lambda connection: units.save_courts(connection, register))
        for login, name, role, court_id in people:
            await accounts.add_user(store, login, name, role, court_id, password, now_ms)
        for unit_id, (name, court_id) in officers.items():
            await provision(
                store, authority, settings.unit, endpoint, unit_id, court_id, out / unit_id,
                now_ms=now_ms, officer=name,
            )  # fmt: skip
        for number in range(crowd):
            court = pick.choice(register)
            name = pick.choice(FAMILY) + "".join(pick.choices(GIVEN, k=pick.choice((1, 2))))
            status, fix = _somebody(pick, f"FJ{1000 + number}", name, court.court_id, now_ms)
            place = (
                court.lat_e7 + round(pick.gauss(0, 9e5)),
                court.lon_e7 + round(pick.gauss(0, 9e5)),
            )
            fix = Fix(place[0], place[1], *fix)

            async def save(connection: object, status: UnitStatus = status, fix: Fix = fix) -> None:
                await units.save_unit(connection, status.unit)  # type: ignore[arg-type]
                await units.save_state(connection, status)  # type: ignore[arg-type]
                await fixes.add(connection, [(status.unit.unit_id, fix)])  # type: ignore[arg-type]

            await store.write(save)


def _somebody(
    pick: random.Random, unit_id: str, name: str, court_id: str, now_ms: int
) -> tuple[UnitStatus, tuple[object, ...]]:
    online = pick.random() > 0.08
    age_ms = pick.randrange(0, 20_000) if online else pick.randrange(600_000, 20_000_000)
    moving = online and pick.random() > 0.5
    status = UnitStatus(
        unit=Unit(unit_id, court_id, name), online=online, seen_ms=now_ms - age_ms, boot=1, session=1,
        battery_pct=pick.randrange(16, 100) if pick.random() > 0.02 else pick.randrange(3, 15), battery_mv=3800,
        storage_free_kib=30_000_000, storage_total_kib=62_000_000, signal_dbm=-pick.randrange(70, 112),
        network="lte",
        recording=True, firmware="1.0.0", case_no=f"(2026)闽{court_id[2:6] or '0001'}执{pick.randrange(1, 3000)}号",
        uptime_s=9000, clock_quality=3, wire_court=court_id,
    )  # fmt: skip
    rest = (
        pick.randrange(20, 300), pick.randrange(100, 1500) if moving else 0, pick.randrange(0, 36000), 120, 9, 1,
        now_ms - age_ms, 3, 1000, 1, now_ms - age_ms,
    )  # fmt: skip
    return status, rest
