"""The real unit: ESP32-S3 with 8 MB of PSRAM. Wiring and parts are in docs/firmware.md."""


def make():
    """The board as `pins` describes it."""
    from boards.esp32s3.board import Esp32S3

    return Esp32S3()
