"""An export proves itself: with our command, with `sha256sum` and OpenSSL alone, and to the eye."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parent))

from by_hand import checked_by_hand
from filmed import film
from recorded import Recorder
from test_derived import shown

from gateway.errors import ExportRefused
from gateway.evidence.derive import Covered, Master
from gateway.evidence.export import Order, build, export
from gateway.evidence.export_place import beside
from gateway.evidence.overlay import Overlay
from gateway.evidence.proof import judge
from gateway.evidence.proof_files import gather
from gateway.evidence.sinks import Zip
from protocol.manifest import LAST, key_id
from protocol.media import segment_name

HOSTILE = '</title><script>alert("x")</script>\u202egnp'


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """Two filmed segments, sealed by a unit's key."""
    unit = Recorder(tmp_path / "unit")
    masters = []
    for number in range(2):
        filmed = film(tmp_path, number)
        manifest = unit.seal(0xA1, number, 4 * number)
        manifest.size, manifest.sha256 = filmed.manifest.size, filmed.manifest.sha256
        manifest.previous = bytes(32) if not masters else masters[-1].manifest.digest()
        manifest.signature = unit.key.sign(manifest.signed_bytes())
        masters.append(Master(filmed.path, manifest))
    timeline = [
        {"at_ms": 1_795_486_330_600, "device_ms": 1_795_486_330_564, "event": HOSTILE, "by": "陈调度"}
    ]
    return Order(
        "I-20261126-0001", masters, {key_id(unit.public): unit.public}, "林静", 1_795_486_400_000, HOSTILE,
        {"案号": "(2026)闽0105执1287号"}, timeline,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_export_verifies_and_nothing_else_is_left(order: Order, tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.iterdir())
    verdicts = export(order, tmp_path / name, Overlay())
    assert [one.faults for one in verdicts] == [[], []]
    assert [one.faults for one in judge(gather(tmp_path / name))] == [[], []]
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / name])
    with pytest.raises(ExportRefused, match="is there already"):
        export(order, tmp_path / name, Overlay())


def test_export_is_checked_by_standard_tools_alone(order: Order, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(order, out, Overlay())
    summed = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out, capture_output=True, check=False
    )
    assert summed.returncode == 0, summed.stdout
    named = {line.split("  ", 1)[1] for line in (out / "SHA256SUMS").read_text().splitlines()}
    assert named == {str(one.relative_to(out)) for one in out.rglob("*") if one.is_file()} - {"SHA256SUMS"}
    assert checked_by_hand(out) == [
        "files: ok",
        f"{hashlib.sha256((out / 'SHA256SUMS').read_bytes()).hexdigest()}  SHA256SUMS",
        "signatures: done",
        "masters: done",
        "chain: done",
        *(f"{number.hex()} keys/MZ2534-{number.hex()}.pem" for number in order.keys),
    ]
    for master in order.masters:
        name = segment_name(master.manifest.segment)
        copied = out / "recordings" / name[:16] / f"{name}.mkv"
        assert copied.read_bytes() == master.path.read_bytes()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_shows_hostile_text_as_text(order: Order, tmp_path: Path, language: str) -> None:
    export(Order(**{**_fields(order), "language": language, "copies": False}), tmp_path / "out", Overlay())
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page
    assert order.masters[0].manifest.sha256.hex() in page


def test_spoiled_master_is_exported_and_said_to_be_so(order: Order, tmp_path: Path) -> None:
    path = order.masters[0].path
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    verdicts = export(order, tmp_path / "out", Overlay())
    assert [fault.code for fault in verdicts[0].faults] == ["changed"]
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "2 个分段中有 1 项不相符" in page and "内容有改动（changed: " in page
    index = json.loads((tmp_path / "out" / "export.json").read_text("utf-8"))
    assert [one["ok"] for one in index["proof"]] == [False, True]


def test_pictures_that_no_copy_can_show_are_told(order: Order, tmp_path: Path) -> None:
    path = order.masters[0].path
    path.write_bytes(path.read_bytes().replace(b"\xff\xd8\xff", b"\xff\xd8\x00", 2))
    export(order, tmp_path / "out", Overlay())
    assert "2 幅画面无法解码" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_disclosure_copy_has_no_master_and_no_log_in_it(order: Order, tmp_path: Path) -> None:
    for number, hidden in enumerate(
        ({"covered": [Covered(0, 0, 1, 1)]}, {"disclosure": True}, {"find": Nothing()})
    ):
        out = tmp_path / f"out{number}"
        files = {"incidents/I-1/log.txt": b"secret", "positions/u.csv": tmp_path / "no such file"}
        assert export(Order(**{**_fields(order), **hidden, "files": files}), out, Overlay()) == []
        found = sorted(one.name for one in out.rglob("*") if one.is_file())
        assert found == ["00000000000000a1-disclosure.mp4", "SHA256SUMS", "export.json", "report.html"]
        page = (out / "report.html").read_text("utf-8")
        assert "须由人员从头到尾观看一遍" in page and "陈调度" not in page and "log.txt" not in page


