"""What RTP can carry of what units send."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import simplejpeg

from gateway.evidence import frames
from gateway.relay.rtsp_jpeg import size_carried
from gateway.relay.rtsp_sound import RtpSound, rtp_form, rtp_sound
from gateway.relay.telling import Codec, SoundForm
from simulator import scene
from simulator.camera import encoded

IMAGE = scene.draw(7, 1400, 320, 240)


def turbo(sampling: str) -> bytes:
    return simplejpeg.encode_jpeg(IMAGE, quality=70, colorspace="RGB", colorsubsampling=sampling)


def other(**options: int) -> bytes:
    words = [
        value for name, flag in options.items() for value in (getattr(cv2, f"IMWRITE_JPEG_{name}"), flag)
    ]
    return cv2.imencode(".jpg", IMAGE, words)[1].tobytes()


@pytest.mark.parametrize("jpeg", [encoded(IMAGE), turbo("420"), turbo("422"), other(QUALITY=80)])
def test_pictures_of_cameras_are_carried(jpeg: bytes) -> None:
    assert size_carried(jpeg) == (320, 240)


@pytest.mark.parametrize(
    "jpeg",
    [
        turbo("444"),
        turbo("Gray"),
        other(PROGRESSIVE=1),
        other(OPTIMIZE=1),
        cv2.imencode(".jpg", np.zeros((16, 2056, 3), np.uint8))[1].tobytes(),
        b"",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 100_000 + b"\xff\xd9",
    ],
    ids=["444", "grey", "progressive", "own_tables", "too_wide", "nothing", "empty", "heads_only"],
)
def test_pictures_that_would_arrive_as_others_are_not(jpeg: bytes) -> None:
    assert size_carried(jpeg) is None


def test_every_prefix_and_every_flipped_byte_of_the_head_is_answered() -> None:
    jpeg = encoded(IMAGE)
    assert all(size_carried(jpeg[:count]) is None for count in range(len(jpeg) - 1))
    for at in range(700):
        size_carried(jpeg[:at] + bytes((jpeg[at] ^ 0xFF,)) + jpeg[at + 1 :])


def test_a_law_goes_as_it_is_where_rtp_has_it_and_all_else_as_samples() -> None:
    data = bytes(range(256))
    assert rtp_form(SoundForm(Codec.A_LAW, 8000)) == RtpSound("pcma", 8000)
    assert rtp_sound(SoundForm(Codec.A_LAW, 8000), data) == data
    wide = SoundForm(Codec.A_LAW, 16_000)
    assert rtp_form(wide) == RtpSound("l16", 16_000)
    assert (np.frombuffer(rtp_sound(wide, data), ">i2") == frames.a_law(data)).all()
    assert rtp_sound(SoundForm(Codec.PCM, 16_000), b"\x01\x02\x03\x04") == b"\x02\x01\x04\x03"
