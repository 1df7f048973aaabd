"""`tipstaff verify`: SHA256SUMS speaks of every file beneath it, and stands itself for the whole export."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from by_hand import checked_by_hand, summed_again
from recorded import Recorder
from test_verify import verify

from gateway.errors import EvidenceUnreadable
from gateway.evidence.derive import Master
from gateway.evidence.export import Order, export, export_to
from gateway.evidence.overlay import Overlay
from gateway.evidence.proof import judge
from gateway.evidence.proof_files import gather
from protocol.manifest import key_id
from protocol.media import segment_name

TALK = "incidents/I-1/talks/U1-7a1b000000000001.mkv"
LOG = "incidents/I-1/log.txt"
ATTACHED = ("incidents/I-1/files/1.pem", "incidents/I-1/files/1.manifest", "incidents/I-1/files/SHA256SUMS")


@pytest.fixture
def unit(tmp_path: Path) -> Recorder:
    """Two segments of one recording."""
    made = Recorder(tmp_path / "unit")
    made.record(0xA1, 2)
    return made


@pytest.fixture
def out(unit: Recorder, tmp_path: Path) -> Path:
    """An incident's export: with what was said, its log, and files that look like ours and are not."""
    masters = [Master(unit.path(at), manifest) for at, manifest in enumerate(unit.sealed)]
    files = {TALK: b"said", LOG: b"log\n", **dict.fromkeys(ATTACHED, b"attached")}
    made = tmp_path / "out"
    order = Order(
        "I-1", masters, {key_id(unit.public): unit.public}, "林静", 1_795_486_400_000,
        copies=False, files=files,
    )  # fmt: skip
    export(order, made, Overlay())
    return made


def faults(path: Path) -> dict[str, list[str]]:
    """The codes of what is wrong, by name."""
    return {one.name: [fault.code for fault in one.faults] for one in judge(gather(path)) if one.faults}


def stem(unit: Recorder, at: int) -> str:
    return f"recordings/00000000000000a1/{segment_name(unit.sealed[at].segment)}"


def test_whole_export_has_no_fault(out: Path) -> None:
    assert faults(out) == {} and gather(out).unchecked == []


@pytest.mark.parametrize(
    "name", ["notes.txt", "keys/notes", "recordings/x.signed", "report.HTML", TALK + ".txt"]
)
def test_file_that_the_sums_do_not_name_is_added(out: Path, name: str) -> None:
    (out / name).write_text("of whoever had it")
    assert faults(out) == {name: ["added"]}
    shown = verify(str(out))
    assert shown.returncode == 1 and "added: SHA256SUMS does not name it" in shown.stdout
    assert "2 segments, 0 with faults; other files with faults: 1." in shown.stdout
    assert f"{name}: SHA256SUMS does not name it" in checked_by_hand(out)


def test_segment_that_was_added_with_its_manifest_is_named(unit: Recorder, out: Path) -> None:
    """By whoever has the unit: signed and chained as it should be."""
    for at in range(2):
        for suffix in (".mkv", ".manifest"):
            (out / f"{stem(unit, at)}{suffix}").unlink()
    summed_again(out)
    for at in range(2):
        shutil.copy(unit.path(at), out / f"{stem(unit, at)}.mkv")
        shutil.copy(unit.path(at, ".manifest"), out / f"{stem(unit, at)}.manifest")
    names = [segment_name(one.segment) for one in unit.sealed]
    manifests = [f"{stem(unit, at)}.manifest" for at in range(2)]
    assert faults(out) == {key: ["added"] for key in [*names, *manifests]}


@pytest.mark.parametrize("suffix", [".mkv", ".manifest", ".signed", ".signature"])
def test_recording_that_was_taken_out_is_missed_by_the_sums(unit: Recorder, out: Path, suffix: str) -> None:
    """A chain may begin and end anywhere; what the sums name is here or it is not."""
    shutil.copytree(out / "recordings", out.parent / "kept")
    extra = Recorder(out.parent / "extra", seed=2)
    extra.record(0xB2, 1)
    shutil.rmtree(out / "recordings" / "00000000000000a1")
    shutil.copytree(extra.folder, out / "recordings" / "00000000000000b2")
    assert faults(out)[stem(unit, 0) + suffix] == ["missing"]


def test_file_that_is_missing_is_told_once(unit: Recorder, out: Path) -> None:
    (out / f"{stem(unit, 0)}.mkv").unlink()
    (out / TALK).unlink()
    assert faults(out) == {segment_name(unit.sealed[0].segment): ["missing"], TALK: ["missing"]}


def test_file_that_was_changed_is_told_once(unit: Recorder, out: Path) -> None:
    (out / f"{stem(unit, 0)}.mkv").write_bytes(b"another")
    (out / TALK).write_bytes(b"another")
    assert faults(out) == {segment_name(unit.sealed[0].segment): ["cut_tail"], TALK: ["changed"]}


