"""The synthetic picture says which one it is, through everything that a picture goes through."""

from __future__ import annotations

import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import av
import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import scene
from simulator.camera import FilmCamera, SceneCamera
from simulator.errors import NotFound
from simulator.microphone import WavMicrophone
from simulator.sources import camera_of


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_number_and_time_are_read_back_after_jpeg(number: int, at_ms: int) -> None:
    jpeg = simplejpeg.encode_jpeg(scene.draw(number, at_ms, 320, 240), quality=40, colorsubsampling="420")
    assert scene.read(simplejpeg.decode_jpeg(jpeg)) == (number, at_ms)


@pytest.mark.parametrize("size", [(160, 120), (640, 480), (913, 411), (1280, 720)])
def test_number_and_time_are_read_back_after_a_change_of_size(size: tuple[int, int]) -> None:
    image = cv2.resize(scene.draw(12_345, 67_890, 640, 480), size, interpolation=cv2.INTER_AREA)
    assert scene.read(image) == (12_345, 67_890)


def test_number_and_time_are_read_back_after_h264(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10, options={"crf": "30"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for number in range(20):
            out.mux(
                stream.encode(av.VideoFrame.from_ndarray(scene.draw(number, number * 100, 640, 480), "rgb24"))
            )
        out.mux(stream.encode(None))
    with av.open(str(path)) as film:
        read = [scene.read(frame.to_ndarray(format="rgb24")) for frame in film.decode(video=0)]
    assert read == [(number, number * 100) for number in range(20)]


def test_what_is_no_such_picture_is_not_read() -> None:
    for image in (np.zeros((240, 320, 3)), np.full((240, 320, 3), 255), np.full((240, 320, 3), 128)):
        assert scene.read(image.astype(np.uint8)) is None
    spoiled = scene.draw(5, 5, 320, 240)
    spoiled[:12, :16] = 255 - spoiled[:12, :16]
    assert scene.read(spoiled) is None


def test_flash_and_beep_mark_the_same_full_seconds() -> None:
    line = np.concatenate([scene.sound(at_ms, 20) for at_ms in range(0, 3000, 20)])
    assert (line == scene.sound(0, 3000)).all(), "packets join without a seam"
    for at_ms in range(0, 3000, 20):
        loud = np.abs(scene.sound(at_ms, 20)).max() > 5000
        bright = scene.draw(0, at_ms, 160, 120)[60:100, 10:60].mean() > 200
        assert loud == bright == scene.flashing(at_ms)


def test_camera_numbers_its_pictures_and_a_clip_begins_anew(tmp_path: Path) -> None:
    camera = SceneCamera(320, 240)
    pictures = [simplejpeg.decode_jpeg(camera.shoot(n * 100)) for n in range(3)]
    assert [scene.read(one) for one in pictures] == [(0, 0), (1, 100), (2, 200)]
    path = tmp_path / "clip.avi"
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
    for one in pictures:
        film.write(cv2.cvtColor(one, cv2.COLOR_RGB2BGR))
    film.release()
    clip = FilmCamera(path, 320, 240)
    numbers = [scene.read(simplejpeg.decode_jpeg(clip.shoot(0))) for _ in range(5)]
    assert [one and one[0] for one in numbers] == [0, 1, 2, 0, 1]
    clip.close()
    clip.close()
    with pytest.raises(NotFound):
        FilmCamera(tmp_path / "nothing.avi")


class NetworkCamera(BaseHTTPRequestHandler):
    """Sends three pictures as MJPEG over HTTP, each to be shown until the next."""

    pictures: ClassVar[list[bytes]] = []

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        self.end_headers()
        for one in self.pictures:
            self.wfile.write(b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(one))
            self.wfile.write(one + b"\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_network_camera_is_seen_and_gone_it_is_grey() -> None:
    scenes = SceneCamera(320, 240)
    NetworkCamera.pictures = [scenes.shoot(n * 100) for n in range(3)]
    with ThreadingHTTPServer(("127.0.0.1", 0), NetworkCamera) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        opens = camera_of(f"http://127.0.0.1:{server.server_port}/live")
        assert opens is not None
        camera = opens()
        assert not camera.ahead
        camera.resize(320, 240)
        seen = [scene.read(simplejpeg.decode_jpeg(camera.shoot(0))) for _ in range(4)]
        assert seen == [(0, 0), (1, 100), (2, 200), None]
        assert abs(int(simplejpeg.decode_jpeg(camera.shoot(0))[120, 160, 0]) - 64) < 3
        camera.close()
        server.shutdown()
    with pytest.raises(NotFound, match="gives no video"):
        opens()


def test_wav_file_is_heard_over_and_over_at_the_unit_s_rate(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.repeat(np.arange(0, 8000, dtype="<i2"), 2).tobytes())
    microphone = WavMicrophone(path)
    heard = microphone.listen(500, 1000)
    assert len(heard) == scene.RATE_HZ and abs(int(heard[0]) - 4000) < 3 and heard[-1] < 4003
    assert heard.argmax() == 7999
    for content in (b"", b"RIFF", b"RIFF\x00\x00\x00\x00WAVEfmt "):
        path.write_bytes(content)
        with pytest.raises(NotFound):
            WavMicrophone(path)
