"""What is urgent goes first on the event loop, and bulk work is never starved by it."""

import asyncio

from gateway.turns import Turns


async def test_bulk_work_stands_aside_until_the_last_urgent_thing_is_over():
    turns, done = Turns(longest_s=60), []

    async def bulk():
        await turns.give_way()
        done.append("bulk")

    async def urgent(name, over):
        with turns.urgent():
            await over.wait()
            done.append(name)

    first, second = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(urgent("first", first))
        tasks.create_task(urgent("second", second))
        tasks.create_task(bulk())
        for over in (first, second):
            for _ in range(20):
                await asyncio.sleep(0)
            assert "bulk" not in done
            over.set()
    assert done == ["first", "second", "bulk"]


async def test_bulk_work_has_its_slice_although_something_urgent_does_not_end():
    turns = Turns(longest_s=0)
    with turns.urgent():
        await turns.give_way()


async def test_bulk_work_lets_others_have_their_turn_when_nothing_is_urgent():
    turns, done = Turns(), []

    async def other():
        done.append("other")

    task = asyncio.create_task(other())
    await turns.give_way()
    assert done == ["other"]
    await task


async def test_urgent_thing_that_fails_is_over():
    turns = Turns(longest_s=60)
    try:
        with turns.urgent():
            raise ValueError
    except ValueError:
        pass
    await turns.give_way()


async def test_request_that_goes_on_does_not_hold_up_bulk_work(monkeypatch):
    monkeypatch.setattr("gateway.turns.MOMENT_S", 0)
    turns = Turns(longest_s=60)
    with turns.moment():
        await turns.give_way()
