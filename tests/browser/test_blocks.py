"""What the player takes apart, against the gateway's own functions: blocks, sound, sizes of pictures, times."""

import random
from typing import Any

import numpy as np
import pytest
import simplejpeg
from console_filmer import film, jpeg
from test_arithmetic import evaluated

from gateway.evidence import frames
from protocol import blocks, ebml, matroska
from protocol.errors import ProtocolError

RECORDING = bytes.fromhex("a1b2c3d4e5f60718")
SUMMARY = (
    "found.map(({ track, timeMs, at, content }) => "
    "[track, timeMs, at, content.length, content.reduce((a, b) => (a * 31 + b) % 65521, 7)])"
)
FED = f"""given.map(({{ data, cuts }}) => {{
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  const reader = new m.BlockReader();
  const found = [];
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {{ found.push(...reader.feed(bytes.subarray(at, cut))); at = cut; }}
  return {{ found: {SUMMARY}, head: reader.head, refused: reader.fault !== null }};
}})"""


def base64(data: bytes) -> str:
    import base64 as codec

    return codec.b64encode(data).decode()


def digest(content: bytes) -> int:
    value = 7
    for byte in content:
        value = (value * 31 + byte) % 65521
    return value


def summary(data: bytes, found: list[Any]) -> list[list[int]]:
    return [
        [one.track, one.time_ms, one.start, one.size, digest(data[one.at : one.at + one.size])]
        for one in found
    ]


def test_blocks_are_those_of_the_gateway_however_the_bytes_come() -> None:
    made = film(RECORDING, 0, 3, utc_ms=1_795_486_330_564).data
    pick = random.Random(3)
    given = [
        {"data": base64(made), "cuts": sorted(pick.sample(range(1, len(made)), count))}
        for count in (0, 1, 7, 200)
    ]
    expected = summary(made, blocks.Reader().feed(made))
    assert len(expected) == 3 * (25 + 10 + 1)
    for found in evaluated("play/blocks.ts", FED, given):
        assert found["found"] == expected
        assert found["head"] == {
            "width": 320, "height": 240, "sound": matroska.A_LAW, "rateHz": 16_000, "blockBytes": 1,
            "utcMs": 1_795_486_330_564,
        }  # fmt: skip
        assert not found["refused"]


@pytest.mark.parametrize(
    ("form", "sound", "block_bytes"),
    [
        (matroska.Format(0, 0, matroska.PCM, 8000), matroska.PCM, 0),
        (matroska.Format(640, 480, matroska.IMA_ADPCM, 16_000, 256), matroska.IMA_ADPCM, 256),
        (matroska.Format(640, 480, 0), 0, 0),
    ],
)
def test_head_says_how_the_sound_is_coded(form: matroska.Format, sound: int, block_bytes: int) -> None:
    head, _ = matroska.head(form, bytes(16), "tipstaff", None, [("CASE", "x" * 100)])
    (found,) = evaluated("play/blocks.ts", FED, [{"data": base64(head), "cuts": []}])
    assert (found["head"]["sound"], found["head"]["blockBytes"]) == (sound, block_bytes)
    assert (found["head"]["width"], found["head"]["utcMs"]) == (form.width, None)


def test_hostile_bytes_are_refused_where_the_gateway_refuses_them() -> None:
    made = film(RECORDING, 0, 1).data
    first = blocks.Reader()
    at = first.feed(made)[0].start
    pick = random.Random(5)
    spoilt = [
        bytes(3),
        b"GIF89a" + bytes(50),
        made[:at] + b"\xa3\x1f\xff\xff\xff" + bytes(100),
        made[:at] + bytes(20),
        made[at:],
    ]
    spoilt.append(made[:60] + ebml.element(0x1B538667, bytes(30)) + made[60:])
    for _ in range(300):
        one = bytearray(made[:4000])
        for _ in range(pick.choice((1, 3, 20))):
            one[pick.randrange(len(one))] = pick.randrange(256)
        spoilt.append(bytes(one))
    answers = evaluated("play/blocks.ts", FED, [{"data": base64(one), "cuts": []} for one in spoilt])
    refused = 0
    for one, answer in zip(spoilt, answers, strict=True):
        try:
            found = summary(one, blocks.Reader().feed(one))
        except ProtocolError:
            assert answer["refused"], answer
            refused += 1
        else:
            # A head that cannot be read is refused here alone: the gateway does not look into it.
            assert answer["refused"] or answer["found"] == found
    assert refused > 20


