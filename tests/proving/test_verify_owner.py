"""`tipstaff verify`: a key is one unit's, and what it signs for another is no evidence of either."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from by_hand import checked_by_hand, summed_again
from recorded import Recorder
from test_verify import verify

from gateway.evidence.derive import Master
from gateway.evidence.export import Order, export
from gateway.evidence.overlay import Overlay
from protocol.manifest import key_id
from protocol.media import segment_name

OTHER = "MZ9999"


@pytest.fixture
def forger(tmp_path: Path) -> Recorder:
    """Has the key of MZ2534, and signs a recording with it that says it is of another unit."""
    made = Recorder(tmp_path / "evidence", unit=OTHER)
    made.record(0xA1, 2)
    return made


def named(recorder: Recorder, unit: str) -> str:
    """A key's file as `tipstaff keys --out` names it."""
    return f"{unit}-{key_id(recorder.public).hex()}.pem"


def codes(recorder: Recorder, *keys: str) -> dict[str, list[str]]:
    """What the command finds wrong, by name."""
    words = [word for key in keys for word in ("--unit-key", key)]
    done = verify(str(recorder.folder), *words, "--json")
    assert done.returncode in (0, 1), done.stderr
    report = json.loads(done.stdout)
    found = {
        one["segment"]: [fault["code"] for fault in one["faults"]]
        for one in report["segments"]
        if one["faults"]
    }
    assert report["ok"] == (not found) and done.returncode == (1 if found else 0)
    return found


def every(recorder: Recorder) -> dict[str, list[str]]:
    """Each of its segments with a wrong key."""
    return {segment_name(one.segment): ["wrong_key"] for one in recorder.sealed}


def ways(recorder: Recorder, folder: Path, unit: str) -> dict[str, str]:
    """Each way in which the owner of a key can be said."""
    folder.mkdir()
    bare, whole = folder / "k.pem", folder / "register" / named(recorder, unit)
    whole.parent.mkdir()
    for path in (bare, whole):
        path.write_bytes(recorder.pem)
    return {
        "a file": str(whole),
        "a folder": str(whole.parent),
        "unit and file": f"{unit}={bare}",
        "unit and hex": f"{unit}={recorder.public.hex()}",
        "unit and base64": f"{unit}={base64.b64encode(recorder.public).decode()}",
    }


@pytest.mark.parametrize("way", ["a file", "a folder", "unit and file", "unit and hex", "unit and base64"])
def test_key_of_one_unit_does_not_sign_for_another(forger: Recorder, tmp_path: Path, way: str) -> None:
    assert codes(forger, ways(forger, tmp_path / "own", "MZ2534")[way]) == every(forger)
    assert codes(forger, ways(forger, tmp_path / "other", OTHER)[way]) == {}
    said = verify(str(forger.folder), "--unit-key", ways(forger, tmp_path / "again", "MZ2534")[way]).stdout
    assert "signed for unit MZ9999 with the key of MZ2534" in said


def test_key_of_unknown_owner_signs_for_one_unit_alone(forger: Recorder) -> None:
    """Written out, or as it lies with the evidence."""
    key = forger.public.hex()
    encoded = base64.b64encode(forger.public).decode()
    assert codes(forger, key) == {} and codes(forger, encoded) == {}
    forger.unit = "MZ2534"
    forger.record(0xB2, 1)
    assert codes(forger, key) == every(forger)
    (forger.folder / "k.pem").write_bytes(forger.pem)
    assert codes(forger) == every(forger)


def test_command_says_that_nobody_said_whose_a_key_is(forger: Recorder) -> None:
    key = forger.public.hex()
    assert "Nobody said whose key" in verify(str(forger.folder), "--unit-key", key).stdout
    assert "Nobody said" not in verify(str(forger.folder), "--unit-key", f"{OTHER}={key}").stdout


