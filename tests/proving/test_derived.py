"""Derived copies: what a browser plays shows the same moments as the master, and hides what must be hidden."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import av
import numpy as np
import pytest
import simplejpeg

sys.path.append(str(Path(__file__).parent))

import itertools

from filmed import BEATS_MS, FRAME_MS, SIZE, encode_a_law, film, tone

from gateway.evidence import derive, frames, playable
from gateway.evidence.derive import Covered, Master
from gateway.evidence.overlay import Overlay
from protocol import matroska


def shown(path: Path) -> list[tuple[int, np.ndarray]]:
    """(ms, grey picture) of every frame."""
    with av.open(str(path)) as file:
        return [(round(frame.time * 1000), frame.to_ndarray(format="gray")) for frame in file.decode(video=0)]


def heard(path: Path) -> np.ndarray:
    """Loudness of each millisecond, from the file's beginning."""
    with av.open(str(path)) as file:
        parts = [(frame.pts, frame.to_ndarray()[0]) for frame in file.decode(audio=0)]
    length = max(pts + len(samples) for pts, samples in parts)
    line = np.zeros(length, np.float32)
    for pts, samples in parts:
        line[max(0, pts) : pts + len(samples)] = samples[max(0, -pts) :]
    return np.abs(line[: length // 16 * 16].reshape(-1, 16)).mean(axis=1)


def rises(levels: list[tuple[int, float]], limit: float) -> list[int]:
    """When a level went from below to above the limit."""
    return [b[0] for a, b in itertools.pairwise(levels) if a[1] < limit <= b[1]]


@pytest.mark.parametrize("sound", [matroska.A_LAW, matroska.PCM])
def test_flash_and_beep_are_together_in_the_copy(tmp_path: Path, sound: int) -> None:
    masters = [film(tmp_path, n, mono_ms=5000 + 2000 * n, sound=sound) for n in range(3)]
    before = [master.path.read_bytes() for master in masters]
    assert derive.sound_of(masters[0].path) == sound
    assert playable.mp4(masters, tmp_path / "copy.mp4", overlay=Overlay()) == 0
    pictures = shown(tmp_path / "copy.mp4")
    assert [at_ms for at_ms, _ in pictures] == list(range(0, 6000, FRAME_MS))
    flashes = rises([(at_ms, float(image[40:100].mean())) for at_ms, image in pictures], 128)
    loud = heard(tmp_path / "copy.mp4")
    beeps = rises([(at_ms, float(level)) for at_ms, level in enumerate(loud)], 0.1)
    beeps = [at_ms for at_ms, earlier in zip(beeps, [-1000, *beeps], strict=False) if at_ms - earlier > 300]
    expected = [second + beat for second in (0, 2000, 4000) for beat in BEATS_MS]
    assert flashes == expected
    assert len(beeps) == len(expected) and max(abs(a - b) for a, b in zip(flashes, beeps, strict=True)) <= 40
    assert [master.path.read_bytes() for master in masters] == before
    with av.open(str(tmp_path / "copy.mp4")) as file:
        assert masters[0].manifest.sha256.hex() in file.metadata["comment"]


def test_gap_in_the_sound_and_between_segments_stays_a_gap(tmp_path: Path) -> None:
    masters = [film(tmp_path, 0, without_sound=range(200, 1200, 20)), film(tmp_path, 1, mono_ms=5000 + 5000)]
    playable.mp4(masters, tmp_path / "copy.mp4", overlay=Overlay())
    assert [at for at, _ in shown(tmp_path / "copy.mp4")][20] == 5000
    loud = heard(tmp_path / "copy.mp4")
    beeps = [at for at, level in enumerate(loud) if level > 0.1]
    assert abs(beeps[0] - 1500) <= 40 and not any(1700 < at < 5400 for at in beeps)
    assert any(abs(at - 5500) <= 40 for at in beeps)


def test_copy_says_when_who_and_where(tmp_path: Path) -> None:
    """The lower edge of each picture is not what the camera saw, and changes with the clock."""
    master = film(tmp_path)
    playable.mp4([master], tmp_path / "copy.mp4", overlay=Overlay())
    pictures = shown(tmp_path / "copy.mp4")
    strips = [image[-24:].astype(int) for _, image in pictures[:4]]
    assert all(strip.max() > 150 for strip in strips)
    assert any(np.abs(a - b).max() > 60 for a, b in itertools.pairwise(strips))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("2026-11-26T16:31:39.598Z 26.0537313 119.3277516 ±12 m MZ2531 (2026)闽0102执1043号",
         "26.0537313 119.3277516 ±12 m"),
        ("boot 3 +17.020 s -0.0000001 -179.9999999 (25 s old) u1", "-0.0000001 -179.9999999（25 秒前）"),
        ("2026-11-26T16:31:39.598Z no fix MZ2531", "没有定位"),
        ("something else", "something else"),
    ],
)  # fmt: skip
def test_position_is_burned_in_without_what_stands_above_it(line: str, shown: str) -> None:
    assert derive.where(line) == shown


