"""The live player says of each picture how old it is, and asks for what this machine can take."""

from typing import Any

from console_modules import driven

#: A view that is connected; `shoot` is a picture as the gateway sends it, taken now.
WATCHED = """
globalThis.createImageBitmap = async () => ({ width: 320, height: 240, close: () => undefined });
const canvas = { width: 0, height: 0, dataset: {}, getContext: () => ({ drawImage: () => undefined }) };
const player = new m.LivePlayer(canvas, "UNIT1");
const [socket] = page.sockets;
let number = 0;
const shoot = () => {
  const jpeg = [255, 216, 255, 192, 0, 17, 8, 0, 240, 1, 64, 3, 0, 0, 0, 0, 0, 0];
  const data = new DataView(new ArrayBuffer(24 + jpeg.length));
  [1, 1, 1, 1].forEach((byte, at) => data.setUint8(at, byte));
  data.setUint32(4, number += 1);
  data.setFloat64(8, performance.now());
  data.setFloat64(16, performance.now());
  jpeg.forEach((byte, at) => data.setUint8(24 + at, byte));
  socket.say(data.buffer);
};
const state = (more) => ({ t: "state", now_ms: performance.now(), mode: "full", why: null, bytes_s: 0, viewers: [],
  dropped: 0, last_picture_ms: null, last_sound_ms: null, recording: null, ...more });
const live = async (ms, more) => { for (; ms > 0; ms -= 500) { socket.say(state(more)); await page.pass(500); } };
const view = () => player.state.get();
socket.open();
socket.say({ t: "hello", unit: "UNIT1", now_ms: 0 });
"""


def watch(script: str) -> Any:
    return driven("play/livePlayer.ts", WATCHED + script)


def test_still_after_a_long_pause_is_old_within_seconds() -> None:
    """Once two stills lay a minute apart, the next pause must be told as one all the same."""
    found = watch("""
shoot();
await live(50_000, { mode: "stills" });
shoot();
await live(5000, { mode: "stills" });
const soon = view().old;
await live(1500, { mode: "stills" });
return [soon, view().old, Math.round(view().ageMs / 500)];
""")
    assert found == [False, True, 13]


def test_no_rate_is_said_before_there_is_one() -> None:
    found = watch("""
const said = [];
shoot();
await live(1000, {});
said.push(view().bytesS);
await live(500, { bytes_s: 70_000 });
said.push(view().bytesS);
await live(3000, {});
said.push(view().bytesS);
return said;
""")
    assert found == [None, 70_000, 0]


def test_page_whose_timers_are_slowed_down_says_what_it_has_seen() -> None:
    """The gateway cuts off who says nothing for 10 s; a browser runs the timers of a hidden page once a minute."""
    found = watch("""
for (let second = 0; second < 20; second += 0.5) {
  shoot();
  await page.skip(500);
}
return socket.sent.filter((one) => one.t === "seen").map((one) => one.number);
""")
    assert found == list(range(found[0], 41, 2)) and len(found) >= 19
