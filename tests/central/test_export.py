"""`tipstaff export` beside a gateway and without one, checked by standard tools, by our own, and after a kill."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest_asyncio
from conftest import COURT, eventually
from filmer import Filmer, Segment, segment
from moto.server import ThreadedMotoServer

sys.path.append(str(Path(__file__).parents[1] / "proving"))

from by_hand import checked_by_hand
from filmed import film

from gateway.evidence.places import Key
from gateway.evidence.remote import Mover, object_name
from gateway.store import audit
from protocol.manifest import LAST

RECORDING = bytes.fromhex("a1b2c3d4e5f60718")
TIPSTAFF = (sys.executable, "-m", "gateway.cli.main")
CASE = "(2026)闽0105执1287号"
DONE = ["signatures: done", "masters: done", "chain: done"]


def filmed(folder, number, seconds=2):
    """A segment whose pictures can be decoded."""
    data = film(folder, number, seconds=seconds).path.read_bytes()
    return Segment(RECORDING + number.to_bytes(4, "big"), data, data, [(0, 0, None)])


@pytest_asyncio.fixture
async def gateway(start):
    running = await start()
    await running.provision("u1001", COURT, officer="林燕")
    return running


async def record(gateway, tmp_path, count=2, seconds=2):
    """An alarm, and a recording of `count` sealed segments; the incident's id."""
    scratch = tmp_path / "filmed"
    scratch.mkdir()
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        alarm = filmer.control.alarm(case_no=CASE, fix=filmer.control.fix(), fix_age_ms=0)
        await filmer.control.say("alarm", alarm)
        await eventually(gateway.centre.live_incidents)
        for number in range(count):
            made = filmed(scratch, number, seconds)
            flags = LAST if number == count - 1 else 0
            manifest = filmer.manifest(made, flags=flags, alarm_id=alarm.alarm_id, case_no=CASE, marks=[500])
            assert (await filmer.restore(made, manifest)).sealed
    shutil.rmtree(scratch)
    return gateway.centre.live_incidents()[0].incident.incident_id


def command(tmp_path, *words):
    config = tmp_path / "export.toml"
    config.write_text(f'[site]\ndata_dir = "{tmp_path}"\n')
    return [*TIPSTAFF, "export", *words, "--config", str(config), "--reason", "复议 7 号", "--by", "陈敏"]


