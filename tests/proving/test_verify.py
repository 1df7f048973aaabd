"""`tipstaff verify`: every way in which evidence can be spoiled has its name, and whole evidence has none."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from recorded import Recorder, stamp

from gateway.errors import EvidenceUnreadable
from gateway.evidence.proof import Verdict, judge
from gateway.evidence.proof_files import gather
from protocol.manifest import CUT, LAST, PRE_EVENT, Manifest
from protocol.media import segment_name
from protocol.records import Stamp

UNKNOWN = Stamp(utc_s=0, utc_ms=0, quality=0, mono_ms=0, boot=0)
TIPSTAFF = Path(sysconfig.get_path("scripts")) / "tipstaff"


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    """Two recordings of one unit: three segments, then two."""
    made = Recorder(tmp_path / "evidence")
    (made.folder / "MZ2534.pem").write_bytes(made.pem)
    made.record(0xA1, 3)
    made.mono_ms += 60_000
    made.record(0xB2, 2)
    return made


def faults(recorder: Recorder, **options: bool) -> dict[str, list[str]]:
    """The codes of what is wrong, by segment."""
    verdicts: list[Verdict] = judge(gather(recorder.folder), **options)
    return {verdict.name: [fault.code for fault in verdict.faults] for verdict in verdicts if verdict.faults}


def changed(one: Stamp, **values: int) -> Stamp:
    return Stamp(**{name: getattr(one, name) for name, *_ in Stamp.ITEMS} | values)


def name(recorder: Recorder, at: int) -> str:
    return segment_name(recorder.sealed[at].segment)


def test_whole_evidence_has_no_fault(recorder: Recorder) -> None:
    assert faults(recorder) == {} and faults(recorder, complete=True) == {}


def test_any_flipped_byte_of_any_segment_is_found(recorder: Recorder) -> None:
    path = recorder.path(1)
    data = path.read_bytes()
    for at in range(0, len(data), 37):
        changed = bytearray(data)
        changed[at] ^= 1
        path.write_bytes(changed)
        assert faults(recorder) == {name(recorder, 1): ["changed"]}


def test_any_flipped_byte_of_a_manifest_is_found(recorder: Recorder) -> None:
    path = recorder.path(1, ".manifest")
    data = path.read_bytes()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        path.write_bytes(changed)
        assert faults(recorder), f"byte {at}"


def cut_file(recorder: Recorder) -> None:
    recorder.path(1).write_bytes(recorder.path(1).read_bytes()[:-100])


def lengthen_file(recorder: Recorder) -> None:
    recorder.path(1).write_bytes(recorder.path(1).read_bytes() + b"x")


def lose_file(recorder: Recorder) -> None:
    recorder.path(1).unlink()


def lose_segment(recorder: Recorder) -> None:
    recorder.path(1).unlink()
    recorder.path(1, ".manifest").unlink()


def lose_first(recorder: Recorder) -> None:
    recorder.path(0).unlink()
    recorder.path(0, ".manifest").unlink()


def lose_tail(recorder: Recorder) -> None:
    recorder.path(4).unlink()
    recorder.path(4, ".manifest").unlink()


def add_file(recorder: Recorder) -> None:
    shutil.copy(recorder.path(1), recorder.folder / "00000000000000a1-9.mkv")


def double_file(recorder: Recorder) -> None:
    (recorder.folder / "x").mkdir()
    shutil.copy(recorder.path(1), recorder.folder / "x")


def swap_files(recorder: Recorder) -> None:
    one, other = recorder.path(0).read_bytes(), recorder.path(1).read_bytes()
    recorder.path(0).write_bytes(other)
    recorder.path(1).write_bytes(one)


def spoil_manifest(recorder: Recorder) -> None:
    recorder.path(1, ".manifest").write_bytes(b"\xa0")


SPOILED: list[tuple[Callable[[Recorder], None], dict[int | str, list[str]]]] = [
    (cut_file, {1: ["cut_tail"]}),
    (lengthen_file, {1: ["longer"]}),
    (lose_file, {1: ["missing"]}),
    (lose_segment, {2: ["missing_before", "missing_before"]}),
    (lose_first, {1: ["missing_before"]}),
    (lose_tail, {3: ["no_end"]}),
    (add_file, {"00000000000000a1-9": ["added"]}),
    (swap_files, {0: ["reordered"], 1: ["reordered"]}),
]


@pytest.mark.parametrize("spoil, expected", SPOILED, ids=lambda one: getattr(one, "__name__", ""))
def test_spoiled_evidence_is_named(
    recorder: Recorder, spoil: Callable[[Recorder], None], expected: dict[int | str, list[str]]
) -> None:
    spoil(recorder)
    named = {name(recorder, at) if isinstance(at, int) else at: codes for at, codes in expected.items()}
    assert faults(recorder) == named


def test_second_file_of_a_name_is_told(recorder: Recorder) -> None:
    double_file(recorder)
    assert list(faults(recorder).values()) == [["doubled"]]


def test_manifest_that_is_none_is_told_and_its_segment_is_missed(recorder: Recorder) -> None:
    spoil_manifest(recorder)
    found = faults(recorder)
    assert found[recorder.path(1, ".manifest").name] == ["unreadable"]
    assert found[name(recorder, 1)] == ["added"] and "missing_before" in found[name(recorder, 2)]


def test_recording_that_was_left_out_is_a_fault_only_of_the_whole(recorder: Recorder) -> None:
    for at in range(3):
        recorder.path(at).unlink()
        recorder.path(at, ".manifest").unlink()
    assert faults(recorder) == {}
    assert faults(recorder, complete=True) == {name(recorder, 3): ["missing_before"]}


def test_segment_of_another_key_is_named_whether_it_lies_there_or_not(recorder: Recorder) -> None:
    forger = Recorder(recorder.folder, seed=2)
    forger.record(0xC3, 1)
    assert faults(recorder) == {name(forger, 0): ["wrong_key"]}
    (recorder.folder / "forger.pem").write_bytes(forger.pem)
    assert faults(recorder) == {}, "without a register's key every key that lies there is believed"
    trusted = {recorder.sealed[0].key_id: recorder.key.public_key()}
    codes = {v.name: [f.code for f in v.faults] for v in judge(gather(recorder.folder), trusted) if v.faults}
    assert codes == {name(forger, 0): ["wrong_key"]}


def test_forged_place_in_the_chain_is_named(recorder: Recorder) -> None:
    """Signed by the right key, as by somebody who has the unit, but not where the chain was."""
    recorder.seq, recorder.previous = 2, recorder.sealed[1].digest()
    recorder.seal(0xD4, 0, 4)
    codes = faults(recorder)
    assert any("added" in one for one in codes.values())
    path = recorder.path(2, ".manifest")
    changed = Manifest.decode(path.read_bytes())
    changed.previous = bytes(32)
    changed.signature = recorder.key.sign(changed.signed_bytes())
    path.write_bytes(changed.encode())
    assert any("chain_broken" in one for one in faults(recorder).values())


def test_clock_that_was_set_and_one_that_went_back_are_named(tmp_path: Path) -> None:
    stepped = Recorder(tmp_path / "stepped")
    (stepped.folder / "k.pem").write_bytes(stepped.pem)
    stepped.seal(1, 0, 0)
    stepped.ahead_ms = 3_600_000
    stepped.seal(1, 1, 4)
    assert faults(stepped) == {name(stepped, 1): ["clock_step"]}
    back = Recorder(tmp_path / "back")
    (back.folder / "k.pem").write_bytes(back.pem)
    back.seal(1, 0, 0)
    back.mono_ms = 100
    back.seal(1, 1, 4)
    assert faults(back) == {name(back, 1): ["overlap"]}


def test_segment_that_was_recovered_late_is_no_clock_that_went_back(tmp_path: Path) -> None:
    """A card comes back, or power: what was cut off is sealed after what was recorded meanwhile, in no order."""
    recorder = Recorder(tmp_path / "evidence")
    (recorder.folder / "k.pem").write_bytes(recorder.pem)
    for recording, mono_ms in ((1, 60_000), (2, 20_000), (3, 40_000)):
        recorder.mono_ms = mono_ms
        recorder.record(recording, 2)
    for recording in (4, 5):
        recorder.seal(recording, 0, CUT | LAST, first=UNKNOWN, last=UNKNOWN)
    assert faults(recorder) == {}


def test_recording_that_begins_with_what_another_one_has_is_no_fault(tmp_path: Path) -> None:
    """Stopped and begun again within half a minute: each has its time before the event."""
    recorder = Recorder(tmp_path / "evidence")
    (recorder.folder / "k.pem").write_bytes(recorder.pem)
    recorder.record(1, 3)
    recorder.mono_ms = 6000
    recorder.seal(2, 0, PRE_EVENT)
    recorder.seal(2, 1, LAST)
    assert faults(recorder) == {}


def test_clock_that_was_set_while_another_boot_was_sealed_is_named(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "evidence")
    (recorder.folder / "k.pem").write_bytes(recorder.pem)
    recorder.record(1, 1)
    recorder.seal(2, 0, CUT | LAST, first=stamp(90_000, boot=6), last=stamp(92_000, boot=6))
    recorder.ahead_ms = 60_000
    recorder.record(3, 1)
    assert faults(recorder)[name(recorder, 2)] == ["clock_step"]


def test_clock_that_was_set_back_while_the_unit_was_off_is_named(tmp_path: Path) -> None:
    """Whatever the order in which they were sealed; and of one that is not set nothing is said."""
    for by_ms, quality, expected in ((-60_000, 3, ["clock_step"]), (60_000, 3, []), (0, 0, [])):
        recorder = Recorder(tmp_path / f"{by_ms}")
        (recorder.folder / "k.pem").write_bytes(recorder.pem)
        unset = {} if quality else {"utc_s": 0, "utc_ms": 0}
        later = [
            changed(stamp(at, boot=8, ahead_ms=8000 + by_ms, quality=quality), **unset) for at in (0, 2000)
        ]
        recorder.seal(2, 0, LAST, first=later[0], last=later[1])
        recorder.record(1, 1)
        assert faults(recorder).get(name(recorder, 0), []) == expected


@pytest.mark.parametrize("utc_s", [1, 1_577_836_799, 4_102_444_800, 253_402_300_800, 2**53 - 1])
def test_date_that_cannot_be_is_named_and_shown_as_it_was_signed(tmp_path: Path, utc_s: int) -> None:
    """And not the recording after it, whose date can be."""
    recorder = Recorder(tmp_path / "evidence")
    at = [changed(stamp(mono_ms), utc_s=utc_s, utc_ms=0) for mono_ms in (5000, 6000)]
    recorder.seal(1, 0, LAST, first=at[0], last=at[1])
    recorder.seal(2, 0, LAST, first=stamp(7000, boot=8), last=stamp(9000, boot=8))
    shown = verify(str(recorder.folder), "--unit-key", f"MZ2534={recorder.public.hex()}")
    assert shown.returncode == 1 and shown.stdout.count("FAULT") == 1, shown.stdout + shown.stderr
    assert f"clock_wrong: its clock said UTC {utc_s} s, which is not between 2020 and 2100" in shown.stdout
    assert ("Z to " if utc_s < 253_402_300_800 else f"UTC {utc_s} s to UTC {utc_s} s") in shown.stdout


def test_manifest_that_lies_there_twice_is_one(recorder: Recorder) -> None:
    """On a card whose power failed between `.ok` and the removal of `.tip`."""
    manifest = recorder.path(1, ".manifest")
    for suffix in (".tip", ".ok"):
        manifest.with_suffix(suffix).write_bytes(manifest.read_bytes())
    assert faults(recorder) == {} and faults(recorder, complete=True) == {}


def add_to_manifest(recorder: Recorder) -> None:
    """A key of a later version, which is read over."""
    path = recorder.path(1, ".manifest")
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] + 1]) + data[1:] + b"\x18\x63\x00")


def test_what_was_added_to_a_manifest_is_named(recorder: Recorder) -> None:
    add_to_manifest(recorder)
    assert faults(recorder)[recorder.path(1, ".manifest").name] == ["unreadable"]


def test_file_that_is_no_key_is_named_and_disturbs_nobody_who_brings_the_key(recorder: Recorder) -> None:
    (recorder.folder / "ca.pem").write_bytes(b"-----BEGIN CERTIFICATE-----")
    assert faults(recorder) == {"ca.pem": ["unreadable"]}
    trusted = {recorder.sealed[0].key_id: recorder.key.public_key()}
    assert not any(one.faults for one in judge(gather(recorder.folder, with_keys=False), trusted))


def test_zip_is_read_as_it_is(recorder: Recorder, tmp_path: Path) -> None:
    archive = tmp_path / "evidence.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for path in recorder.folder.iterdir():
            made.write(path, f"deep/{path.name}")
    assert [verdict.faults for verdict in judge(gather(archive))] == [[]] * 5


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_evidence_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(EvidenceUnreadable):
        gather(path)
    with pytest.raises(EvidenceUnreadable):
        gather(tmp_path / "nothing")


def verify(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TIPSTAFF, "verify", *words], capture_output=True, text=True, timeout=60, check=False
    )


def test_command_names_the_segment_and_ends_with_its_status(recorder: Recorder, tmp_path: Path) -> None:
    key = recorder.public.hex()
    whole = verify(str(recorder.folder), "--unit-key", key)
    assert whole.returncode == 0 and whole.stdout.count("ok ") == 5 and "all of it holds" in whole.stdout
    swap_files(recorder)
    spoiled = verify(str(recorder.folder), "--unit-key", key, "--json")
    report = json.loads(spoiled.stdout)
    assert spoiled.returncode == 1 and report["ok"] is False and report["keys_from"] == "register"
    assert [one["segment"] for one in report["segments"] if not one["ok"]] == [
        name(recorder, 0),
        name(recorder, 1),
    ]
    (tmp_path / "nothing").mkdir()
    for words in (
        [str(tmp_path / "none")],
        [str(recorder.folder), "--unit-key", "zz"],
        [str(recorder.folder), "--unit-key", str(tmp_path / "nothing")],
    ):
        refused = verify(*words)
        assert refused.returncode == 2 and refused.stderr.count("\n") == 1, refused.stderr


def test_name_that_would_move_the_cursor_is_shown_as_it_is(recorder: Recorder) -> None:
    (recorder.folder / "x\x1b[2Aok\u202e.mkv").write_bytes(b"x")
    shown = verify(str(recorder.folder))
    assert shown.returncode == 1 and "x?[2Aok?" in shown.stdout and "\x1b" not in shown.stdout


def test_command_says_that_no_key_lies_there(recorder: Recorder) -> None:
    (recorder.folder / "MZ2534.pem").unlink()
    shown = verify(str(recorder.folder))
    assert shown.returncode == 1 and shown.stdout.count("which does not lie here") == 5
    assert "name the register's with --unit-key" in shown.stdout and "compare their ids" not in shown.stdout


def test_command_says_how_a_recording_ends(tmp_path: Path) -> None:
    """At the officer's will, or without power: then that is named, and is no fault; or it went on."""
    recorder = Recorder(tmp_path / "ends")
    recorder.record(0xA1, 2)
    recorder.seal(0xB2, 0, 0)
    recorder.seal(0xB2, 1, CUT | LAST)
    words = str(recorder.folder), "--unit-key", recorder.public.hex()
    shown = verify(*words)
    assert shown.returncode == 0 and shown.stdout.count("end of the recording") == 1
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "MZ2534.pem").write_bytes(recorder.pem)
    (tmp_path / "keys" / "other.pem").write_bytes(Recorder(tmp_path / "other", seed=2).pem)
    assert verify(words[0], "--unit-key", str(tmp_path / "keys")).stdout == shown.stdout
    assert shown.stdout.count("ended without power or card") == 1
    report = json.loads(verify(*words, "--json").stdout)
    assert [one["end"] for one in report["segments"]] == [None, "last", None, "cut"]


def test_openssl_and_sha256sum_agree_without_us(recorder: Recorder, tmp_path: Path) -> None:
    """What a court's own expert would do."""
    manifest = recorder.sealed[1]
    (tmp_path / "signed").write_bytes(manifest.signed_bytes())
    assert manifest.signature is not None
    (tmp_path / "signature").write_bytes(manifest.signature)
    checked = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(recorder.folder / "MZ2534.pem"), "-rawin",
         "-in", str(tmp_path / "signed"), "-sigfile", str(tmp_path / "signature")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verified Successfully" in checked.stdout, checked.stderr
    summed = subprocess.run(["sha256sum", str(recorder.path(1))], capture_output=True, text=True, check=True)
    assert summed.stdout.split()[0] == manifest.sha256.hex()
