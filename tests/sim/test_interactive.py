"""Keys, the panel, and what the keys do to the real firmware."""

import asyncio
import io
import os
import sys
import termios
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from simulator.answerer import Answerer
from simulator.felt import Felt
from simulator.interactive import Interactive
from simulator.keys import Keys, NoTerminal
from simulator.microphone import SceneMicrophone
from simulator.panel import bar, unit_panel
from simulator.unit import Unit
from simulator.unit_config import UnitConfig

MakeHome = Callable[..., UnitConfig]


@pytest.mark.parametrize(
    ("pulses_ms", "text"),
    [((), ""), ((150,), "███"), ((150, 100, 50), "███··█"), ((10, 10, 10), "█·█"), ((100, 100), "██")],
)
def test_bar_is_a_block_for_each_fifty_milliseconds(pulses_ms: tuple[int, ...], text: str) -> None:
    assert bar(pulses_ms) == text


def test_bar_of_an_endless_pattern_is_cut() -> None:
    assert len(bar((1000, 500) * 100)) == 44 and bar((1000,) * 99).endswith("…")


async def done(hand: Interactive) -> None:
    """Wait until what the last key began is over."""
    async with asyncio.timeout(30):
        while hand._work:
            await asyncio.to_thread(int)
    assert hand.notice.endswith(": done")


async def test_keys_do_what_the_panel_says(make_home: MakeHome, broker_port: int, answerer: Answerer) -> None:
    config = replace(make_home(broker_port=broker_port), microphone=SceneMicrophone)
    async with Unit(config) as unit:
        await unit.wait_connected()
        hand = Interactive(unit)
        hand.press_key("a")
        hand.press_key("a")
        assert hand.notice == "wait for the last key to be done"
        await unit.wait_felt("pressed")
        await done(hand)  # it says so in the notice, and would say it over that of a later key
        for key, seen in (("l", "silent"), ("l", None), ("L", "reset"), ("L", None)):
            hand.press_key(key)
            assert unit.link.cut_mode == seen
        hand.press_key("w")
        assert unit.link.present_shape.bandwidth_bytes_s == 85_000
        hand.press_key("b")
        assert unit.battery_pct == 80
        hand.press_key("g")
        assert unit.gnss.mode == "no_fix"
        hand.press_key("s")
        assert unit.gnss.moving
        for notice in ("card pulled out", "card in"):
            hand.press_key("p")
            assert hand.notice == notice
        hand.press_key("\x00")
        console = Console(file=io.StringIO(), width=100, height=40)
        console.print(unit_panel(unit, 0.0, "keys", "notice", "http://x"))
        assert isinstance(console.file, io.StringIO)
        assert "███" in console.file.getvalue() and "s of sound" in console.file.getvalue()
        hand.press_key("k")
        await unit.wait_disconnected()
        await done(hand)
        assert not unit.running
        hand.press_key("k")
        await unit.wait_connected()
        assert unit.boot == 2


async def test_panel_without_colour_says_everything_in_words(make_home: MakeHome) -> None:
    unit = Unit(make_home())
    console = Console(file=io.StringIO(), width=100, no_color=True)
    unit.link.cut()
    console.print(unit_panel(unit, 0.0, "", "", ""))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "OFF" in text and "CUT (silent)" in text and "no alarm" in text and "nothing yet" in text


async def test_keys_come_one_by_one_and_the_terminal_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    with open(theirs, "rb", buffering=0) as terminal, open(ours, "wb", buffering=0) as keyboard:
        monkeypatch.setattr(sys, "stdin", terminal)
        monkeypatch.setattr(sys, "stdout", terminal)
        before = termios.tcgetattr(theirs)
        async with Keys() as keys:
            keyboard.write(b"a")
            assert await asyncio.wait_for(keys.next(), 30) == "a"
            keyboard.write("é".encode())
            assert await asyncio.wait_for(keys.next(), 30) == "é"
        assert termios.tcgetattr(theirs) == before


def test_no_terminal_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(NoTerminal, match="needs a terminal"):
        Keys()


def test_felt_is_told_with_its_pulses() -> None:
    assert Felt("pressed", 1.0, (150,)).pulses_ms == (150,)
