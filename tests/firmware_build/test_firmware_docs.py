"""docs/firmware.md says what the code says: settings, patterns, pins."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
PAGE = (REPO / "docs" / "firmware.md").read_text("utf-8")


def constants(path: str) -> dict[str, Any]:
    """What a MicroPython file of nothing but constants defines."""
    names: dict[str, Any] = {}
    exec(compile((REPO / "firmware" / path).read_text("utf-8"), path, "exec"), names)
    return names


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table with three columns or more under a heading."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    end = next((i for i in range(1, len(lines)) if lines[i].startswith("| part")), len(lines))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:end]]


def test_every_setting_is_described_with_its_bounds_and_default() -> None:
    table = constants("store/settings_table.py")
    unit = (REPO / "firmware/bodyunit/commands.py").read_text("utf-8")
    found = re.search(r"CHANGEABLE = (\(.*?\n\))", unit, re.DOTALL)
    assert found
    changeable = ast.literal_eval(found.group(1))
    described = {row[0].strip("`"): row for row in rows("Settings")}
    assert list(described) == list(table["TABLE"])
    for name, (kind, lowest, highest, default, what) in table["TABLE"].items():
        _, allowed, said_default, afar, said = described[name]
        assert said == what
        assert afar == ("yes" if name in changeable else "no")
        if kind == table["INT"]:
            assert (allowed, said_default) == (f"{lowest} to {highest}", str(default))


def test_every_pattern_is_described_with_its_pulses() -> None:
    patterns = constants("drivers/motor.py")["PATTERNS"]
    described = {row[0].strip("`"): row[1] for row in rows("What is felt")}
    assert set(described) == set(patterns)
    for name, pulses_ms in patterns.items():
        assert [int(number) for number in re.findall(r"\d+", described[name])] == list(pulses_ms)


def test_every_pin_is_in_the_wiring_and_none_is_used_twice() -> None:
    pins = constants("boards/esp32s3/pins.py")
    not_pins = ("DIVIDER", "MOTOR_HZ", "GNSS_UART", "GNSS_BAUD", "MODEM_UART", "MODEM_BAUD", "CAMERA_XCLK_HZ")
    wanted = {name: value for name, value in pins.items() if name.isupper() and name not in not_pins}
    assert {row[0]: int(row[1]) for row in rows("Wiring")} == wanted
    camera = {15, 4, 5, 6, 7, 13, 11, 9, 8, 10, 12, 18, 17, 16}
    used = list(wanted.values())
    assert len(set(used)) == len(used)
    assert not set(used) & (camera | set(range(26, 38)) | {19, 20})
    # These decide how the chip starts; the pins of microphone and amplifier pull nothing then.
    starting = {name for name, pin in wanted.items() if pin in {0, 3, 45, 46}}
    assert starting == {"MIC_SCK", "MIC_WS", "MIC_SD", "SPEAKER_SD"}
