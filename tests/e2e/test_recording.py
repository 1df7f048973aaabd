"""A recording's whole way: camera and microphone, ring, card, broker, evidence store, proof; and what is killed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import median

import pytest
from whole_recording import (
    LONG_S,
    SMALL,
    assert_same_everywhere,
    faults_of,
    files_of,
    heard_for,
    read_back,
    recording_that,
    sealed,
)
from whole_site import OFFICERS, Kind, site

OFFICER = OFFICERS[:1]
IN_STEP_MS = 40
HEAD_BYTES = 4096


async def test_alarm_records_by_itself_from_before_the_press_and_every_byte_is_sealed(tmp_path: Path) -> None:
    """With mosquitto; the others record through the embedded broker."""
    async with site(tmp_path, OFFICER, "mosquitto", SMALL) as it, it.desk() as desk:
        unit = it.unit
        await heard_for(unit, 4000)
        pressed_ms = unit.media.now_ms
        await unit.press()
        await unit.wait_felt("received")
        detail = await recording_that(desk, unit, sealed(4), "four sealed segments")
        first = detail["parts"][0]
        assert {"pre_event", "alarmed"} <= set(first["flags"])
        assert all("alarmed" in part["flags"] for part in detail["parts"][:4])
        assert detail["incident_ids"] == [(await desk.incident_of(unit.unit_id))["incident_id"]]
        assert (await desk.until(lambda: desk.units[unit.unit_id]["recording"], LONG_S)) is True
        assert_same_everywhere(it, unit, detail)
        await unit.power_cut()
        files = files_of(it, unit)
        seen = [read_back(files.evidence[f"{detail['recording']}-{number}.mkv"]) for number in range(4)]
        assert seen[0].pictures[0][1] < pressed_ms - 2000, "the ring's seconds come before the press"
        numbers = [number for one in seen for number, _, _ in one.pictures]
        assert numbers == sorted(set(numbers)), "no picture is twice"
        missing = numbers[-1] + 1 - numbers[0] - len(numbers)
        assert missing <= unit.media.counts.pictures_dropped, (
            "what a busy machine did not take was never there"
        )
        for one in seen:
            apart_ms = one.apart_ms()
            assert apart_ms and abs(median(apart_ms)) <= IN_STEP_MS, (apart_ms, one)
        assert await faults_of(it, unit) == {"no_end"}, "it went on recording"


async def test_link_cut_while_it_records_and_all_comes_after(tmp_path: Path) -> None:
    async with site(tmp_path, OFFICER, recording=SMALL) as it, it.desk() as desk:
        unit = it.unit
        await desk.command(unit.unit_id, "record", 1)
        await recording_that(desk, unit, sealed(1), "a sealed segment")
        unit.link.cut("reset")
        await unit.wait_disconnected()
        await heard_for(unit, 5000)
        unit.link.restore()
        await unit.wait_connected()
        await desk.command(unit.unit_id, "record", 0)
        detail = await recording_that(desk, unit, lambda one: one["complete"], "the whole recording")
        assert_same_everywhere(it, unit, detail)
        assert len(files_of(it, unit).card) == len(detail["parts"]) >= 4
        assert detail["absent"] == [] and "last" in detail["parts"][-1]["flags"]
        assert await faults_of(it, unit, "--complete") == set()


async def test_unit_without_power_in_a_segment_seals_what_was_on_its_card(tmp_path: Path) -> None:
    async with site(tmp_path, OFFICER, recording=SMALL) as it, it.desk() as desk:
        unit = it.unit
        await desk.command(unit.unit_id, "record", 1)
        first = await recording_that(desk, unit, sealed(1), "a sealed segment")
        await heard_for(unit, 1000)
        await unit.power_cut()
        await unit.start()
        await unit.wait_connected()
        await desk.command(unit.unit_id, "record", 1)
        second = await recording_that(
            desk, unit, lambda one: one["recording"] != first["recording"] and sealed(1)(one), "the next one"
        )
        await desk.command(unit.unit_id, "record", 0)
        await recording_that(
            desk, unit, lambda one: one["recording"] == second["recording"] and one["complete"], "its end"
        )
        path = f"/recordings/{unit.unit_id}/{first['recording']}"
        async with asyncio.timeout(LONG_S):
            while (
                "cut" not in (cut := (await desk.get(path))["parts"][-1])["flags"] or cut["state"] != "sealed"
            ):
                await desk.wait_news()
        assert_same_everywhere(it, unit, await desk.get(path))
        assert cut["foreign"] is False
        if cut["size"] > HEAD_BYTES:  # or the power went before its first page was on the card
            assert read_back(
                files_of(it, unit).evidence[f"{first['recording']}-{cut['number']}.mkv"]
            ).pictures
        assert await faults_of(it, unit, "--complete") == set()


async def test_gateway_killed_while_it_records_resumes_and_seals(tmp_path: Path) -> None:
    async with site(tmp_path, OFFICER, recording=SMALL) as it:
        unit = it.unit
        async with it.desk() as desk:
            await desk.command(unit.unit_id, "record", 1)
            await recording_that(desk, unit, sealed(1), "a sealed segment")
        await heard_for(unit, 1000)
        await it.process.kill()
        await heard_for(unit, 3000)
        await it.process.start()
        async with it.desk() as desk:
            await desk.until(lambda: desk.units[unit.unit_id]["online"], LONG_S)
            await desk.command(unit.unit_id, "record", 0)
            detail = await recording_that(desk, unit, lambda one: one["complete"], "the whole recording")
            assert_same_everywhere(it, unit, detail)
            assert len(files_of(it, unit).card) == len(detail["parts"]) >= 3
        assert await faults_of(it, unit, "--complete") == set()


@pytest.mark.parametrize("broker", ["embedded", "mosquitto"])
async def test_broker_killed_while_it_records_and_nothing_is_missing(tmp_path: Path, broker: Kind) -> None:
    async with site(tmp_path, OFFICER, broker, SMALL) as it, it.desk() as desk:
        unit = it.unit
        await desk.command(unit.unit_id, "record", 1)
        await recording_that(desk, unit, sealed(1), "a sealed segment")
        await it.kill_broker()
        await unit.wait_disconnected()
        await heard_for(unit, 3000)
        await unit.wait_connected(LONG_S)
        await desk.command(unit.unit_id, "record", 0)
        detail = await recording_that(desk, unit, lambda one: one["complete"], "the whole recording")
        assert_same_everywhere(it, unit, detail)
        assert len(files_of(it, unit).card) == len(detail["parts"]) >= 3
        assert await faults_of(it, unit, "--complete") == set()
