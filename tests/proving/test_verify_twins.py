"""`tipstaff verify`: a file is its manifest's by what is in it, wherever it lies and whoever chose the same name."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from by_hand import checked_by_hand, summed_again
from recorded import Recorder
from test_verify_owner import exported

from gateway.evidence.proof import Verdict, judge
from gateway.evidence.proof_files import gather

ONE, OTHER = "MZ2534", "MZ9999"


@pytest.fixture
def twins(tmp_path: Path) -> tuple[Recorder, Recorder]:
    """Two units that gave a recording the same id, one hours after the other: three segments and two."""
    one = Recorder(tmp_path / "evidence" / ONE)
    other = Recorder(tmp_path / "evidence" / OTHER, seed=2, unit=OTHER, mono_ms=9_000_000)
    for recorder, count in ((one, 3), (other, 2)):
        recorder.record(0xA1, count)
        (recorder.folder / "k.pem").write_bytes(recorder.pem)
    return one, other


def faults(folder: Path) -> dict[tuple[str | None, str], list[str]]:
    """The codes of what is wrong, by unit and name."""
    verdicts: list[Verdict] = judge(gather(folder))
    return {
        (one.manifest.unit if one.manifest else None, one.name): [fault.code for fault in one.faults]
        for one in verdicts
        if one.faults
    }


def change(one: Recorder, other: Recorder) -> None:
    data = other.path(0).read_bytes()
    other.path(0).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def cut(one: Recorder, other: Recorder) -> None:
    other.path(0).write_bytes(other.path(0).read_bytes()[:-9])


def lose(one: Recorder, other: Recorder) -> None:
    other.path(0).unlink()


def exchange(one: Recorder, other: Recorder) -> None:
    shutil.copy(one.path(0), other.path(0))


SPOILED: list[tuple[Callable[[Recorder, Recorder], None], str]] = [
    (change, "changed"),
    (cut, "cut_tail"),
    (lose, "missing"),
    (exchange, "reordered"),
]


def test_twins_have_no_fault_wherever_their_files_lie(twins: tuple[Recorder, Recorder]) -> None:
    root = twins[0].folder.parent
    assert faults(root) == {}
    for number, path in enumerate(sorted(root.rglob("*.mkv"))):
        (root / f"{number}").mkdir()
        path.rename(root / f"{number}" / path.name)
    assert faults(root) == {}


@pytest.mark.parametrize(("spoil", "code"), SPOILED, ids=lambda one: getattr(one, "__name__", ""))
@pytest.mark.parametrize("turned", [False, True])
def test_twin_whose_file_was_spoiled_is_named_and_no_other(
    twins: tuple[Recorder, Recorder], spoil: Callable[[Recorder, Recorder], None], code: str, turned: bool
) -> None:
    one, other = twins[::-1] if turned else twins
    spoil(one, other)
    assert faults(one.folder.parent) == {(other.unit, other.path(0).stem): [code]}


def test_twins_that_were_exchanged_are_named_by_their_units(twins: tuple[Recorder, Recorder]) -> None:
    """Each is what a manifest says, and lies where the other one should: nothing was lost."""
    one, other = twins
    data = one.path(0).read_bytes(), other.path(0).read_bytes()
    one.path(0).write_bytes(data[1])
    other.path(0).write_bytes(data[0])
    assert faults(one.folder.parent) == {}
    shutil.copy(one.path(0), other.path(0))
    (spoiled,) = (one for one in judge(gather(one.folder.parent)) if one.faults)
    assert spoiled.manifest is not None and spoiled.manifest.unit == ONE
    assert spoiled.faults[0].message == f"the file has the bytes of segment {other.path(0).stem} of {OTHER}"


def test_false_file_beside_the_manifest_is_named_when_the_true_one_lies_elsewhere(
    twins: tuple[Recorder, Recorder],
) -> None:
    one, _ = twins
    (one.folder / "x").mkdir()
    shutil.copy(one.path(0), one.folder / "x")
    one.path(0).write_bytes(b"another")
    false = f"{ONE}/{one.path(0).name}"
    assert faults(one.folder.parent) == {(None, false): ["doubled"]}


def test_same_evidence_twice_is_no_fault_and_a_file_without_its_manifest_is(
    twins: tuple[Recorder, Recorder],
) -> None:
    """As two exports in one folder have it."""
    one, _ = twins
    root = one.folder.parent
    shutil.copytree(one.folder, root / "again")
    assert faults(root) == {}
    (root / "again" / one.path(1, ".manifest").name).unlink()
    assert faults(root) == {(None, f"again/{one.path(1).name}"): ["doubled"]}


def test_page_of_an_export_takes_a_recording_that_lies_in_a_folder_of_its_unit(
    twins: tuple[Recorder, Recorder], tmp_path: Path
) -> None:
    """As twins have to: recordings/UNIT-RECORDING."""
    one, _ = twins
    out = tmp_path / "out"
    exported(one, out)
    plain, own = "recordings/00000000000000a1", f"recordings/{ONE}-00000000000000a1"
    (out / plain).rename(out / own)
    for path in (out / "chain.txt", out / "keys" / "signed.txt"):
        path.write_text(path.read_text().replace(plain, own))
    summed_again(out)
    said = checked_by_hand(out)
    assert "chain: done" in said and not [line for line in said if "recordings/" in line]
    assert faults(out) == {}
