"""The unit's code fits the real API of the ESP32-S3 port, by the type stubs of that very version.

The stubs shadow the standard library of CPython, so they are kept out of the environment, in a folder of their
own: `pip install --target .venv/esp32s3-stubs micropython-esp32-esp32_generic_s3-stubs==1.29.0.post1`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
STUBS = "micropython-esp32-esp32_generic_s3-stubs==1.29.0.post1"
CHECKED = ("main.py", "boards", "bodyunit")


def stubs() -> Path:
    """Where the stubs are; `make` puts them there."""
    folder = Path(os.environ.get("TIPSTAFF_ESP32S3_STUBS") or Path(sys.prefix) / "esp32s3-stubs")
    assert (folder / "machine.pyi").is_file(), (
        f"no type stubs of the ESP32-S3 in {folder}: "
        f"{Path(sys.executable).parent}/pip install --target {folder} {STUBS}"
    )
    return folder


def check(code: list[str], tmp_path: Path, cwd: Path) -> list[str]:
    """Errors that mypy finds in `code`; those inside the stubs themselves are left out."""
    folder = stubs()
    command = [
        *(sys.executable, "-m", "mypy", "--custom-typeshed-dir", str(folder), "--no-site-packages"),
        *("--config-file=", "--python-version", "3.11", "--check-untyped-defs", "--follow-imports=silent"),
        *("--explicit-package-bases", "--no-error-summary", "--show-absolute-path"),
        *("--cache-dir", str(tmp_path / "mypy"), *code),
    ]
    environment = dict(os.environ, MYPYPATH=f"{folder}:{REPO / 'firmware'}:{REPO}")
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if ": error:" in line and str(folder) not in line]


def test_unit_fits_the_api_of_the_esp32s3(tmp_path: Path) -> None:
    assert check(list(CHECKED), tmp_path, REPO / "firmware") == []


def test_wrong_use_of_the_api_is_found(tmp_path: Path) -> None:
    """The check checks: a pin that is asked for something it cannot do is an error."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from machine import Pin, WDT\nPin(4).vibrate()\nWDT(timeout='long')\n", "utf-8")
    found = check([str(wrong)], tmp_path, tmp_path)
    assert len(found) == 2 and "vibrate" in found[0]
