"""The gateway is killed with -9 at the worst moments."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from pathlib import Path

from conftest import COURT, eventually
from standin import StandIn

from gateway.store import Store, units
from protocol import messages

DYING = Path(__file__).parent / "dying_gateway.py"
READY = re.compile(rb"ready (\d+)\n")


@contextlib.asynccontextmanager
async def gateway_process(where, data_dir, kind, port):
    """(process, pid of its broker) once it is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(DYING), where, str(data_dir), kind, str(port), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(40):
            # A line of the log, which another thread writes, may be cut by it.
            while (ready := READY.search(line := await process.stdout.readline())) is None:
                assert line, "it ended before it was ready"
        yield process, int(ready[1])
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_gateway_killed_between_commit_and_receipt_answers_when_it_is_back(
    start, broker_kind, tmp_path, free_port
):
    gateway = await start(broker_kind, port=free_port)
    await gateway.provision("u1001", COURT, officer="Lin Yan")
    await gateway.stop()
    died = gateway_process("before_receipt", tmp_path, broker_kind, free_port)
    async with died as (process, broker_pid), StandIn(tmp_path / "units" / "u1001") as unit:
        await unit.online()
        alarm = unit.alarm(fix=unit.fix(), fix_age_ms=0)
        await unit.say("alarm", alarm)
        assert await asyncio.wait_for(process.wait(), 20) == -signal.SIGKILL
        assert unit.heard == []
        await eventually(lambda: not alive(broker_pid))
        back = await start(broker_kind, port=free_port)
        assert len(back.centre.live_incidents()) == 1
        # The unit repeats it, as it does until it is answered; the broker may give its copy again as well.
        await unit.until(lambda: unit.connected)
        await unit.online()
        await unit.say("alarm", alarm)
        receipt = await unit.receipt(alarm.alarm_id, messages.STORED, 20)
        (view,) = back.centre.live_incidents()
        assert (receipt.seq, view.incident.alarm_count, len(view.told)) == (1, 1, 1)


async def test_gateway_killed_leaves_no_broker_and_starts_again_on_the_same_files(
    tmp_path, broker_kind, free_port
):
    async with gateway_process("never", tmp_path, broker_kind, free_port) as (process, broker_pid):
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        async with gateway_process("never", tmp_path, broker_kind, free_port) as (_, new_broker_pid):
            assert new_broker_pid != broker_pid and not alive(broker_pid) and alive(new_broker_pid)
    await eventually(lambda: not alive(new_broker_pid))


async def test_data_of_a_killed_gateway_is_whole(tmp_path, free_port):
    async with gateway_process("never", tmp_path, "embedded", free_port) as (process, _):
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    async with Store(f"sqlite+aiosqlite:///{tmp_path / 'tipstaff.db'}") as store, store.read() as connection:
        assert len(await units.all_courts(connection)) == 95
        assert (await connection.exec_driver_sql("PRAGMA integrity_check")).scalar() == "ok"
