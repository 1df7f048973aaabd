"""A peer beside us: the same scene by WebRTC, which is how others bring live pictures to a browser.

`python -m bench.peer FOLDER` is a process of its own: the scene's JPEGs are decoded and coded anew (VP8, Opus: no
browser takes JPEG or A-law at 16 kHz by WebRTC) and sent by aiortc, which belongs to the development group. It says
{"connected": 0, "port": n, "zero_ms": of its scene, UTC} and ends with its input. `peer_of` looks at it in a page.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection, serve

from bench.bare import answering
from bench.chromium import page_in
from bench.report import percentile
from bench.seen import Seen, look
from bench.worker import Worker

if TYPE_CHECKING:
    from playwright.async_api import Browser

SIZE = (640, 480)
FPS = 10
PACKET_MS = 20
FIRST_WITHIN_S = 20.0
SETTLE_S = 1.5
"""A browser learns first how much it has to hold back."""
PAGE = b"<!doctype html><title>peer</title><video playsinline></video>"
#: Returns the ms from the offer to the first picture. Pictures and sound of one stream are kept in step by the browser.
PLAY = """async url => {
  const video = document.querySelector("video"), peer = new RTCPeerConnection(), begunMs = performance.now();
  video.srcObject = new MediaStream();
  peer.ontrack = ({ track }) => video.srcObject.addTrack(track);
  const first = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  for (const kind of ["video", "audio"]) peer.addTransceiver(kind, { direction: "recvonly" });
  const gathered = new Promise((resolve) => {
    peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && resolve();
  });
  await peer.setLocalDescription();
  await gathered;
  const socket = new WebSocket(url);
  await new Promise((resolve) => (socket.onopen = resolve));
  const answered = new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(JSON.parse(data))));
  socket.send(JSON.stringify(peer.localDescription));
  await peer.setRemoteDescription(await answered);
  await video.play();
  await first;
  return performance.now() - begunMs;
}"""


@dataclass(frozen=True, slots=True)
class Peer:
    """Which one, and what its page showed; None: why it could not be asked."""

    name: str
    seen: Seen | None = None
    first_ms: float = 0.0

    def raw(self) -> dict[str, float]:
        """For the report."""
        if self.seen is None:
            return {}
        return {
            "peer_glass_to_glass_p50_ms": percentile(self.seen.glass_ms, 50),
            "peer_glass_to_glass_p95_ms": percentile(self.seen.glass_ms, 95),
            "peer_pictures_lost": self.seen.lost,
            "peer_first_picture_ms": self.first_ms,
        }


async def peer_of(browser: Browser, folder: Path, for_s: float) -> Peer:
    """Measure it."""
    if importlib.util.find_spec("aiortc") is None:
        return Peer("not measured: aiortc is not installed (pip install aiortc)")
    folder.mkdir()
    try:
        async with Worker("bench.peer", folder) as peer:
            address = f"127.0.0.1:{peer.counts['port']}"
            async with page_in(browser, {}, f"http://{address}") as measured:
                await measured.page.goto(f"http://{address}/")
                async with asyncio.timeout(FIRST_WITHIN_S):
                    first_ms = await measured.page.evaluate(PLAY, f"ws://{address}/offer")
                await measured.align()
                await asyncio.sleep(SETTLE_S)
                seen = await look(measured, "video", peer.counts["zero_ms"], for_s)
    except TimeoutError:
        # WebRTC takes no loopback address: a machine without another one has no way to itself.
        return Peer(f"not measured: no picture within {FIRST_WITHIN_S:g} s")
    return Peer(f"aiortc {version('aiortc')}, WebRTC, VP8 and Opus", seen, first_ms)


async def _serve() -> None:
    import simplejpeg
    from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
    from av import AudioFrame, VideoFrame

    from simulator import scene
    from simulator.camera import SceneCamera

    zero_ms = round(time.time() * 1000)

    async def due(at_ms: int) -> None:
        await asyncio.sleep(max(0.0, (zero_ms + at_ms) / 1000 - time.time()))

    def next_ms(last_ms: int | None, step_ms: int) -> int:
        """The step after the last; the first is the next from now, since nobody asks before there is a connection."""
        if last_ms is not None:
            return last_ms + step_ms
        return (round(time.time() * 1000) - zero_ms) // step_ms * step_ms + step_ms

    class Pictures(MediaStreamTrack):
        """The camera's JPEGs, as a relay has them: made before their moment, decoded after it."""

        kind = "video"

        def __init__(self) -> None:
            super().__init__()
            self._camera = SceneCamera(*SIZE, label="peer")
            self._at_ms: int | None = None

        async def recv(self) -> VideoFrame:
            """The next one, when it is due."""
            self._at_ms = at_ms = next_ms(self._at_ms, 1000 // FPS)
            made = self._camera.shoot(at_ms)
            await due(at_ms)
            frame = VideoFrame.from_ndarray(simplejpeg.decode_jpeg(made), format="rgb24")
            frame.pts, frame.time_base = at_ms * 90, Fraction(1, 90_000)
            return frame

    class Sound(MediaStreamTrack):
        """The microphone's packets: each is whole when its last sample was heard."""

        kind = "audio"

        def __init__(self) -> None:
            super().__init__()
            self._from_ms: int | None = None

        async def recv(self) -> AudioFrame:
            """The next one, when it is whole."""
            self._from_ms = from_ms = next_ms(self._from_ms, PACKET_MS)
            samples = scene.sound(from_ms, PACKET_MS)
            await due(from_ms + PACKET_MS)
            frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate = scene.RATE_HZ
            frame.pts = from_ms * scene.RATE_HZ // 1000
            frame.time_base = Fraction(1, scene.RATE_HZ)
            return frame

    async def offered(socket: ServerConnection) -> None:
        # By default it would ask a server in the internet what its address is.
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        try:
            await peer.setRemoteDescription(RTCSessionDescription(**json.loads(await socket.recv())))
            for track in (Pictures(), Sound()):
                peer.addTrack(track)
            await peer.setLocalDescription(await peer.createAnswer())
            said = peer.localDescription
            await socket.send(json.dumps({"sdp": said.sdp, "type": said.type}))
            await socket.wait_closed()
        finally:
            await peer.close()

    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with serve(offered, "127.0.0.1", 0, process_request=answering(PAGE)) as server:
        port = server.sockets[0].getsockname()[1]
        print(json.dumps({"connected": 0, "port": port, "zero_ms": zero_ms}), flush=True)
        await reader.read()


if __name__ == "__main__":
    asyncio.run(_serve())
