"""Collects `mp_*.py`: tests that run under the real MicroPython interpreter.

Each `test_*` function at the top level of such a file (async ones too) is one pytest item. A file is run
once, in an interpreter of its own with a 512 KiB heap, for the functions that were selected. A file may set
`TIMEOUT_S = <seconds>` (default 280), and `RING_KIB = <KiB>` for what the unit keeps besides its heap. A file of
several tests gets 160 KiB more: a unit boots once in its heap, but here the next one boots while the collector, which
reads the stack word by word, may still find the one before. A run that dies, hangs or leaves a function without a
result fails.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
DEFAULT_TIMEOUT_S = 280.0
HEAP_KIB = 512
BEFORE_KIB = 160


def interpreter() -> str:
    """Path of the MicroPython executable of this environment; LookupError when it is not installed."""
    found = shutil.which("micropython", path=sysconfig.get_path("scripts")) or shutil.which("micropython")
    if found is None:
        raise LookupError("no micropython executable: install the project's test dependencies")
    return found


class Failure(Exception):
    """A test function failed under MicroPython; the text is what the interpreter said."""


class Run:
    """One run of one file: its results by function name and whatever else it said."""

    def __init__(self, path: Path, names: list[str], timeout_s: float, ring_kib: int) -> None:
        self.results: dict[str, tuple[bool, str]] = {}
        self.fate = ""
        with tempfile.TemporaryDirectory(prefix="tipstaff-mp-") as home:
            self._run(path, names, timeout_s, ring_kib, Path(home))

    def _run(self, path: Path, names: list[str], timeout_s: float, ring_kib: int, home: Path) -> None:
        results = home / "results.jsonl"
        environment = dict(os.environ, TIPSTAFF_TMP=str(home))
        environment["MICROPYPATH"] = f".frozen:{REPO / 'firmware'}:{REPO}"
        heap_kib = HEAP_KIB + ring_kib + (BEFORE_KIB if len(names) > 1 else 0)
        command = [interpreter(), "-X", f"heapsize={heap_kib}k", str(HERE / "interpreter.py")]
        try:
            ended = subprocess.run(
                [*command, str(results), str(path), *names],
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                check=False,
            )
            output, code = ended.stdout, ended.returncode
            if code != 0:
                self.fate = f"the interpreter ended with {code}"
        except subprocess.TimeoutExpired as expired:
            output = expired.stdout or b""
            self.fate = f"no end within {timeout_s:g} s"
        self.output = output.decode(errors="replace")
        if results.exists():
            for line in results.read_text(encoding="utf-8", errors="replace").splitlines():
                outcome = json.loads(line)
                self.results[outcome["name"]] = (bool(outcome["ok"]), str(outcome["report"]))

    def judge(self, name: str) -> None:
        """Raises Failure unless the function passed and the interpreter ended well."""
        ok, report = self.results.get(name, (False, "no result: the run ended before this test did"))
        if not ok or self.fate:
            parts = (report.rstrip(), self.fate, self.output.rstrip())
            raise Failure("\n".join(part for part in parts if part))


class MicroPythonFile(pytest.File):
    """One mp_*.py; knows its functions by its syntax tree, runs when the first of them is due."""

    ran: Run | None = None
    timeout_s = DEFAULT_TIMEOUT_S
    ring_kib = 0

    def collect(self) -> Iterator[pytest.Item]:
        tree = ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))
        functions = []
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                functions.append(node)
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TIMEOUT_S":
                self.timeout_s = float(ast.literal_eval(node.value))
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "RING_KIB":
                self.ring_kib = int(ast.literal_eval(node.value))
        if not functions:
            raise self.CollectError(f"{self.path} has no test functions")
        for function in functions:
            yield MicroPythonItem.from_parent(self, name=function.name, line=function.lineno)

    def run_of(self, session: pytest.Session) -> Run:
        """The run of all selected functions of this file, done once."""
        if self.ran is None:
            names = [item.name for item in session.items if item.parent is self]
            self.ran = Run(self.path, names, self.timeout_s, self.ring_kib)
        return self.ran


class MicroPythonItem(pytest.Item):
    """One test function of a MicroPythonFile."""

    def __init__(self, *, line: int, **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type]
        self.line = line
        assert isinstance(self.parent, MicroPythonFile)
        # Whichever item comes first waits for the whole file.
        self.add_marker(pytest.mark.timeout(self.parent.timeout_s + 20))

    def runtest(self) -> None:
        assert isinstance(self.parent, MicroPythonFile)
        self.parent.run_of(self.session).judge(self.name)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        if isinstance(excinfo.value, Failure):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line - 1, self.name


def is_micropython(path: Path) -> bool:
    return path.suffix == ".py" and path.name.startswith("mp_")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> MicroPythonFile | None:
    """Collects the files of a folder; one named on the command line comes by the hook below."""
    if is_micropython(file_path) and not parent.session.isinitpath(file_path):
        return MicroPythonFile.from_parent(parent, path=file_path)
    return None


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> MicroPythonFile | None:
    """Keeps pytest from importing an mp_ file that is named on the command line into CPython."""
    if is_micropython(module_path):
        return MicroPythonFile.from_parent(parent, path=module_path)
    return None