def test_key_that_was_exchanged_with_all_that_it_signed_is_named_by_the_sums(
    unit: Recorder, out: Path
) -> None:
    forger = Recorder(out.parent / "forger", seed=2)
    forger.record(0xA1, 2)
    (key,) = (out / "keys").glob("*.pem")
    key.unlink()
    (out / "keys" / f"MZ2534-{key_id(forger.public).hex()}.pem").write_bytes(forger.pem)
    for at in range(2):
        for suffix in (".mkv", ".manifest"):
            shutil.copy(forger.path(at, suffix), out / f"{stem(unit, at)}{suffix}")
    found = faults(out)
    assert found[f"keys/{key.name}"] == ["missing"] and found[f"{stem(unit, 0)}.manifest"] == ["changed"]
    assert found[segment_name(unit.sealed[0].segment)] == ["changed"]


def test_suffix_of_another_case_is_the_same(unit: Recorder) -> None:
    """As a card that others wrote has them."""
    for path in sorted(unit.folder.iterdir()):
        path.rename(path.with_name(path.stem + path.suffix.upper()))
    (unit.folder / "K.PEM").write_bytes(unit.pem)
    assert faults(unit.folder) == {}
    (unit.folder / "X.MKV").write_bytes(b"x")
    assert faults(unit.folder) == {"X": ["added"]}
    register = unit.folder.parent / "register"
    register.mkdir()
    (register / "K.PEM").write_bytes(unit.pem)
    assert verify(str(unit.folder), "--unit-key", str(register)).returncode == 1


def below(out: Path) -> Path:
    """Unpacked into a folder of folders."""
    top = out.parent / "case" / "of" / "today"
    shutil.copytree(out, top / "export")
    return out.parent / "case"


def zipped(out: Path, name: Callable[[str], str]) -> Path:
    path = out.parent / "again.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for one in sorted(out.rglob("*")):
            if one.is_file():
                made.writestr(name(one.relative_to(out).as_posix()), one.read_bytes())
    return path


PACKED: dict[str, Callable[[Path], Path]] = {
    "in folders": below,
    "beneath a top folder": lambda out: zipped(out, lambda name: f"export/{name}"),
    "beneath a dot": lambda out: zipped(out, lambda name: f"./{name}"),
    "by old Windows": lambda out: zipped(out, lambda name: f"export/{name}".replace("/", "\\")),
}


@pytest.mark.parametrize("how", PACKED)
def test_export_that_was_packed_again_has_no_fault(out: Path, how: str) -> None:
    packed = PACKED[how](out)
    assert faults(packed) == {} and gather(packed).unchecked == []
    (out / LOG).write_text("another\n")
    (out / "notes.txt").write_text("of whoever had it")
    shutil.rmtree(packed) if packed.is_dir() else packed.unlink()
    found = faults(PACKED[how](out))
    assert sorted(one for codes in found.values() for one in codes) == ["added", "changed"]


def test_exports_in_one_folder_are_each_checked_by_their_own_sums(out: Path) -> None:
    root = out.parent / "all"
    for name in ("a", "b"):
        shutil.copytree(out, root / name)
    (root / "letter.txt").write_text("of the clerk")
    assert faults(root) == {} and gather(root).unchecked == ["letter.txt"]
    shown = verify(str(root)).stdout
    assert "Files that no SHA256SUMS speaks of, and that were not checked: 1." in shown
    (root / "b" / LOG).write_text("another\n")
    assert faults(root) == {f"b/{LOG}": ["changed"]}


def test_too_many_or_too_long_sums_are_refused(unit: Recorder) -> None:
    for number in range(101):
        (unit.folder / f"{number}").mkdir()
        (unit.folder / f"{number}" / "SHA256SUMS").touch()
    with pytest.raises(EvidenceUnreadable, match="more than 100 exports"):
        gather(unit.folder)


def test_zip_that_has_a_file_twice_is_told(out: Path) -> None:
    packed = zipped(out, lambda name: name)
    with zipfile.ZipFile(packed, "a") as made, pytest.warns(UserWarning, match="Duplicate name"):
        made.writestr(LOG, b"log\n")
    assert faults(packed) == {LOG: ["doubled"]}


def test_zip_that_is_spoiled_within_is_one_clear_error(out: Path) -> None:
    packed = zipped(out, lambda name: name)
    data = bytearray(packed.read_bytes())
    at = data.index(b"report.html") + 20
    data[at : at + 200] = b"\xff" * 200
    packed.write_bytes(data)
    refused = verify(str(packed))
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1


def test_without_sums_it_is_said_that_nothing_but_segments_was_checked(unit: Recorder) -> None:
    (unit.folder / "journal").write_text("of the card")
    shown = verify(str(unit.folder), "--unit-key", unit.public.hex())
    assert shown.returncode == 0
    assert "No SHA256SUMS lies here: segments and their manifests were checked" in shown.stdout
    assert "not checked: 1." in shown.stdout
    report = json.loads(verify(str(unit.folder), "--unit-key", unit.public.hex(), "--json").stdout)
    assert report["sums"] == [] and report["unchecked"] == 1