def test_manifest_that_its_key_never_signed_makes_no_other_one_wrong(forger: Recorder) -> None:
    manifest = forger.sealed[1]
    manifest.unit = "MZ2534"
    forger.path(1, ".manifest").write_bytes(manifest.encode())
    found = codes(forger, forger.public.hex())
    assert "bad_signature" in found[segment_name(manifest.segment)]
    assert not any("wrong_key" in one for one in found.values())


def test_name_of_a_key_that_lies_with_the_evidence_says_whose_it_is(forger: Recorder) -> None:
    mine, others = forger.folder / named(forger, OTHER), forger.folder / named(forger, "MZ2534")
    mine.write_bytes(forger.pem)
    assert codes(forger) == {}
    mine.rename(others)
    assert codes(forger) == every(forger)
    mine.write_bytes(forger.pem)
    assert codes(forger) == every(forger), "one key, and two units that it is said to be of"


def test_key_that_is_not_the_one_of_its_name_is_named(forger: Recorder, tmp_path: Path) -> None:
    exchanged = forger.folder / named(Recorder(tmp_path / "another", seed=2), OTHER)
    exchanged.write_bytes(forger.pem)
    assert codes(forger) == every(forger) | {exchanged.name: ["wrong_key"]}
    refused = verify(str(forger.folder), "--unit-key", str(exchanged))
    assert refused.returncode == 2 and "is not the key of its name" in refused.stderr


@pytest.mark.parametrize("way", ["MZ9999=", "=abcd", "MZ 9999=", "MZ9999=zz", "a" * 5000])
def test_owner_without_a_key_is_refused(forger: Recorder, way: str) -> None:
    refused = verify(str(forger.folder), "--unit-key", way)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1


def test_owner_of_a_whole_folder_is_refused(forger: Recorder) -> None:
    refused = verify(str(forger.folder), "--unit-key", f"{OTHER}={forger.folder}")
    assert refused.returncode == 2 and "each file in it says whose it is" in refused.stderr


def exported(unit: Recorder, out: Path) -> Path:
    """The key's file in an export of all that `unit` recorded."""
    masters = [Master(unit.path(at), manifest) for at, manifest in enumerate(unit.sealed)]
    keys = {key_id(unit.public): unit.public}
    export(Order("I-1", masters, keys, "林静", 1_795_486_400_000, copies=False), out, Overlay())
    (key,) = (out / "keys").glob("*.pem")
    return key


@pytest.mark.parametrize("unit", ["u", OTHER, "u" * 23, "u" * 24, "u-" * 16])
def test_page_of_an_export_ties_the_key_to_the_unit_that_was_signed(tmp_path: Path, unit: str) -> None:
    recorder = Recorder(tmp_path / "unit", unit=unit)
    recorder.record(0xA1, 2)
    key = exported(recorder, tmp_path / "out")
    said = f"{key_id(recorder.public).hex()} keys/{key.name}"
    assert key.name == named(recorder, unit) and checked_by_hand(tmp_path / "out")[-2:] == [
        "chain: done",
        said,
    ]


def test_page_of_an_export_names_what_was_signed_for_another_unit(forger: Recorder, tmp_path: Path) -> None:
    """The key under its owner's name, its lists and sums made to fit."""
    out = tmp_path / "out"
    key = exported(forger, out)
    whole = checked_by_hand(out)
    key.rename(key.with_name(named(forger, "MZ2534")))
    signed = out / "keys" / "signed.txt"
    signed.write_text(signed.read_text().replace(OTHER, "MZ2534"))
    stems = [f"recordings/00000000000000a1/{segment_name(one.segment)}" for one in forger.sealed]
    assert checked_by_hand(out)[-3:] == [
        whole[-1].replace(OTHER, "MZ2534"),
        *(f"{stem}: was not signed for MZ2534 with the key of this name" for stem in stems),
    ]
    summed_again(out)
    assert checked_by_hand(out)[0] == "files: ok"
    assert codes(Recorder(out, seed=9)) == every(forger)
