"""The recordings' player never lets a picture look as if it were of a moment that it is not of."""

from console_modules import driven

#: `read`: a picture each 100 ms until `pictures`, a packet of sound each 40 ms until `sounds`, from `fromMs` on.
PLAYER = """
const jpeg = Uint8Array.from([255, 216, 255, 192, 0, 17, 8, 0, 240, 1, 64, 3, 0, 0, 0, 0, 0, 0]);
globalThis.createImageBitmap = async () => ({ width: 320, height: 240, close: () => undefined });
const block = (track, atMs) => ({ track, atMs, part: 0, at: atMs, content: jpeg, head: null });
const upTo = (track, endMs, everyMs, fromMs) => Array.from({ length: endMs / everyMs }, (_, n) => n * everyMs)
  .filter((atMs) => atMs >= fromMs).map((atMs) => block(track, atMs));
const read = (fromMs, pictures, sounds) => ({ kind: "blocks",
  blocks: [...upTo(1, pictures, 100, fromMs), ...upTo(2, sounds, 40, fromMs)].sort((a, b) => a.atMs - b.atMs) });
const steps = [];
const source = { next: async () => steps.shift() ?? { kind: "wait" }, seek: () => undefined, close: () => undefined };
let cleared = 0;
const pen = { drawImage: () => undefined, clearRect: () => (cleared += 1) };
const canvas = { width: 0, height: 0, dataset: {}, getContext: () => pen };
const player = new m.Player(canvas, source, () => null);
const stands = () => {
  const { notice, pictured, atMs } = player.state.get();
  return [notice.kind, pictured, Math.round(atMs / 1000), canvas.dataset.at ?? null];
};
"""


def test_picture_is_old_when_only_sound_goes_on() -> None:
    found = driven(
        "play/player.ts",
        PLAYER
        + """
steps.push(read(0, 1000, 8000));
await page.pass(1000);
void player.play();
await page.pass(2000);
const soon = stands();
await page.pass(4000);
return [soon, stands()];
""",
    )
    assert found == [["none", True, 2, "900"], ["soundOnly", False, 6, "900"]]


def test_picture_of_before_does_not_stand_while_another_moment_is_read() -> None:
    found = driven(
        "play/player.ts",
        PLAYER
        + """
steps.push(read(0, 1000, 1000));
await page.pass(1000);
const before = stands();
player.seek(9000);
const sought = stands();
await page.pass(3000);
const waiting = stands();
steps.push(read(8900, 9500, 9500));
await page.pass(1000);
return [before, sought, waiting, stands(), cleared];
""",
    )
    assert found == [
        ["none", True, 0, "0"],
        ["loading", False, 9, None],
        ["noPicture", False, 9, None],
        ["none", True, 9, "9000"],
        1,
    ]
