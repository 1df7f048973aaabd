"""What tests in several folders need."""

import importlib.util
from collections import defaultdict
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from gateway import ports

# How fast an example is on a machine that does other things besides is not what these tests judge.
hypothesis.settings.register_profile(
    "tipstaff", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tipstaff")

ROOT = Path(__file__).resolve().parent.parent
LONG = ("e2e", "browser")


def pytest_configure(config: pytest.Config) -> None:
    """Each worker has a part of the ports: else one could take another's while its server is down."""
    given: dict[str, Any] | None = getattr(config, "workerinput", None)
    if given is not None:
        count = (ports.HIGHEST - ports.LOWEST + 1) // int(given["workercount"])
        ports.LOWEST += int(given["workerid"].removeprefix("gw")) * count
        ports.HIGHEST = ports.LOWEST + count - 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first, so that no worker is left with one of them when the others have ended.

    Those of one folder mostly wait, those of the other mostly reckon: in turn, both are done at the same time.
    """
    files: dict[str, dict[Path, int]] = defaultdict(dict)

    def rank(item: pytest.Item) -> tuple[bool, int]:
        folder = item.path.parent.name
        if folder not in LONG:
            return True, 0
        return False, files[folder].setdefault(item.path, len(files[folder]))

    items.sort(key=rank)


@pytest.fixture(scope="session")
def console() -> None:
    """The console as its sources are now."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    hook.build()