def test_position_is_read_as_the_firmware_writes_it() -> None:
    sys.path.append(str(Path(__file__).parents[2] / "firmware"))
    from recording.line import line

    class Here:
        lat_e7, lon_e7, accuracy_dm = 260_537_313, -1_193_277_516, 118

    stamp = (1_795_486_330, 564, 3, 5000, 1)
    written = line(stamp, Here, 12_000, "u-1.1", "case 1.1").decode()
    assert derive.where(written) == "26.0537313 -119.3277516 ±12 m（12 秒前）"
    assert derive.where(line(stamp, None, None, "u", "").decode()) == "没有定位"


def test_covered_rectangle_cannot_be_seen_and_only_while_it_is_asked(tmp_path: Path) -> None:
    covered = Covered(0.25, 0.2, 0.5, 0.6, 0, 1000)
    playable.mp4([film(tmp_path)], tmp_path / "copy.mp4", overlay=Overlay(), covered=[covered])
    for at_ms, image in shown(tmp_path / "copy.mp4"):
        inside = image[60:130, 90:150].astype(int)
        assert (np.abs(inside - 96).max() < 12) == (at_ms < 1000), at_ms


def test_what_is_found_is_hidden_from_before_until_after_it(tmp_path: Path) -> None:
    """Found at 1.4 s of 4 only: hidden a second before and after."""
    masters = [film(tmp_path, n, mono_ms=5000 + 2000 * n) for n in range(2)]
    looks = []

    def find(image: np.ndarray) -> list[Covered]:
        looks.append(image)
        return [Covered(0.25, 0.2, 0.5, 0.6)] if len(looks) == 8 else []

    playable.mp4(masters, tmp_path / "copy.mp4", overlay=Overlay(), find=find)
    pictures = shown(tmp_path / "copy.mp4")
    assert [at_ms for at_ms, _ in pictures] == list(range(0, 4000, FRAME_MS)) and len(looks) == 20
    for at_ms, image in pictures:
        grey = np.abs(image[60:130, 90:150].astype(int) - 96).max() < 12
        assert grey == (400 <= at_ms <= 2400), at_ms


BOMB = bytearray(simplejpeg.encode_jpeg(np.zeros((16, 16, 3), np.uint8)))
BOMB[BOMB.index(b"\xff\xc0") + 5 : BOMB.index(b"\xff\xc0") + 9] = b"\xff\xff\xff\xff"


@pytest.mark.parametrize(
    "jpeg", [b"not a picture", bytes(BOMB), b"\xff\xd8\xff"], ids=["text", "bomb", "cut"]
)
def test_picture_that_is_none_is_left_out_and_counted(tmp_path: Path, jpeg: bytes) -> None:
    assert frames.picture(jpeg) is None
    bad = film(tmp_path, 0, picture=jpeg)
    good = film(tmp_path, 1, mono_ms=7000)
    assert playable.mp4([bad, good], tmp_path / "copy.mp4", overlay=Overlay()) == 20
    assert next(at for at, _ in shown(tmp_path / "copy.mp4")) == 2000
    with pytest.raises(ValueError, match="no picture"):
        playable.mp4([bad], tmp_path / "none.mp4", overlay=Overlay())


