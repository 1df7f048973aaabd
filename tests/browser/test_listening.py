"""One window of a browser listens: what takes the sound from whom, and who is forgotten."""

from typing import Any

from console_modules import driven

#: `other` is what another window says, by a person's choice unless that is told; `pass` lets time go by as the
#: watchdog's worker tells it.
WINDOW = """
const { freshness } = await page.module("live/watchdog.ts");
const [channel] = page.channels.filter((one) => one.name === "tipstaff.listening");
const other = (unitId, alarmed, atMs, chosen = true) => channel.onmessage({ data: { unitId, alarmed, atMs, chosen } });
const pass = async (ms) => {
  for (; ms > 0; ms -= 250) {
    await page.pass(250);
    freshness.set({ state: "live", ageMs: performance.now() });
  }
};
const now = () => [m.listening.get().unitId, m.listening.get().elsewhere?.unitId ?? null];
await pass(10_000);
"""


def listen(script: str) -> Any:
    return driven("listening.ts", WINDOW + script)


def test_picture_that_opens_by_itself_takes_the_sound_from_no_alarm_of_another_window() -> None:
    found = listen("""
const found = [];
other("A", true, 1);
m.listenIfFree("B", false);
found.push(now());
m.listenIfFree("B", true);
found.push(now());
m.listenTo("B", false);
found.push(now(), channel.said.length);
other("C", false, performance.now() + 1);
m.listenIfFree("D", false);
found.push(now());
m.listenIfFree("D", true);
found.push(now());
return found;
""")
    assert found == [[None, "A"], [None, "A"], ["B", None], 1, [None, "C"], ["D", None]]


def test_window_that_is_new_takes_no_sound_by_itself_from_one_that_it_had_not_heard_of() -> None:
    found = listen("""
const found = [];
m.listenIfFree("A", false);
other("B", false, channel.said.at(-1).atMs + 5, false);
found.push(now(), channel.said.map((one) => one.chosen));
other("C", true, channel.said.at(-1).atMs + 5, false);
found.push(now());
m.listenTo("D", true);
other("E", true, channel.said.at(-1).atMs + 5, false);
found.push(now());
return found;
""")
    assert found == [["A", None], [False, True], [None, "C"], ["D", None]]


def test_window_that_says_nothing_more_is_forgotten() -> None:
    found = listen("""
const found = [];
for (let second = 0; second < 6; second += 1) {
  other("A", false, 1);
  await pass(1000);
}
found.push(now());
await pass(4000);
found.push(now());
other("A", false, 1);
other(null, false, 1);
found.push(now());
return found;
""")
    assert found == [[None, "A"], [None, None], [None, None]]


def test_window_that_listens_says_so_each_second_until_it_is_left() -> None:
    found = listen("""
m.listenTo("A", true);
await pass(5000);
const beats = channel.said.map((one) => one.unitId);
page.tell("pagehide");
await pass(3000);
return [beats, channel.said.slice(beats.length).map((one) => one.unitId), now()];
""")
    assert found == [["A"] * 6, [None], [None, None]]


def test_of_two_windows_that_listen_the_later_one_does() -> None:
    """Also when the clock of the machine was set back in between, and when an older one only repeats itself."""
    found = listen("""
const found = [];
other("A", false, 99_000);
m.listenTo("B", false);
other("A", false, 99_000);
found.push(now(), channel.said.map((one) => [one.unitId, one.atMs > 99_000]));
other("C", false, channel.said.at(-1).atMs + 1);
found.push(now());
return found;
""")
    assert found == [["B", None], [["B", True], ["B", True]], [None, "C"]]
