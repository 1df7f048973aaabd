"""The talk's own rules in the page: when the microphone is on, and what is believed of the gateway."""

from typing import Any

from console_modules import driven

#: A panel that is connected, and the gateway's word on the talk.
OPENED = """
const talker = new m.Talker("UNIT1");
const [socket] = page.sockets;
const says = (more) => socket.say({ t: "state", by: null, since_ms: null, you: false, call: false, aloud: false,
  dropped: 0, offer: null, silent: false, online: true, speaker: "plays", present: [], now_ms: 0, ...more });
const live = async (ms, more) => { for (; ms > 0; ms -= 500) { says(more); await page.pass(500); } };
const packet = () => page.nodes.at(-1).port.onmessage?.({ data: { sound: new Uint8Array(320), peak: 0.5 } });
const begins = () => socket.sent.filter((one) => one.t === "begin");
const words = () => socket.sent.filter((one) => one instanceof Uint8Array).length;
says({});
await page.settle();
"""


def talk(script: str) -> Any:
    return driven("talk/talker.ts", OPENED + script)


def test_microphone_stays_on_in_a_call_that_follows_a_press_let_go_while_it_was_asked_for() -> None:
    """Granted after it was let go: what would have switched it off then must not hit the next talk."""
    found = talk("""
talker.start("push", false);
talker.stop();
await live(3000, {});
page.asked[0].give();
await page.settle();
await live(2000, {});
talker.start("call", false);
await live(30_000, { you: true, call: true, n: begins().at(-1).n });
packet();
await page.settle();
const during = { on: page.tracks[0].on, mic: talker.talk.get().mic, words: words() };
talker.stop();
await live(14_000, {});
const soon = page.tracks[0].on;
await live(2000, {});
return { ...during, soon, after: page.tracks[0].on };
""")
    assert found == {"on": True, "mic": "on", "words": 1, "soon": True, "after": False}
