"""What the page works out by itself, against the gateway's own functions: datums, lengths, floods of alarms."""

import ast
import json
import random
import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pyproj import Geod

from gateway.dispatch import datum
from hatch_build import find_node

CONSOLE = Path(__file__).resolve().parent.parent.parent / "console"
FIRMWARE = CONSOLE.parent / "firmware"
MINUTE_MS = 60_000


def evaluated(module: str, expression: str, given: Any) -> Any:
    """The value of a TypeScript expression over `given`, with what a module of the page exports in scope as `m`."""
    # The page's modules name one another without an ending, which its build knows and Node does not.
    script = (
        "import { registerHooks } from 'node:module';"
        "registerHooks({ resolve: (name, context, next) =>"
        " next(/^\\.{1,2}\\/.*(?<!\\.ts)$/.test(name) ? name + '.ts' : name, context) });"
        f"const m = await import({json.dumps(str(CONSOLE / 'src' / module))});"
        "const { readFileSync } = await import('node:fs');"
        "const given = JSON.parse(readFileSync(0, 'utf8'));"
        f"process.stdout.write(JSON.stringify({expression}));"
    )
    node, _ = find_node()
    done = subprocess.run(
        [node, "--no-warnings", "--input-type=module", "--eval", script],
        input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def places(count: int) -> list[dict[str, float]]:
    """The same ones each time: all over China, on both sides of its rectangle, and elsewhere."""
    pick = random.Random(7)
    inside = [{"lat": pick.uniform(18, 53), "lon": pick.uniform(74, 134)} for _ in range(count)]
    edge = [
        {"lat": lat, "lon": lon} for lat in (0.8292, 0.8293, 55.8271, 55.8272) for lon in (72.0039, 100.0)
    ]
    return [*inside, *edge, {"lat": -33.9, "lon": 151.2}, {"lat": 35.0, "lon": 105.0}]


def test_datums_are_those_of_the_gateway() -> None:
    given = places(300)
    shifted = evaluated(
        "datum.ts",
        "given.map((at) => [m.toDatum('gcj02', at), m.toDatum('bd09', at), m.toDatum('wgs84', at)])",
        given,
    )
    for at, (gcj02, bd09, wgs84) in zip(given, shifted, strict=True):
        assert wgs84 == at
        expected = datum.wgs84_to_gcj02(at["lat"], at["lon"])
        assert (gcj02["lat"], gcj02["lon"]) == pytest.approx(expected, abs=1e-12)
        if datum.in_china(at["lat"], at["lon"]):
            assert (bd09["lat"], bd09["lon"]) == pytest.approx(datum.gcj02_to_bd09(*expected), abs=1e-12)


@pytest.mark.parametrize(("name", "back"), [("gcj02", datum.gcj02_to_wgs84), ("bd09", datum.bd09_to_wgs84)])
def test_datums_come_back_as_the_gateway_brings_them(name: str, back: Any) -> None:
    given = places(300)[:300]
    found = evaluated("datum.ts", f"given.map((at) => m.fromDatum('{name}', at))", given)
    for at, wgs84 in zip(given, found, strict=True):
        assert (wgs84["lat"], wgs84["lon"]) == pytest.approx(back(at["lat"], at["lon"]), abs=1e-12)


def test_lengths_are_geodesic_to_a_millimetre() -> None:
    pairs = list(zip(places(300), reversed(places(300)), strict=True))
    near = [(at, {"lat": at["lat"] + 1e-5, "lon": at["lon"] - 2e-5}) for at in places(50)]
    given = [[*pair] for pair in pairs + near]
    found = evaluated("geodesic.ts", "given.map(([a, b]) => m.geodesicM(a, b))", given)
    geod = Geod(ellps="WGS84")
    for (a, b), length_m in zip(given, found, strict=True):
        expected_m = geod.inv(a["lon"], a["lat"], b["lon"], b["lat"])[2]
        assert length_m == pytest.approx(expected_m, abs=1e-3)


@pytest.mark.parametrize(
    ("minutes", "now", "since"),
    [
        ([], 0, None),
        ([0.5 * i for i in range(10)], 5, None),  # ten in ten minutes are not more than ten
        ([0.5 * i for i in range(11)], 6, 0),
        ([1.1 * i for i in range(11)], 12, None),  # eleven, but in eleven minutes
        ([0.5 * i for i in range(11)], 12.9, 0),  # five of them are still in the window
        ([0.5 * i for i in range(11)], 13.1, None),
        ([*range(0, 30, 3), *[40 + 0.5 * i for i in range(12)]], 47, 40),
        ([0.5 * i for i in range(11)] + [6 + 2 * i for i in range(20)], 45, 0),  # one each two minutes keeps it up
        ([0.5 * i for i in range(11)] + [60.0], 60, None),
        ([0.5 * i for i in range(11)], 5, 0),
        ([0.5 * i for i in range(11)], 4.9, None),  # what is to come does not count
    ],
)  # fmt: skip
def test_flood_begins_above_ten_and_ends_below_five(
    minutes: list[float], now: float, since: float | None
) -> None:
    given = {"times": [round(minute * MINUTE_MS) for minute in minutes], "now": round(now * MINUTE_MS)}
    found = evaluated("flood.ts", "m.floodSince(given.times, given.now)", given)
    assert found == (None if since is None else round(since * MINUTE_MS))


def test_settings_are_those_that_a_unit_lets_be_changed_from_afar() -> None:
    table = runpy.run_path(str(FIRMWARE / "store" / "settings_table.py"))
    found = re.search(
        r"CHANGEABLE = (\(.*?\n\))", (FIRMWARE / "bodyunit" / "commands.py").read_text("utf-8"), re.S
    )
    assert found
    expected = []
    for name in ast.literal_eval(found.group(1)):
        kind, lowest, highest, default, _ = table["TABLE"][name]
        assert kind in (table["INT"], table["BOOL"])
        bounds = {} if kind == table["BOOL"] else {"bounds": [lowest, highest]}
        expected.append({"name": name, "factory": int(default), **bounds})
    page = evaluated("ui/pages/unitSettings.ts", "m.SETTINGS.map(({ unit, ...rest }) => rest)", None)
    assert page == expected
    bounded = "given.map((text) => m.valueOf(m.SETTINGS[1], text))"
    given = ["200", "5000", "199", "5001", "-300", "3e2", "300.5", "0x1ff", "", " 300 ", "9" * 400]
    expected_values = [200, 5000, None, None, None, None, None, None, None, 300, None]
    assert evaluated("ui/pages/unitSettings.ts", bounded, given) == expected_values