async def export(tmp_path, *words):
    """(status, what it printed) of the command."""
    ran = await asyncio.to_thread(
        subprocess.run, command(tmp_path, *words), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


async def test_recording_is_exported_beside_the_gateway_and_holds(gateway, tmp_path):
    await record(gateway, tmp_path)
    status, said = await export(tmp_path, RECORDING.hex(), "--out", "out", "--json")
    assert status == 0, said
    made = json.loads(said)
    assert (made["segments"], made["faulty"], made["left_out"]) == (2, 0, [])
    out = tmp_path / "out"
    assert checked_by_hand(out)[:-1] == ["files: ok", f"{made['sums']}  SHA256SUMS", *DONE]
    verified = subprocess.run([*TIPSTAFF, "verify", str(out)], capture_output=True, text=True, check=False)
    assert verified.returncode == 0 and "2 segments, all of it holds" in verified.stdout
    assert (out / "derived" / f"{RECORDING.hex()}.mp4").stat().st_size > 1000
    report = (out / "report.html").read_text()
    assert "2 个分段全部相符" in report and report.count("人员标记") == 2
    assert report.count("卫星校时") == 2 and report.count(" 到达<br>") == report.count(" 封存</td>") == 2
    assert "复议 7 号" in report and "陈敏" in report and CASE in report and "林燕" in report
    async with gateway.store.read() as connection:
        entries = [one for one in await audit.entries(connection) if one.action.startswith("evidence.")]
        assert await audit.first_broken(connection) is None
    assert [one.action for one in entries] == ["evidence.export", "evidence.exported"]
    assert all((one.facts["by"], one.facts["reason"]) == ("陈敏", "复议 7 号") for one in entries)
    assert entries[1].facts["sums"] == made["sums"]
    status, said = await export(tmp_path, RECORDING.hex(), "--out", "out")
    assert status == 2 and "is there already" in said


async def test_incident_is_exported_without_the_gateway_with_its_log(gateway, tmp_path):
    incident_id = await record(gateway, tmp_path)
    await gateway.stop()
    status, said = await export(tmp_path, incident_id, "--zip")
    assert status == 0 and "every one holds" in said, said
    packed = tmp_path / f"tipstaff-{incident_id}.zip"
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "out")
    said = checked_by_hand(tmp_path / "out")
    assert [said[0], *said[2:-1]] == ["files: ok", *DONE, "log: done"]
    folder = tmp_path / "out" / "incidents" / incident_id
    assert {one.name for one in folder.iterdir()} == {"log.txt", "report.html", "positions-u1001.csv"}
    verified = subprocess.run([*TIPSTAFF, "verify", str(packed)], capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout
    report = (tmp_path / "out" / "report.html").read_text()
    assert "设备发出告警" in report and "录像结束" in report
    log = (folder / "log.txt").read_text()
    (folder / "log.txt").write_text(log.replace("alarm", "alert", 1))
    assert any("broken before" in line for line in checked_by_hand(tmp_path / "out"))


async def test_segment_that_grows_is_left_out_and_said_to_be(gateway, tmp_path):
    async with Filmer(tmp_path / "units" / "u1001") as filmer:
        made, grows = (segment(RECORDING + number.to_bytes(4, "big")) for number in range(2))
        assert (await filmer.restore(made, filmer.manifest(made))).sealed
        await filmer.send(grows, [grows.chunk(0), grows.chunk(1)])
        await eventually(lambda: Key.of("u1001", grows.segment) in gateway.evidence._grown)
        await gateway.evidence.write_down()
    status, said = await export(tmp_path, f"u1001/{RECORDING.hex()}", "--out", "out")
    assert status == 1 and "1 WITH FAULTS" in said and f"{RECORDING.hex()}-1" in said
    index = json.loads((tmp_path / "out" / "export.json").read_text())
    assert index["proof"][0]["faults"][0].startswith("no_end") and len(index["absent"]) == 1


async def test_killed_in_the_middle_leaves_nothing_that_looks_whole(gateway, tmp_path):
    await record(gateway, tmp_path, count=2, seconds=6)
    for name, number in (("out", signal.SIGKILL), ("out.zip", signal.SIGKILL), ("out", signal.SIGTERM)):
        process = await asyncio.create_subprocess_exec(
            *command(tmp_path, RECORDING.hex(), "--out", name),
            cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        assert process.stdout is not None
        first = await asyncio.wait_for(process.stdout.readline(), 60)
        assert first.startswith(f"{RECORDING.hex()}-0".encode())
        process.send_signal(number)
        assert await process.wait() == (-signal.SIGKILL if number == signal.SIGKILL else 130)
        assert not (tmp_path / name).exists()
        left = {one.name for one in tmp_path.glob("out*")}
        if number == signal.SIGKILL:
            assert left and all(one.endswith(".part") for one in left)
        else:
            assert not left & {"out", "out.part"}
        if name == "out.zip":
            assert not any(zipfile.is_zipfile(one) for one in (tmp_path / "out.zip.part").rglob("*"))
    status, said = await export(tmp_path, RECORDING.hex(), "--out", "out.zip", "--no-copies")
    assert status == 0, said
    assert {one.name for one in tmp_path.glob("out*")} == {"out.zip"}


async def test_masters_come_from_the_object_store(start, tmp_path, free_port):
    server = ThreadedMotoServer(port=free_port)
    server.start()
    try:
        evidence = {
            "store": "s3", "s3_bucket": "evidence", "s3_endpoint": f"http://127.0.0.1:{free_port}",
            "s3_access_key": "key", "s3_secret_key": "secret",
        }  # fmt: skip
        import httpx

        assert httpx.put(f"http://127.0.0.1:{free_port}/evidence", timeout=60).status_code == 200
        gateway = await start(evidence=evidence)
        await gateway.provision("u1001", COURT, officer="林燕")
        await record(gateway, tmp_path)
        mover = Mover(gateway._remote, gateway.evidence.places, gateway.store, gateway.clock)
        while await mover.move():
            pass
        sealed = gateway.evidence.places.sealed(Key("u1001", RECORDING.hex(), 0))
        await eventually(lambda: not sealed.exists())
        config = tmp_path / "s3.toml"
        lines = [f'{name} = "{value}"' for name, value in evidence.items()]
        config.write_text(f'[site]\ndata_dir = "{tmp_path}"\n[evidence]\n' + "\n".join(lines) + "\n")
        words = command(tmp_path, RECORDING.hex(), "--out", "out")
        words[words.index("--config") + 1] = str(config)
        ran = await asyncio.to_thread(
            subprocess.run, words, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        assert checked_by_hand(tmp_path / "out")[0] == "files: ok"
        assert (tmp_path / "out" / "derived" / f"{RECORDING.hex()}.mp4").exists()
        # One that the store has lost is named, and the rest is exported.
        await gateway._remote.delete(object_name(Key("u1001", RECORDING.hex(), 1)))
        words[words.index("out")] = "less"
        ran = await asyncio.to_thread(
            subprocess.run, words, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 1 and f"{RECORDING.hex()}-1  its file is not here" in ran.stdout, ran.stderr
        index = json.loads((tmp_path / "less" / "export.json").read_text())
        assert [one["ok"] for one in index["proof"]] == [True, False]
        assert index["proof"][1]["faults"][0].startswith("missing:")
    finally:
        server.stop()


def test_export_without_a_reason_is_refused(tmp_path):
    words = command(tmp_path, RECORDING.hex())
    words[words.index("--reason") + 1] = " "
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 2 and "say why" in ran.stderr and ran.stderr.count("\n") == 1


async def test_what_cannot_be_exported_is_one_line(gateway, tmp_path):
    for words, said in (
        (("I-20261126-0009",), "there is no incident"),
        (("a" * 16,), "there is no recording"),
        (("../../etc/passwd",), "is no incident"),
        ((RECORDING.hex(), "--cover", "0.5,0.1,0.2,0.3"), "0.3': covers nothing"),
        ((RECORDING.hex(), "--disclosure", "nowhere.toml"), "nowhere.toml: No such file"),
        ((RECORDING.hex(), "--lang", "fr"), "zh or en"),
    ):
        status, printed = await export(tmp_path, *words)
        assert status == 2 and said in printed and printed.count("\n") == 1, printed
    config = tmp_path / "other.toml"
    config.write_text(f'[site]\ndata_dir = "{tmp_path / "nothing"}"\n')
    words = command(tmp_path, "a" * 16)
    words[words.index("--config") + 1] = str(config)
    ran = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=False)
    assert ran.returncode == 2 and "there is no database" in ran.stderr
    assert not (tmp_path / "nothing").exists()
