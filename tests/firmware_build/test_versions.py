"""There is one version number, and everything that carries one carries it."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from gateway import __version__

REPO = Path(__file__).resolve().parents[2]


def test_unit_says_the_version_of_its_gateway() -> None:
    tree = ast.parse((REPO / "firmware/bodyunit/__init__.py").read_text("utf-8"))
    values = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FIRMWARE"
    ]
    assert values == [__version__]


def test_packages_have_the_version_of_the_gateway() -> None:
    for path in ("firmware/package.json", "console/package.json", "console/package-lock.json"):
        assert json.loads((REPO / path).read_text("utf-8"))["version"] == __version__, path


def test_frozen_image_has_the_version_of_the_gateway() -> None:
    assert f'version="{__version__}"' in (REPO / "firmware/manifest.py").read_text("utf-8")