def test_rectangle_of_one_recording_is_not_hidden_in_another(order: Order, tmp_path: Path) -> None:
    covered = [Covered(0.25, 0.2, 0.5, 0.6, recording="00000000000000b2")]
    export(Order(**{**_fields(order), "covered": covered}), tmp_path / "out", Overlay())
    pictures = shown(tmp_path / "out" / "derived" / "00000000000000a1-disclosure.mp4")
    assert len(pictures) == 40 and pictures[0][1][100, 100] < 40


class Nothing:
    """Finds nothing."""

    def __call__(self, picture: object) -> list[Covered]:
        return []


def test_missing_master_is_named_and_the_rest_exported(order: Order, tmp_path: Path) -> None:
    order.masters[1].path.unlink()
    verdicts = export(order, tmp_path / "out", Overlay())
    assert [[fault.code for fault in one.faults] for one in verdicts] == [[], ["missing"]]
    name = f"recordings/00000000000000a1/{segment_name(order.masters[1].manifest.segment)}"
    assert f"{name}: its file is not here" in checked_by_hand(tmp_path / "out")


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_failed_export_leaves_nothing(order: Order, tmp_path: Path, name: str) -> None:
    order.masters[1].path.unlink()
    order.masters[1].path.mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OSError, match="Is a directory"):
        export(order, tmp_path / name, Overlay())
    assert sorted(tmp_path.iterdir()) == before


def test_export_without_room_is_refused_before_it_begins(order: Order, tmp_path: Path) -> None:
    order.masters[0].manifest.size = 1 << 50
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ExportRefused, match="MiB are free"):
        export(order, tmp_path / "out", Overlay())
    assert sorted(tmp_path.iterdir()) == before


