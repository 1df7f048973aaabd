"""What the broker writes: a flood of lines is bounded, counted and told."""

import os
import ssl
from pathlib import Path

from structlog.testing import capture_logs

from gateway.broker.mosquitto_log import MosquittoLog
from gateway.broker.process import LINE_MAX_BYTES, LINES_A_SECOND, Supervised

WRITTEN = 4 * LINES_A_SECOND


async def test_lines_that_are_not_written_down_are_told(tmp_path: Path) -> None:
    supervised = Supervised(
        "mosquitto", [], tmp_path / "pid", ("127.0.0.1", 1), lambda: None, ssl.create_default_context(),
        lambda: MosquittoLog("tipstaff-gateway"), lambda verdict: None,
    )  # fmt: skip
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.write(writing, b"1795753565: Saving.\n" * WRITTEN + b"x" * (LINE_MAX_BYTES + 1))
    os.close(writing)
    with capture_logs() as captured:
        await supervised._read_lines(reading)
    written = [one for one in captured if one["event"] == "broker_says"]
    told = [one["lines"] for one in captured if one["event"] == "broker_lines_left_out"]
    assert len(written) >= LINES_A_SECOND
    assert len(written) + sum(told) == WRITTEN + 1
