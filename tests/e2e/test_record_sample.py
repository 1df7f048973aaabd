"""`tipstaff record --sample` as a newcomer runs it: what it leaves is checked without us."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from statistics import median

import pytest

sys.path.append(str(Path(__file__).parents[1] / "proving"))

from players import probed, watched
from whole_recording import read_back

IN_STEP_MS = 40
TIPSTAFF = str(Path(sysconfig.get_path("scripts")) / "tipstaff")


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.alone  # picture and sound are in step when both are made in time
def test_sample_goes_the_whole_way_and_its_export_proves_itself(tmp_path: Path) -> None:
    words = (
        TIPSTAFF,
        "record",
        "--sample",
        "--seconds",
        "4",
        "--picture",
        "qvga",
        "--out",
        "sample",
        "--json",
    )
    done = run(*words, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "segments sealed" in done.stderr
    said = json.loads(done.stdout)
    assert said["faulty"] == 0 and said["segments"] >= 3 and said["marks"] == 1 and said["recorded_s"] > 4
    assert [path.name for path in tmp_path.iterdir()] == ["sample"]
    out = tmp_path / "sample"
    assert run("sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS", folder=out).returncode == 0
    key = next((out / "keys").glob(f"*{said['key_id']}.pem"))
    proof = run(TIPSTAFF, "verify", ".", "--unit-key", str(key), "--complete", folder=out)
    assert proof.returncode == 0, proof.stdout
    seen = read_back(out / "derived" / f"{said['recording']}.mp4")
    masters = [
        read_back(out / f"recordings/{said['recording']}/{said['recording']}-{n}.mkv") for n in range(2)
    ]
    recorded = [number for one in masters for number, _, _ in one.pictures]
    numbers = [number for number, _, _ in seen.pictures]
    assert len(numbers) >= 4 * 8 and numbers[: len(recorded)] == recorded
    apart_ms = seen.apart_ms()
    assert len(apart_ms) >= 3 and abs(median(apart_ms)) <= IN_STEP_MS, (apart_ms, seen)
    master = next(out.glob("recordings/*/*-1.mkv"))
    shown = [number for number, _, _ in masters[1].pictures]
    assert watched(master) == shown and probed(master)["video"] == ("mjpeg", len(shown))
    master.write_bytes(master.read_bytes()[:-1])
    assert watched(master)[: len(shown) - 1] == shown[:-1] and probed(master)["audio"][0] == "pcm_alaw"
    assert run(TIPSTAFF, "verify", ".", "--unit-key", str(key), folder=out).returncode == 1


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--out", "x"), "give --sample"),
        (("--sample", "--out", "full"), "nothing is overwritten"),
        (("--sample", "--out", "x", "--camera", "off", "--microphone", "off"), "nothing to record"),
        (("--sample", "--out", "x", "--camera", "no.mp4"), "no.mp4 is no file"),
        (("--sample", "--out", "x", "--camera", "webcam:97"), "is /dev/video97 there"),
        (("--sample", "--out", "x", "--microphone", "device:none such"), "`python -m sounddevice` lists"),
        (("--sample", "--out", "full/kept/x"), "full/kept"),
    ],
)
def test_mistake_is_told_before_anything_is_started(
    words: tuple[str, ...], part: str, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "kept").write_text("kept")
    done = run(TIPSTAFF, "record", *words, folder=tmp_path)
    assert done.returncode == 2 and part in done.stderr and done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
