"""Camera, microphone and loudspeaker of the ESP32-S3.

The camera needs the module `camera` (micropython-camera-API, an external C module of the image); an image without it
has no camera. None of it has run on a chip here: it is compiled, and checked against the type stubs where they exist.
"""

import asyncio

from machine import I2S, Pin

from boards.esp32s3 import pins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

POLL_MS = 10
RATE_HZ = 16_000
MIC_BUFFER_BYTES = 16_000  # half a second
SPEAKER_BUFFER_BYTES = 1280  # 40 ms: what has been taken is heard, whatever comes
DATA_PINS = (11, 9, 8, 10, 12, 18, 17, 16)
SIZES = {(320, 240): "QVGA", (640, 480): "VGA", (800, 600): "SVGA", (1280, 720): "HD"}
NOTHING = b""


class Camera:
    """An OV2640 or OV5640 that gives JPEG. A picture is told about one frame after it was exposed."""

    def __init__(self, module) -> None:
        self._module = module
        self._camera: Any = None
        self.width = self.height = 0
        self.late_ms = 0

    def configure(self, width: int, height: int, fps: int, most_bytes: int) -> None:
        """Starts the sensor. A sensor that does not answer leaves the unit without pictures."""
        module = self._module
        self.width, self.height = width, height
        self.late_ms = 1000 // (2 * fps)
        self._every_ms = 1000 // fps
        try:
            self._camera = module.Camera(
                data_pins=DATA_PINS, pclk_pin=13, vsync_pin=6, href_pin=7, sda_pin=4, scl_pin=5, xclk_pin=15,
                xclk_freq=pins.CAMERA_XCLK_HZ, powerdown_pin=-1, reset_pin=-1, fb_count=2,
                pixel_format=module.PixelFormat.JPEG, frame_size=getattr(module.FrameSize, SIZES[width, height]),
                grab_mode=module.GrabMode.LATEST,
            )  # fmt: skip
        except Exception:
            self._camera = None

    async def frame(self):
        """The next picture, at the pace that was asked for."""
        if self._camera is None:
            await asyncio.Event().wait()
        await asyncio.sleep_ms(self._every_ms - POLL_MS)
        while not self._camera.frame_available():
            await asyncio.sleep_ms(POLL_MS)
        return self._camera.capture() or NOTHING


def make_camera() -> "Camera | None":
    """The camera, None in an image that cannot drive one."""
    try:
        import camera  # type: ignore[import-not-found]
    except ImportError:
        return None
    return Camera(camera)


def make_microphone():
    """An I2S microphone (INMP441 and its like), left channel, as a stream of 16-bit samples; None without I2S."""
    try:
        bus = I2S(
            0, sck=Pin(pins.MIC_SCK), ws=Pin(pins.MIC_WS), sd=Pin(pins.MIC_SD), mode=I2S.RX, bits=16,
            format=I2S.MONO, rate=RATE_HZ, ibuf=MIC_BUFFER_BYTES,
        )  # fmt: skip
    except (OSError, ValueError):
        return None
    return asyncio.StreamReader(bus)


class Speaker:
    """A MAX98357A behind I2S, left channel: 16-bit samples, 16 kHz. It sounds nothing when it is given nothing."""

    def __init__(self, bus) -> None:
        self._writer: Any = asyncio.StreamWriter(bus, {})

    async def play(self, samples) -> None:
        """Returns when the I2S driver has taken all of them."""
        # Not by `write`: its first try would wait for the hardware, as the bus does until it has been polled.
        self._writer.out_buf = samples
        await self._writer.drain()


def make_speaker() -> "Speaker | None":
    """The loudspeaker; None without I2S."""
    try:
        bus = I2S(
            1, sck=Pin(pins.SPEAKER_SCK), ws=Pin(pins.SPEAKER_WS), sd=Pin(pins.SPEAKER_SD), mode=I2S.TX, bits=16,
            format=I2S.MONO, rate=RATE_HZ, ibuf=SPEAKER_BUFFER_BYTES,
        )  # fmt: skip
    except (OSError, ValueError):
        return None
    return Speaker(bus)
