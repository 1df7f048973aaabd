"""A press while everything else on the unit has more to do than it ever will."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from protocol import messages
from simulator.answerer import Answerer
from simulator.installation import find_installation
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

MakeHome = Callable[..., UnitConfig]
COMMANDS = 200
FELT_MS = 50
# Until the journal drops its oldest: batches as the unit keeps them, of 16 fixes.
FILL = """
from bodyunit.trail import Trail, batch_head
from bodyunit.unit import FIX_JOURNAL_BYTES
from protocol.messages import Fix, Stamp
from store.journal import KIND_FIX_BATCH, Journal
journal = Journal("fixes", FIX_JOURNAL_BYTES, droppable=(KIND_FIX_BATCH,))
second = 1_795_000_000
while not journal.dropped:
    trail = Trail()
    for _ in range(16):
        second += 5
        stamp = Stamp(utc_s=second, utc_ms=0, quality=3, mono_ms=1000, boot=1)
        place = {"lat_e7": 260800000, "lon_e7": 1193000000, "accuracy_dm": 25, "speed_cm_s": 500}
        trail.add(Fix(stamp, satellites=12, quality=1, **place), 0)
    journal.append(KIND_FIX_BATCH, b"abc" + batch_head(16, True) + trail.bytes())
print(len(journal))
"""


def fill_journal(config: UnitConfig) -> int:
    """Fill the flash of a unit that is off with fixes of a dead zone; how many batches it holds."""
    installation = find_installation()
    done = subprocess.run(
        [str(installation.micropython), "-X", "heapsize=512k", "-c", FILL],
        env={"MICROPYPATH": installation.module_path},
        cwd=config.home,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return int(done.stdout)


def refused_sentences(unit: Unit) -> int:
    """Of the receiver, as the unit told last."""
    counters = unit.stats.get("counters")
    return int(counters.get("nmea_refused", 0)) if isinstance(counters, dict) else 0


def withheld_ms(pid: int) -> float:
    """How long a process was ready to run and did not, since it began (Linux: sched-stats, the second field)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[1]) / 1e6


@pytest.mark.alone
async def test_press_is_felt_at_once_while_everything_else_is_overloaded(
    make_home: MakeHome, broker_port: int, answerer: Answerer
) -> None:
    """Ten times the receiver's line in garbage, a burst of commands, a full journal on its way.

    Both times are the unit's own: how soon this machine's simulator is heard is another matter, and so is for how
    long the machine does not let the unit run.
    """
    config = make_home(broker_port=broker_port, hold_ms=300)
    batches = fill_journal(config)
    assert batches > 50
    async with Unit(config) as unit:
        unit.gnss_mode("garbage")
        unit.gnss.rate_hz = 10
        await unit.wait_connected()
        assert unit.pid is not None
        withheld_before_ms = withheld_ms(unit.pid)
        unit.button(True)  # with the connection, what was kept begins to go out
        for number in range(COMMANDS):
            kind = (messages.LOCATE, messages.SETTING)[number % 2]
            command = messages.Command(
                command_id=number.to_bytes(8, "big"),
                kind=kind,
                expires_s=2_000_000_000,
                name="fix_still_s" if kind == messages.SETTING else None,
                value=60 + number if kind == messages.SETTING else None,
            )
            answerer.command(unit.court_id, unit.unit_id, command)
        felt = await unit.wait_felt("pressed")
        unit.button(False)
        await unit.wait_felt("received")
        alarm = answerer.alarms[0]
        assert felt.unit_mono_ms is not None
        most_ms = FELT_MS + withheld_ms(unit.pid) - withheld_before_ms
        assert 0 <= felt.unit_mono_ms - alarm.pressed.mono_ms <= most_ms
        assert {one.alarm_id for one in answerer.alarms} == {alarm.alarm_id}
        async with asyncio.timeout(30):
            while refused_sentences(unit) < 20 or len(answerer.kept_batches) < batches:
                await unit.wait_news()
        assert answerer.replies > 0
