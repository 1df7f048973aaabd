"""The talk's own rules in the page: when the microphone is on, and what is believed of the gateway."""

from typing import Any

import pytest
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


def test_answer_to_an_earlier_press_is_not_taken_for_that_to_this_one() -> None:
    """Over a long line it comes after the second press was asked for; then nothing of the first goes on."""
    found = talk("""
const said = [];
const note = () => said.push([talker.talk.get().heard, talker.talk.get().wish, words()]);
talker.start("push", false);
page.asked[0].give();
await page.settle();
await live(500, {});
talker.stop();
talker.start("push", false);
says({ you: true, n: 1 });
packet();
note();
says({ you: false, n: null });
packet();
note();
socket.say({ t: "refused", why: "not_fed", n: 1 });
note();
says({ you: true, n: 2 });
packet();
note();
says({ you: false, n: null });
note();
return [said, socket.sent.filter((one) => one.t).map((one) => [one.t, one.n ?? null])];
""")
    assert found == [
        [
            [False, "push", 0],
            [False, "push", 0],
            [False, "push", 0],
            [True, "push", 3],
            [False, None, 3],
        ],
        [["begin", 1], ["end", None], ["begin", 2]],
    ]


def test_refusal_ends_the_press_that_it_answers() -> None:
    found = talk("""
const said = [];
const note = () => said.push([talker.talk.get().wish, talker.talk.get().refusal?.why ?? null]);
talker.start("call", false);
page.asked[0].give();
await page.settle();
says({ you: true, n: 1 });
socket.say({ t: "refused", why: "absent" });
socket.say({ t: "refused", why: "too_fast", n: 1 });
note();
socket.say({ t: "refused", why: "silent", n: 1 });
note();
talker.start("call", false);
note();
socket.say({ t: "refused", why: "busy", n: 2, by: { login: "a", name: "A" } });
note();
return said;
""")
    assert found == [["call", "too_fast"], [None, "silent"], ["call", None], [None, "busy"]]


#: What the gateway answers when it is asked why: of the unit, and of who is signed in.
REFUSED = """
page.answer = (address) => address.includes("/units/") ? { status: given.unit, body: {} }
  : { status: given.session, body: { csrf: "", user: { role: given.role } } };
const talker = new m.Talker("UNIT1");
for (let second = 0; second < 20; second += 1) {
  page.sockets.at(-1).close(1006);
  await page.pass(1000);
}
return [talker.talk.get().link, page.sockets.length > 1];
"""


@pytest.mark.parametrize(
    ("unit", "session", "role", "link", "again"),
    [
        (404, 200, "dispatcher", "rights", False),
        (403, 200, "dispatcher", "rights", False),
        (200, 200, "viewer", "rights", False),
        (401, 401, "dispatcher", "session", False),
        (200, 200, "dispatcher", "crowded", True),
        (502, 502, "dispatcher", "lost", True),
    ],
)
def test_talk_that_is_refused_says_why_and_tries_again_only_if_that_helps(
    unit: int, session: int, role: str, link: str, again: bool
) -> None:
    given = {"unit": unit, "session": session, "role": role}
    assert driven("talk/talker.ts", REFUSED, given) == [link, again]