def _spoil(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


@pytest.mark.parametrize(
    ("suffix", "said"),
    [
        (".mkv", "not the file that was signed"),
        (".signature", "signature does not hold"),
        (".signed", "signature does not hold"),
        (".manifest", "not chained to the one before"),
    ],
)
def test_commands_of_the_page_name_what_was_changed(
    order: Order, tmp_path: Path, suffix: str, said: str
) -> None:
    out = tmp_path / "out"
    export(Order(**{**_fields(order), "copies": False}), out, Overlay())
    stem = out / "recordings" / "00000000000000a1" / segment_name(order.masters[0].manifest.segment)
    _spoil(stem.with_suffix(suffix))
    lines = checked_by_hand(out)
    assert "files: ok" not in lines and any(said in line for line in lines), lines


def test_what_is_no_segment_is_told_by_the_sums_when_it_was_changed(order: Order, tmp_path: Path) -> None:
    """Logs, copies, and what was said to an officer, which lies in Matroska files as segments do."""
    talk, log = "incidents/I-1/talks/U1-7a1b000000000001.mkv", "incidents/I-1/log.txt"
    out = tmp_path / "out"
    export(Order(**{**_fields(order), "files": {talk: b"said", log: b"log"}}), out, Overlay())
    assert not any(one.faults for one in judge(gather(out)))
    _spoil(out / talk)
    (out / log).unlink()
    (out / "derived" / "00000000000000a1.mp4").write_bytes(b"another film")
    (out / "notes.txt").write_text("of whoever looks at it")
    codes = {one.name: [fault.code for fault in one.faults] for one in judge(gather(out)) if one.faults}
    changed = {"derived/00000000000000a1.mp4": ["changed"], talk: ["changed"]}
    assert codes == changed | {log: ["missing"], "notes.txt": ["added"]}


SPOILED_LISTS = {
    "a segment taken out": lambda out: [
        one.unlink() for one in (out / "recordings").rglob(f"{out_name(0)}.*")
    ],
    "a line taken out of what was signed": lambda out: _without(out / "keys" / "signed.txt", out_name(0)),
    "a line taken out of the chain": lambda out: _without(out / "chain.txt", out_name(0)),
    "an empty line in the chain": lambda out: (out / "chain.txt").write_text(
        "\n\n".join((out / "chain.txt").read_text().split("\n"))
    ),
}


@pytest.mark.parametrize("kind", SPOILED_LISTS)
def test_commands_of_the_page_find_what_the_lists_hide(order: Order, tmp_path: Path, kind: str) -> None:
    """By somebody who makes the sums anew, too."""
    out = tmp_path / "out"
    export(Order(**{**_fields(order), "copies": False}), out, Overlay())
    SPOILED_LISTS[kind](out)
    if kind == "an empty line in the chain":
        manifest = next((out / "recordings").rglob(f"{out_name(0)}.manifest"))
        _spoil(manifest)
    said = [line for line in checked_by_hand(out) if out_name(0)[:16] in line and "sha256sum" not in line]
    assert any(
        word in line
        for line in said
        for word in ("nobody signed it", "is not here", "not chained to the one before")
    ), said


def test_id_of_a_key_is_made_from_the_key_and_not_read_from_its_name(order: Order, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(Order(**{**_fields(order), "copies": False}), out, Overlay())
    (pem,) = (out / "keys").glob("*.pem")
    own = pem.stem.partition("-")[2]
    assert checked_by_hand(out)[-1] == f"{own} keys/{pem.name}"
    forger = Recorder(tmp_path / "forger", seed=9)
    pem.write_bytes(forger.pem)
    assert f"{key_id(forger.public).hex()} keys/{pem.name}" in checked_by_hand(out)


def out_name(number: int) -> str:
    """Of a segment of `order`."""
    return f"00000000000000a1-{number}"


def _without(path: Path, word: str) -> None:
    path.write_text("".join(line for line in path.read_text().splitlines(True) if word not in line))


def test_zip_is_the_same_each_time_and_goes_into_a_stream(order: Order, tmp_path: Path) -> None:
    """Without copies: an encoder need not be the same twice."""
    plain = Order(**{**_fields(order), "copies": False})
    export(plain, tmp_path / "a.zip", Overlay())
    export(plain, tmp_path / "b.zip", Overlay())
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    streamed = tmp_path / "c.zip"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=streamed.open("wb"))
    assert cat.stdin is not None
    build(plain, Zip(cat.stdin, plain.made_ms), scratch, Overlay())
    cat.stdin.close()
    assert cat.wait() == 0 and list(scratch.iterdir()) == []
    unzip = (
        ["unzip", "-q", streamed, "-d"]
        if shutil.which("unzip")
        else [sys.executable, "-m", "zipfile", "-e", streamed]
    )
    subprocess.run([*unzip, tmp_path / "out"], check=True)
    assert checked_by_hand(tmp_path / "out")[0] == "files: ok"


def test_two_units_that_chose_the_same_id_are_told_apart(order: Order, tmp_path: Path) -> None:
    other = Recorder(tmp_path / "other", seed=2, unit="MZ9999")
    filmed = film(tmp_path / "other", 0)
    manifest = other.seal(0xA1, 0, LAST)
    manifest.size, manifest.sha256 = filmed.manifest.size, filmed.manifest.sha256
    manifest.signature = other.key.sign(manifest.signed_bytes())
    twins = Order(
        **_fields(order)
        | {
            "masters": [*order.masters, Master(filmed.path, manifest)],
            "keys": {**order.keys, key_id(other.public): other.public},
            "covered": (),
        }
    )
    out = tmp_path / "out"
    verdicts = export(twins, out, Overlay())
    assert len(verdicts) == 3 and not any(one.faults for one in [*verdicts, *judge(gather(out))])
    names = {f"{unit}-00000000000000a1" for unit in ("MZ2534", "MZ9999")}
    assert {one.name for one in (out / "recordings").iterdir()} == names
    assert {one.stem for one in (out / "derived").iterdir()} == names
    said = checked_by_hand(out)
    assert [said[0], *said[2:5]] == ["files: ok", "signatures: done", "masters: done", "chain: done"]


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_second_export_to_the_same_name_is_refused_and_harms_nothing(
    order: Order, tmp_path: Path, name: str
) -> None:
    """While the first is at work, and when it has ended; a third finds what a killed one left."""
    plain, out = Order(**{**_fields(order), "copies": False}), tmp_path / name
    refused = []

    def again(_: str) -> None:
        with pytest.raises(ExportRefused) as caught:
            export(plain, out, Overlay())
        refused.append(str(caught.value))

    export(plain, out, Overlay(), again)
    assert refused and all("another export to this name is under way" in one for one in refused)
    assert [one.name for one in tmp_path.glob("out*")] == [name]
    assert not any(verdict.faults for verdict in judge(gather(out)))
    with pytest.raises(ExportRefused, match="is there already"):
        export(plain, out, Overlay())
    part = tmp_path / f"other-{name}.part"
    (part / "whole").mkdir(parents=True)
    (part / "whole" / "left").write_bytes(b"by a killed one")
    export(plain, tmp_path / f"other-{name}", Overlay())
    assert not part.exists()


def test_export_that_ends_leaves_what_the_next_one_has_written(tmp_path: Path, monkeypatch: Any) -> None:
    """Each file that the first removes when it ends is a moment at which the next one may begin."""
    out, began = tmp_path / "out", []
    unlink = Path.unlink

    def then_another(path: Path, **given: bool) -> None:
        unlink(path, **given)
        if began:
            return
        try:
            part = next_one.enter_context(beside(out))
        except ExportRefused:
            return
        began.append(part)
        (part / "whole").write_bytes(b"of the next one")

    next_one = ExitStack()
    with beside(out) as part:
        (part / "whole").write_bytes(b"of the first one")
        (part / "more").write_bytes(b"of the first one")
        monkeypatch.setattr(Path, "unlink", then_another)
    monkeypatch.undo()
    with next_one:
        (part,) = began
        assert {one.name for one in part.iterdir()} == {"lock", "whole"}


def _fields(order: Order) -> dict[str, object]:
    return {name: getattr(order, name) for name in order.__dataclass_fields__}