HOLES = f"""given.map(({{ data, holes, start }}) => {{
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  const reader = new m.BlockReader(start);
  const found = [];
  let at = start;
  for (const [from, to] of [...holes, [bytes.length, 0]]) {{
    found.push(...reader.feed(bytes.subarray(at, from)));
    if (to) {{ reader.skipTo(to); at = to; }}
  }}
  return {SUMMARY};
}})"""


def test_it_goes_on_behind_a_hole_and_from_any_place() -> None:
    made = film(RECORDING, 0, 4)
    data = made.data
    every = summary(data, blocks.Reader().feed(data))
    pictures = [one for one in every if one[0] == matroska.PICTURE]
    # A picture was left out, as on a thin link: nothing else is lost.
    gone = [pictures[3], pictures[12]]
    holes = [[one[2], one[2] + 9 + one[3]] for one in gone]
    # A hole with a cluster in it: it goes on at the next one, and nothing has a wrong time.
    wide = [pictures[5][2] + 100, pictures[14][2] + 100]
    torn, lost, anywhere = evaluated(
        "play/blocks.ts", HOLES,
        [
            {"data": base64(data), "holes": holes, "start": 0},
            {"data": base64(data), "holes": [wide], "start": 0},
            {"data": base64(data), "holes": [], "start": pictures[15][2] + 7},
        ],
    )  # fmt: skip
    assert torn == [one for one in every if one not in gone]
    assert lost == [one for one in every if one[2] < pictures[5][2] or one[1] >= 2000]
    assert anywhere == [one for one in every if one[1] >= 2000]


def test_sound_is_that_of_the_gateway() -> None:
    pick = random.Random(9)
    data = bytes(range(256)) + bytes(pick.randrange(256) for _ in range(1024))
    given = {"data": base64(data)}
    bytes_ = "Uint8Array.from(Buffer.from(given.data, 'base64'))"
    found = evaluated(
        "play/samples.ts",
        f"[m.aLaw({bytes_}), m.pcm16({bytes_}), m.imaAdpcm({bytes_}, 256)]"
        ".map((one) => [...one].map((value) => value * 32768))",
        given,
    )
    for got, expected in zip(
        found, (frames.a_law(data), frames.pcm(data), frames.ima_adpcm(data, 256)), strict=True
    ):
        assert np.array_equal(np.array(got), expected)


def test_size_of_a_picture_is_read_before_it_is_decoded() -> None:
    bomb = bytearray(jpeg(1, 0))
    at = bomb.index(b"\xff\xc0") + 5
    bomb[at : at + 4] = b"\xff\xff\xff\xff"
    cases = {
        jpeg(1, 100): {"width": 320, "height": 240},
        bytes(simplejpeg.encode_jpeg(np.zeros((480, 640, 3), np.uint8))): {"width": 640, "height": 480},
        bytes(bomb): None,
        jpeg(1, 100).replace(b"\xff\xc0", b"\xff\xc2", 1): None,
        b"\xff\xd8\xff": None, b"": None, b"not a picture": None, b"\xff\xd8" + b"\xff\xe0\x00\x00" * 20: None,
    }  # fmt: skip
    found = evaluated(
        "play/jpeg.ts", "given.map((one) => m.jpegSize(Uint8Array.from(Buffer.from(one, 'base64'))))",
        [base64(one) for one in cases],
    )  # fmt: skip
    assert found == list(cases.values())


def part(number: int, **given: Any) -> dict[str, Any]:
    empty = {
        "number": number, "state": "sealed", "size": 100, "ranges": [{"start": 0, "end": 100, "how": "live"}],
        "first_ms": None, "boot": None,
        "first_mono_ms": None, "last_mono_ms": None, "first_heard_ms": 0, "last_heard_ms": 0, "marks_ms": [],
    }  # fmt: skip
    return empty | given


def stretch(number: int, boot: int, from_ms: int, to_ms: int, utc_ms: int | None = None) -> dict[str, Any]:
    return part(number, boot=boot, first_mono_ms=from_ms, last_mono_ms=to_ms, first_ms=utc_ms)


