"""One live connection's bookkeeping, without a network: what is left out, what never is, when it ends."""

import asyncio

import pytest

from gateway.api.viewer import MAX_WAITING, Changed, Close, Message, Viewer

NOTHING = Changed()


def delta(seq: int, *units: str) -> Message:
    return Message(seq, f"delta {seq}", Changed(frozenset(units)))


def incident(seq: int) -> Message:
    return Message(seq, f"incident {seq}")


def waiting(viewer: Viewer) -> list[str]:
    """The texts that would be sent now."""

    async def all_texts() -> list[str]:
        texts = []
        while True:
            coming = asyncio.create_task(viewer.next())
            await asyncio.sleep(0)
            if not coming.done():
                coming.cancel()
                return texts
            texts.append(coming.result())

    return asyncio.run(all_texts())


def test_messages_come_in_order() -> None:
    viewer = Viewer(Message(4, "snapshot"), 0.0)
    viewer.push(delta(5, "a"), 0.5)
    viewer.push(incident(6), 0.6)
    assert waiting(viewer) == ["snapshot", "delta 5", "incident 6"]


def test_viewer_that_echoes_is_never_conflated() -> None:
    viewer = Viewer(Message(0, "snapshot"), 0.0)
    for second in range(1, 60):
        viewer.seen(second - 1)
        viewer.check(float(second))
        viewer.push(delta(second, "a"), float(second))
    assert not viewer.conflating and viewer.close_code is None


def test_three_seconds_behind_leaves_deltas_out_and_keeps_incidents() -> None:
    viewer = Viewer(Message(0, "snapshot"), 0.0)
    viewer.push(delta(1, "a"), 1.0)
    viewer.push(incident(2), 1.5)
    viewer.push(delta(3, "b"), 2.0)
    viewer.check(3.1)
    assert viewer.conflating
    viewer.push(delta(4, "c"), 3.1)
    viewer.push(incident(5), 3.2)
    assert waiting(viewer) == ["snapshot", "incident 2", "incident 5"]
    assert viewer.missed == Changed(frozenset("abc"))


def test_what_was_missed_comes_as_one_delta_after_the_viewer_caught_up() -> None:
    viewer = Viewer(Message(0, "snapshot"), 0.0)
    viewer.push(delta(1, "a"), 1.0)
    viewer.check(3.5)
    assert not viewer.caught_up
    viewer.seen(0)
    assert viewer.caught_up
    viewer.catch_up(delta(4, "a"), 4.0)
    assert waiting(viewer) == ["snapshot", "delta 4"]
    assert viewer.missed == NOTHING and not viewer.conflating


@pytest.mark.parametrize(("now_s", "code"), [(9.9, None), (10.1, Close.BEHIND)])
def test_ten_seconds_behind_is_the_end(now_s: float, code: Close | None) -> None:
    viewer = Viewer(Message(0, "snapshot"), 0.0)
    viewer.check(now_s)
    assert viewer.close_code is code


def test_flood_of_incidents_is_bounded() -> None:
    viewer = Viewer(Message(0, "snapshot"), 0.0)
    for seq in range(1, MAX_WAITING + 2):
        viewer.push(incident(seq), 0.0)
    assert viewer.close_code is Close.BEHIND


def test_echo_of_what_was_never_sent_is_refused() -> None:
    viewer = Viewer(Message(7, "snapshot"), 0.0)
    with pytest.raises(ValueError, match="never sent"):
        viewer.seen(8)
    viewer.seen(-1)
    viewer.seen(7)


def test_first_reason_to_end_counts() -> None:
    viewer = Viewer(Message(0, "snapshot"), 0.0)
    viewer.end(Close.SESSION_ENDED)
    viewer.end(Close.BEHIND)
    assert viewer.close_code is Close.SESSION_ENDED
