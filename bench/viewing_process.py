"""Viewers of live units: `python -m bench.viewing_process FOLDER` (`bench.live`).

`viewing.json` in the folder: {"url": of the gateway's WebSockets, "cookie": header, "units": [ids]}. In, a line with a
number: so many of the units are watched from then on, each by one viewer, which reads all and looks at nothing.

Out, JSON lines: {"connected": 0}, then four times a second {"viewing": n, "blocks": n, "bytes": n, "dropped": n,
"p95_ms": of the blocks since the last line, from when they were taken}. It ends with its input.
"""

from __future__ import annotations

import asyncio
import gc
import json
import struct
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bench.film_process import SAY_S
from bench.report import percentile

#: docs/api.md, "Live": kind, track, codec, flags, number, taken_ms, received_ms.
HEAD = struct.Struct(">BBBBIdd")
BLOCK_MAX_BYTES = 2 << 20
SEEN_EVERY = 30


@dataclass
class Seen:
    """What all of them got."""

    viewing: int = 0
    blocks: int = 0
    bytes: int = 0
    dropped: int = 0
    late_ms: list[float] = field(default_factory=list)


async def view(url: str, cookie: str, seen: Seen) -> None:
    """One viewer, until it is cancelled."""
    headers = {"Cookie": cookie}
    async with connect(url, additional_headers=headers, compression=None, max_size=BLOCK_MAX_BYTES) as socket:
        seen.viewing += 1
        expected = None
        async for message in socket:
            if isinstance(message, str):
                continue
            kind, _, _, _, number, taken_ms, _ = HEAD.unpack_from(message)
            if kind != 1:
                continue
            seen.dropped += 0 if expected is None else number - expected
            expected = number + 1
            seen.blocks += 1
            seen.bytes += len(message)
            seen.late_ms.append(time.time() * 1000 - taken_ms)
            if number % SEEN_EVERY == 0:
                await socket.send(json.dumps({"t": "seen", "number": number}))


async def watch(folder: Path) -> None:
    """Have as many viewers as is said, until the input ends."""
    plan = json.loads((folder / "viewing.json").read_text("utf-8"))
    seen = Seen()
    gc.freeze()
    print(json.dumps({"connected": 0}), flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    viewers: list[asyncio.Task[None]] = []
    telling = asyncio.create_task(_report(seen))
    try:
        while line := await reader.readline():
            for unit_id in plan["units"][len(viewers) : int(line)]:
                address = f"{plan['url']}/api/v1/units/{unit_id}/live"
                viewers.append(asyncio.create_task(_kept(address, plan["cookie"], seen)))
    finally:
        for task in (telling, *viewers):
            task.cancel()


async def _kept(address: str, cookie: str, seen: Seen) -> None:
    try:
        await view(address, cookie, seen)
    except (OSError, ConnectionClosed) as error:
        print(f"{address}: {error!r}", file=sys.stderr, flush=True)


async def _report(seen: Seen) -> None:
    while True:
        await asyncio.sleep(SAY_S)
        late_ms, seen.late_ms = seen.late_ms, []
        facts = {"viewing": seen.viewing, "blocks": seen.blocks, "bytes": seen.bytes, "dropped": seen.dropped}
        print(
            json.dumps({**facts, "p95_ms": round(percentile(late_ms, 95)) if late_ms else None}), flush=True
        )


if __name__ == "__main__":
    asyncio.run(watch(Path(sys.argv[1])))
