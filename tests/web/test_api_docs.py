"""What docs/api.md lists is what the code has."""

import re
from pathlib import Path

from gateway.api import gate
from gateway.api.viewer import Close

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")


def test_every_close_code_is_told_of() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d{4}) \|", PAGE, re.MULTILINE)}
    assert told == {int(code) for code in Close} | {1009}


def test_every_kind_of_problem_is_told_of() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "gateway" / "api").glob("*.py"))
    slugs = set(re.findall(r'Problem\(\s*\d{3},\s*"([a-z-]+)"', source)) | {"forbidden", "csrf", "origin"}
    assert slugs >= {"conflict", "refused", "too-large"}
    assert [slug for slug in sorted(slugs) if f"`{slug}`" not in PAGE] == []


def test_limits_are_those_of_the_code() -> None:
    limits = (gate.FAILURES_BY_LOGIN_AND_ADDRESS, gate.FAILURES_BY_ADDRESS, gate.FAILURES_BY_LOGIN)
    assert "{} by login and address, {} by address, {} by login".format(*limits) in PAGE


def test_every_fact_of_a_step_is_told_of() -> None:
    source = (ROOT / "gateway" / "dispatch" / "centre_facts.py").read_text("utf-8")
    keys = set(re.findall(r'facts(?:\[|\.setdefault\()"([a-z]+)"', source))
    assert keys >= {"state", "offered", "confidence", "paged", "supervisor", "informed", "withdrawn", "told"}
    told = set(re.findall(r"^\| `([a-z]+)` \|", PAGE.partition("## What a step")[2], re.MULTILINE))
    assert keys <= told