def test_command_says_what_stands_for_the_whole_and_compares_it(unit: Recorder, out: Path) -> None:
    """Somebody who makes the sums fit is found by the audit alone."""
    sums = hashlib.sha256((out / "SHA256SUMS").read_bytes()).hexdigest()
    shown = verify(str(out))
    assert shown.returncode == 0 and f"SHA256SUMS is {sums}" in shown.stdout and "audit" in shown.stdout
    told = verify(str(out), "--sums", sums.upper(), "--json")
    report = json.loads(told.stdout)
    assert told.returncode == 0 and report["sums"] == [{"file": "SHA256SUMS", "sha256": sums}]
    assert "as --sums says" in verify(str(out), "--sums", sums).stdout
    (out / LOG).write_text("another\n")
    summed_again(out)
    assert verify(str(out)).returncode == 0
    spoiled = verify(str(out), "--sums", sums)
    assert spoiled.returncode == 1 and "not the one that it should have" in spoiled.stdout
    assert verify(str(unit.folder), "--unit-key", unit.public.hex(), "--sums", sums).returncode == 1
    assert verify(str(out), "--sums", "abc").returncode == 2


def test_disclosure_copy_is_checked_by_the_sum_of_its_sums_alone(unit: Recorder, tmp_path: Path) -> None:
    """It has no segment, and what has none may have been robbed of them."""
    masters = [Master(unit.path(at), manifest) for at, manifest in enumerate(unit.sealed)]
    order = Order("I-1", masters, {}, "林静", 1_795_486_400_000, disclosure=True)
    copy = tmp_path / "copy.zip"
    sums = export_to(order, copy, Overlay()).sums.hex()
    asked = verify(str(copy))
    assert asked.returncode == 2 and "name the SHA-256 of its SHA256SUMS" in asked.stderr
    named = verify(str(copy), "--sums", sums)
    assert named.returncode == 0 and named.stdout.startswith("No segments; all of it holds.\n")
    assert "unit's key" not in named.stdout
    assert verify(str(copy), "--sums", "0" * 64).returncode == 1


def test_what_lies_deeper_than_anybody_puts_it_and_sums_of_everything_are_bounded(tmp_path: Path) -> None:
    """Sixty-four thousand characters of folders, and a list of a million files, in a zip of some kilobytes each."""
    deep, long = tmp_path / "deep.zip", tmp_path / "long.zip"
    with zipfile.ZipFile(deep, "w") as archive:
        for number in range(200):
            archive.writestr("a/" * 32_000 + str(number), b"")
        archive.writestr("a/" * 32_000 + "SHA256SUMS", b"")
    assert len(gather(deep).others) == 200
    with zipfile.ZipFile(long, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("SHA256SUMS", "".join(f"  {number}\n" for number in range(1_000_000)))
    with pytest.raises(EvidenceUnreadable, match="names more than 200,000 files"):
        gather(long)


def test_what_a_mac_or_windows_leaves_is_counted_and_no_fault(
    out: Path, unit: Recorder, tmp_path: Path
) -> None:
    """In an export, in a zip that the Finder made of it, and on a card."""
    left = ["._report.html", ".DS_Store", "keys/desktop.ini", "recordings/Thumbs.db"]
    for name in left:
        (out / name).write_bytes(b"\0\5\x16\7")
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(out.rglob("*")):
            if file.is_file():
                name = f"out/{file.relative_to(out).as_posix()}"
                archive.write(file, name)
                archive.writestr(f"__MACOSX/{name.rpartition('/')[0]}/._{file.name}", b"\0\5\x16\7")
    assert faults(out) == faults(packed) == {}
    assert len(gather(out).unchecked) == 4 and len(gather(packed).unchecked) > 20
    (unit.folder / f"._{segment_name(unit.sealed[0].segment)}.mkv").write_bytes(b"\0\5\x16\7")
    assert len(gather(unit.folder).segments) == 2
    # Hidden behind such a name it is a file like any when the sums name it.
    (out / ".DS_Store").unlink()
    summed_again(out)
    (out / "._report.html").write_bytes(b"another")
    assert faults(out)["._report.html"] == ["changed"]


@pytest.mark.parametrize("kind", ["lzma", "a name that is no text", "unknown"])
def test_zip_that_is_spoiled_is_one_clear_error(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "spoiled.zip"
    packing = zipfile.ZIP_LZMA if kind == "lzma" else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("é-0.mkv", bytes(50_000))
    data = bytearray(path.read_bytes())
    if kind == "lzma":
        data[60:90] = bytes(byte ^ 0x5A for byte in data[60:90])
    elif kind == "unknown":
        data = data.replace(b"\x14\0\0\x08\0\0", b"\x14\0\0\x08\x50\0")
    else:
        data = data.replace("é".encode(), b"\xff\xfe")
    path.write_bytes(data)
    told = verify(str(path))
    assert told.returncode == 2 and told.stderr.count("\n") == 1 and "Traceback" not in told.stderr, (
        told.stderr
    )
