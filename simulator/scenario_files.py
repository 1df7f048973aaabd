"""Reads scenarios from TOML, strictly: the first mistake is one clear error."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from simulator import scenario_keys as keys
from simulator.errors import NotFound, ScenarioError
from simulator.scenario import UNTIL, Expectation, Scenario, ScenarioUnit, Step
from simulator.scenario_keys import Key

FILE_LIMIT_BYTES = 256 * 1024
UNITS, ITEMS = 32, 500
DEFAULT_TIMEOUT_S = 120.0
Table = Mapping[str, object]


def shipped() -> list[str]:
    """Names of the scenarios in this package."""
    folder = resources.files("simulator") / "scenarios"
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_scenario(name: str) -> Scenario:
    """A scenario from a file, or a shipped one by its name. Raises NotFound or ScenarioError."""
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        try:
            with path.open("rb") as file:
                data = file.read(FILE_LIMIT_BYTES + 1)
        except OSError as error:
            raise NotFound(
                f"no scenario {name}: {error.strerror}; shipped ones are {', '.join(shipped())}"
            ) from None
        if len(data) > FILE_LIMIT_BYTES:
            raise ScenarioError(name, "file", f"larger than {FILE_LIMIT_BYTES} bytes")
        return parse_scenario(data, name)
    if name not in shipped():
        raise NotFound(f"no scenario {name!r}; shipped ones are {', '.join(shipped())}, or give a .toml file")
    return parse_scenario(
        (resources.files("simulator") / "scenarios" / f"{name}.toml").read_bytes(), f"{name}.toml"
    )


def parse_scenario(data: bytes, file: str) -> Scenario:
    """A scenario from the bytes of a TOML file. Raises ScenarioError naming file, key and what is allowed."""
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ScenarioError(file, "file", f"not TOML: {error}") from None
    tables = {name: _tables(document.pop(name, []), file, name) for name in keys.TABLES}
    top = _checked(document, keys.SCENARIO, file, "", other=keys.TABLES)
    units = tuple(_unit(table, file, f"unit[{n}]") for n, table in enumerate(tables["unit"]))
    names = tuple(unit.name for unit in units)
    if not 1 <= len(units) <= UNITS or len(set(names)) < len(names):
        raise ScenarioError(
            file, "unit", "wrong number of units, or a name twice", f"1 to {UNITS}, each its name"
        )
    given = [unit.unit_id for unit in units if unit.unit_id is not None]
    if len(set(given)) < len(given):
        raise ScenarioError(file, "unit", "a unit_id twice", "each unit its own")
    timeout_s = float(str(top.get("timeout_s", DEFAULT_TIMEOUT_S)))
    steps = tuple(_step(table, file, f"step[{n}]", names) for n, table in enumerate(tables["step"]))
    late = [step for step in steps if step.at_s >= timeout_s]
    if late:
        raise ScenarioError(
            file, "timeout_s", f"{late[0].step_id!r} comes after it", f"more than {late[0].at_s:g}"
        )
    ids = tuple(step.step_id for step in steps)
    doubled = sorted({step_id for step_id in ids if ids.count(step_id) > 1})
    if doubled:
        raise ScenarioError(file, "step", f"the id {doubled[0]!r} twice; give the steps an id each")
    expectations = tuple(_expect(t, file, f"expect[{n}]", names, ids) for n, t in enumerate(tables["expect"]))
    if not expectations:
        raise ScenarioError(file, "expect", "nothing is expected", "at least one [[expect]]")
    return Scenario(
        name=Path(file).stem,
        title=str(top["title"]),
        about=str(top.get("about", "")).strip(),
        timeout_s=timeout_s,
        units=units,
        steps=tuple(sorted(steps, key=lambda step: step.at_s)),
        expectations=expectations,
    )


def _tables(value: object, file: str, name: str) -> list[Table]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ScenarioError(file, name, "not a list of tables", f"[[{name}]]")
    if len(value) > ITEMS:
        raise ScenarioError(file, name, "too many", f"at most {ITEMS}")
    return value


def _checked(
    table: Table, allowed: Mapping[str, Key], file: str, where: str, other: tuple[str, ...] = ()
) -> dict[str, object]:
    """The checked values of a table. Raises ScenarioError for unknown, missing and wrong keys."""
    result = {}
    for name, value in table.items():
        if name not in allowed:
            near = difflib.get_close_matches(name, [*allowed, *other], 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ScenarioError(file, _at(where, name), f"unknown key{hint}", ", ".join([*allowed, *other]))
        result[name] = allowed[name].check(file, _at(where, name), value)
    for name, key in allowed.items():
        if key.required and name not in result:
            raise ScenarioError(file, _at(where, name), "missing", key.allowed)
    return result


def _at(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _unit(table: Table, file: str, where: str) -> ScenarioUnit:
    values = _checked(table, keys.UNIT, file, where)
    if "track" in values and "motion" in values:
        raise ScenarioError(file, f"{where}.track", "a track and a motion", "one of the two")
    return ScenarioUnit(**values)  # type: ignore[arg-type]  # checked against the same names and types


def _word(table: Table, name: str, words: Mapping[str, object], file: str, where: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or value not in words:
        problem = "missing" if value is None else f"{value!r} is unknown"
        raise ScenarioError(file, f"{where}.{name}", problem, ", ".join(words))
    return value


def _name(values: dict[str, object], key: str, names: tuple[str, ...], file: str, where: str) -> str:
    """Take the name of a unit or step out of `values`; it must be a known one."""
    value = str(values.pop(key))
    if value not in names:
        raise ScenarioError(file, f"{where}.{key}", f"{value!r} is not there", ", ".join(names) or "none")
    return value


def _step(table: Table, file: str, where: str, units: tuple[str, ...]) -> Step:
    do = _word(table, "do", keys.STEPS, file, where)
    values = _checked(table, {**keys.COMMON_STEP, **keys.STEPS[do]}, file, where)
    unit = _name(values, "unit", units, file, where) if "unit" in values else units[0]
    at_s = float(str(values.pop("at_s")))
    del values["do"]
    return Step(str(values.pop("id", do)), at_s, unit, do, MappingProxyType(values))


def _expect(
    table: Table, file: str, where: str, units: tuple[str, ...], steps: tuple[str, ...]
) -> Expectation:
    check = _word(table, "check", keys.EXPECTATIONS, file, where)
    values = _checked(table, {**keys.COMMON_EXPECT, **keys.EXPECTATIONS[check]}, file, where)
    unit = _name(values, "unit", units, file, where) if "unit" in values else units[0]
    after = _name(values, "after", steps, file, where) if "after" in values else ""
    if "until" in values:
        values["until"] = _name(values, "until", steps, file, where)
    if check in UNTIL and ("until" in values) == ("for_s" in values):
        raise ScenarioError(file, f"{where}.until", f"{check} needs an end", "either until or for_s")
    if check in ("incident", "unit") and len(values) < 3:
        wanted = ", ".join(key for key in keys.EXPECTATIONS[check] if key != "within_s")
        raise ScenarioError(file, where, "nothing is asked of it", wanted)
    del values["check"]
    within_s = float(str(values.pop("within_s", 0.0)))
    return Expectation(check, unit, after, within_s, MappingProxyType(values))