def test_segment_that_is_cut_off_plays_to_its_last_whole_block(tmp_path: Path) -> None:
    master = film(tmp_path)
    master.path.write_bytes(master.path.read_bytes()[:-1000])
    playable.mp4([master], tmp_path / "copy.mp4", overlay=Overlay())
    assert len(shown(tmp_path / "copy.mp4")) >= 19
    master.path.write_bytes(b"\x1aE\xdf\xa3 something else")
    assert list(frames.pieces(master.path)) == []


def test_still_and_contact_sheet(tmp_path: Path) -> None:
    masters = [film(tmp_path, n, mono_ms=5000 + 2000 * n) for n in range(2)]
    still = derive.still(masters, 2550, Overlay())
    assert still is not None and simplejpeg.decode_jpeg(still)[100, 100].min() > 200  # within a flash
    assert derive.still(masters, -1, Overlay()) == derive.still(masters, 0, Overlay()) != still
    sheet = derive.contact_sheet(masters, 8)
    assert sheet is not None and simplejpeg.decode_jpeg(sheet).shape == (2 * 240, 4 * 320, 3)
    assert derive.contact_sheet([film(tmp_path, 9, picture=b"x")], 3) is not None


def test_a_law_table_is_that_of_the_standard() -> None:
    samples = tone(BEATS_MS[0])
    decoded = frames.a_law(encode_a_law(samples)).astype(int)
    assert np.abs(decoded - samples).max() <= 512
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        audioop = pytest.importorskip("audioop")
    assert (
        frames.a_law(bytes(range(256))).tolist()
        == np.frombuffer(audioop.alaw2lin(bytes(range(256)), 2), np.int16).tolist()
    )


def test_ima_adpcm_is_what_ffmpeg_hears(tmp_path: Path) -> None:
    """A block of noise nibbles, decoded by the library and by us."""
    block = bytes([0x10, 0x00, 20, 0]) + bytes((n * 37 + 11) & 0xFF for n in range(252))
    codec = av.CodecContext.create("adpcm_ima_wav", "r")
    codec.sample_rate, codec.layout = 16_000, "mono"
    codec.options = {}
    wav = tmp_path / "x.wav"
    samples = 2 * (len(block) - 4) + 1
    fields = (
        (0x11, 2),
        (1, 2),
        (16_000, 4),
        (16_000 * 256 // samples, 4),
        (256, 2),
        (4, 2),
        (2, 2),
        (samples, 2),
    )
    fmt = b"".join(value.to_bytes(width, "little") for value, width in fields)
    wav.write_bytes(b"RIFF" + (4 + 8 + len(fmt) + 8 + 256).to_bytes(4, "little") + b"WAVEfmt "
                    + len(fmt).to_bytes(4, "little") + fmt + b"data" + (256).to_bytes(4, "little") + block)  # fmt: skip
    with av.open(str(wav)) as file:
        theirs = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    ours = frames.ima_adpcm(block, 256)
    assert ours[: len(theirs)].tolist() == theirs.astype(np.int16)[: len(ours)].tolist()


def test_masters_of_another_size_are_fitted(tmp_path: Path) -> None:
    small = simplejpeg.encode_jpeg(np.full((60, 160, 3), 255, np.uint8))
    masters: list[Master] = [film(tmp_path, 0), film(tmp_path, 1, mono_ms=7000, picture=bytes(small))]
    playable.mp4(masters, tmp_path / "copy.mp4", overlay=Overlay())
    last = shown(tmp_path / "copy.mp4")[-1][1]
    assert last.shape == SIZE[::-1] and last[10].max() < 40 and last[120].min() > 200