@pytest.mark.parametrize(
    ("parts", "learned", "expected"),
    [
        ([stretch(1, 1, 9000, 12_000), stretch(0, 1, 5000, 9000)], [], [[0, 4000], [4000, 7000]]),
        ([stretch(0, 1, 5000, 9000), stretch(3, 1, 65_000, 69_000)], [], [[0, 4000], [60_000, 64_000]]),
        ([stretch(0, 1, 5000, 9000), stretch(1, 2, 300, 4300)], [], [[0, 4000], [4000, 8000]]),
        ([stretch(0, 1, 5000, 9000), stretch(1, 1, 100, 4100)], [], [[0, 4000], [4000, 8000]]),
        (
            [stretch(0, 1, 5000, 9000, 1_000_000), part(1)], [[1, {"lastMs": 700, "utcMs": 1_006_000}]],
            [[0, 4000], [6000, 6700]],
        ),
        ([part(0, last_heard_ms=5000), part(1)], [], [[0, 5000], [5000, 5000]]),
        ([], [], []),
    ],
)  # fmt: skip
def test_segments_lie_on_one_line_by_the_clock_that_never_steps(
    parts: list[Any], learned: list[Any], expected: list[list[int]]
) -> None:
    found = evaluated(
        "play/line.ts",
        "m.laidOut(given.parts, new Map(given.learned)).map((one) => [one.fromMs, one.toMs])",
        {"parts": parts, "learned": learned},
    )
    assert found == expected


def test_line_shows_the_worst_of_what_falls_on_a_pixel() -> None:
    torn = stretch(0, 1, 0, 1000)
    torn["ranges"] = [
        {"start": 0, "end": 50, "how": "live"}, {"start": 50, "end": 51, "how": "missing"},
        {"start": 51, "end": 100, "how": "backfilled"},
    ]  # fmt: skip
    found = evaluated(
        "ui/recordings/lanes.ts",
        "[...m.columns([{ part: given, fromMs: 0, toMs: 1000, utcMs: null }], 2000, 20)]",
        torn,
    )
    assert found == [1] * 5 + [3] + [2] * 4 + [0] * 10
    late = stretch(3, 1, 1500, 2000)
    found = evaluated(
        "ui/recordings/lanes.ts",
        "[...m.columns(given.map(([part, fromMs, toMs]) => ({ part, fromMs, toMs })), 2000, 20)]",
        [[stretch(0, 1, 0, 1000), 0, 1000], [late, 1500, 2000]],
    )
    assert found == [1] * 10 + [3] * 5 + [1] * 5


WINDOW = """(() => {
  const window = new m.BlockWindow();
  const of = { at: 0, part: 0, head: null };
  const made = ([track, atMs, size]) => ({ ...of, track, atMs, timeMs: atMs, content: new Uint8Array(size) });
  window.add(given.blocks.map(made));
  const full = window.full;
  window.trim(given.atMs);
  const held = [1, 2, 3].map((track) => window.tracks.get(track).map((one) => one.atMs));
  const shown = window.pictureAt(given.atMs)?.atMs ?? null;
  return { full, after: window.full, held, shown, next: window.nextMs(given.atMs) };
})()"""


@pytest.mark.parametrize(
    ("blocks_", "at_ms", "expected"),
    [
        # Out of order, and of a track that is none.
        ([[1, 200, 9], [1, 0, 9], [2, 100, 9], [7, 0, 9], [1, 100, 9]], 150,
         {"full": False, "after": False, "held": [[0, 100, 200], [100], []], "shown": 100, "next": 200}),
        # Four seconds behind are kept, and the picture that stands.
        ([[1, ms, 9] for ms in range(0, 20_000, 1000)], 10_000,
         {"full": False, "after": False, "held": [list(range(6000, 20_000, 1000)), [], []], "shown": 10_000,
          "next": 11_000}),
        ([[1, 0, 9]], 60_000, {"full": False, "after": False, "held": [[0], [], []], "shown": None, "next": None}),
        # Thirteen pictures of 4 MB are too much: what is behind goes first.
        ([[1, ms, 4 << 20] for ms in range(13)], 11,
         {"full": True, "after": False, "held": [[11, 12], [], []], "shown": 11, "next": 12}),
        # So are 20,000 of nothing.
        ([[2, ms, 0] for ms in range(20_000)], 19_990,
         {"full": True, "after": False, "held": [[], list(range(19_990, 20_000)), []], "shown": None, "next": 19_991}),
    ],
)  # fmt: skip
def test_window_is_bounded(blocks_: list[Any], at_ms: int, expected: dict[str, Any]) -> None:
    assert evaluated("play/window.ts", WINDOW, {"blocks": blocks_, "atMs": at_ms}) == expected
