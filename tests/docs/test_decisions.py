"""Every decision is told in the same way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DECISIONS = sorted((Path(__file__).resolve().parents[2] / "docs" / "adr").glob("*.md"))


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_decision_has_its_parts_in_order(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith(f"# {int(path.name[:4])}. ") and "\nStatus: " in text
    parts = dict(re.findall(r"^## (.+)\n\n([^#\s].*)$", text, re.M))
    assert list(parts) == ["Context", "Choice", "Measured", "Consequences"]
    assert re.findall(r"^##? ", text, re.M) == ["# ", *["## "] * 4]
