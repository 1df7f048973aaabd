"""The RTSP server: a process of its own under the system's Python, which has GStreamer (Debian:
gir1.2-gst-rtsp-server-1.0, python3-gi, gstreamer1.0-plugins-base, gstreamer1.0-plugins-good). It runs as a file and
imports nothing of ours but the two files beside it.

    python3 rtsp_child.py '{"host": "127.0.0.1", "port": 8554, "clients": 24, "tls": null}'   where rtsp.sock is

It decides nothing: the gateway says over rtsp.sock who comes in, and sends the blocks of each view. It prints `ready
PORT`, ends when its standard input does, and with status 3 where a package is missing.
"""

import contextlib
import json
import os
import re
import socket
import sys
import threading
import time
from collections import OrderedDict

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rtsp_elements as elements
import rtsp_wire as wire

MISSING = 3
try:
    import gi

    for name in ("Gst", "GstRtsp", "GstRtspServer"):
        gi.require_version(name, "1.0")
    from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer
except (ImportError, ValueError) as error:
    print(f"missing {error}", flush=True)
    sys.exit(MISSING)
Gst.init(None)

SOCKET = "rtsp.sock"
UNIT = re.compile(r"/units/([A-Za-z0-9_-]{1,32})(?:/(jpeg|h264))?((?:/stream=\d+)?)/?$")
PATHS_MAX = 256
BELIEVED_S = 5.0
"""One request asks several times."""
BELIEVED_MAX = 256
ASKING_MAX = 1024
SENT_BYTES = 64 << 10
"""That wait in the kernel for a client: of more it would see the past once it reads again (Linux doubles it)."""
PLAYED_WITHIN_S = 20.0
"""From DESCRIBE, with which a view begins, to PLAY."""
JUMP_MS = 3000
"""A source time that is so much off is another clock: the view goes on from now."""
H264_QUEUED = 64
"""Of these none may be dropped alone: what follows could not be decoded. `View` leaves out all up to a key picture."""
KEY_PICTURE = re.compile(rb"\x00\x00\x01[\x25\x45\x65]")


def ask(question):
    """(answer, connection) of the gateway; the connection stays open. Raises OSError, ValueError."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(wire.ANSWER_WITHIN_S)
        connection.connect(SOCKET)
        connection.sendall(json.dumps(question).encode() + b"\n")
        line = b""
        while not line.endswith(b"\n"):
            byte = connection.recv(1)
            if not byte or len(line) > wire.LINE_MAX_BYTES:
                raise ValueError("no answer")
            line += byte
        return json.loads(line), connection
    except BaseException:
        connection.close()
        raise


def whole(connection, count):
    """So many bytes. Raises OSError when there are no more."""
    data = bytearray(count)
    view, at = memoryview(data), 0
    while at < count:
        got = connection.recv_into(view[at:])
        if not got:
            raise OSError("the gateway ended the view")
        at += got
    return bytes(data)


class Door(GstRtspServer.RTSPAuth):
    """Asks the gateway about every request; remembers a yes for a moment."""

    def __init__(self, certificate):
        super().__init__()
        self._lock = threading.Lock()
        self._believed = OrderedDict()
        if certificate is not None:
            self.set_tls_certificate(certificate)
        self.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        self.set_realm("Tipstaff")

    def do_check(self, ctx, check):
        """Of a request. The parent's own check begins TLS; it knows nobody, and sends the 401."""
        if check == "auth.check.connect":
            return GstRtspServer.RTSPAuth.do_check(self, ctx, check)
        if not check.startswith("auth.check.media.factory."):
            # Where RTP goes to is not for the client to choose.
            return check != "auth.check.transport.client-settings"
        key = credentials_of(ctx)
        if key is not None and self._believes(key):
            asking.note(key, ctx.client)
            return True
        return GstRtspServer.RTSPAuth.do_check(self, ctx, check)

    def _believes(self, key):
        now_s = time.monotonic()
        with self._lock:
            if now_s < self._believed.get(key, 0):
                return True
        try:
            answer, connection = ask({"t": "check", "authorization": key[0], "address": key[1]})
            connection.close()
        except (OSError, ValueError):
            return False
        if answer.get("ok") is not True:
            return False
        with self._lock:
            self._believed[key] = now_s + BELIEVED_S
            while len(self._believed) > BELIEVED_MAX:
                self._believed.popitem(last=False)
        return True


class Asking:
    """Who asks, by the thread that works on the request: Python's own `local` forgets between two calls of
    GStreamer."""

    def __init__(self):
        self._lock = threading.Lock()
        self._of = OrderedDict()

    def note(self, key, client):
        """This thread's request is theirs."""
        with self._lock:
            self._of[threading.get_ident()] = (key, client)
            while len(self._of) > ASKING_MAX:
                self._of.popitem(last=False)

    def take(self):
        """((authorization, address), client) of this thread's request, once; (None, None) when there is none."""
        with self._lock:
            return self._of.pop(threading.get_ident(), (None, None))


asking = Asking()


def credentials_of(ctx):
    """(authorization, address) of a request, or None."""
    found, value = ctx.request.get_header(GstRtsp.RTSPHeaderField.AUTHORIZATION, 0)
    if found != GstRtsp.RTSPResult.OK or not value or len(value) > 1024 or ctx.conn is None:
        return None
    return value, ctx.conn.get_ip()


class Paths(GstRtspServer.RTSPMountPoints):
    """Each unit and codec is a path of its own, made when somebody asks for it."""

    def __init__(self, factory):
        super().__init__()
        self._factory = factory
        self._lock = threading.Lock()
        self._known = OrderedDict()

    def do_make_path(self, url):
        """Of /units/ID, with ?codec=h264 or as the path that we gave out."""
        found = UNIT.match(url.abspath)
        if found is None:
            return "/none"
        codec = found.group(2) or ("h264" if "codec=h264" in (url.query or "").split("&") else "jpeg")
        path = f"/units/{found.group(1)}/{codec}"
        with self._lock:
            if path not in self._known:
                self.add_factory(path, self._factory)
            self._known[path] = None
            self._known.move_to_end(path)
            if len(self._known) > PATHS_MAX:
                self.remove_factory(self._known.popitem(last=False)[0])
        return path + found.group(3)


class Factory(GstRtspServer.RTSPMediaFactory):
    """One view for each who plays. What is `encrypted` goes over the client's own connection only: RTP over UDP would
    be in the clear."""

    def __init__(self, encrypted):
        super().__init__()
        self.set_shared(False)
        plain = GstRtsp.RTSPLowerTrans.UDP | GstRtsp.RTSPLowerTrans.TCP
        self.set_protocols(GstRtsp.RTSPLowerTrans.TCP if encrypted else plain)

    def do_create_element(self, url):
        """The pipeline of a view, once the gateway has the unit's first picture; None when it says no."""
        found, (key, client) = UNIT.match(url.abspath), asking.take()
        if found is None or key is None:
            return None
        codec = found.group(2) or ("h264" if "codec=h264" in (url.query or "").split("&") else "jpeg")
        question = {
            "t": "watch",
            "authorization": key[0],
            "address": key[1],
            "unit": found.group(1),
            "codec": codec,
        }
        try:
            answer, connection = ask(question)
        except (OSError, ValueError):
            return None
        if answer.get("ok") is not True:
            connection.close()
            return None
        picture, sound = answer["picture"], answer["sound"]
        try:
            element = Gst.parse_launch(elements.pipeline(codec, picture, sound))
        except GLib.Error as error:
            print(f"pipeline {error.message}", flush=True)
            connection.close()
            return None
        View(connection, element, codec, (picture["width"], picture["height"]), client).start()
        return element

    def do_configure(self, media):
        """Without its client a view ends at once."""
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)
        media.set_stop_on_disconnect(True)


class View(threading.Thread):
    """Passes blocks on until the gateway ends the view, its client goes or does not play it, or GStreamer has no more
    use for them."""

    def __init__(self, connection, element, codec, size, client):
        super().__init__(daemon=True)
        self._client = client
        self._connection = connection
        self._played = False
        # GStreamer keeps what was described and not played, also when the client is gone.
        self._signals = [
            client.connect("closed", lambda _client: self._hang_up()),
            client.connect("play-request", lambda _client, _context: self._play()),
        ]
        self._codec = codec
        self._size = size
        self._sources = {
            wire.PICTURE: element.get_by_name("picture"),
            wire.SOUND: element.get_by_name("sound"),
        }
        self._broken = False
        self._began_s = time.monotonic()
        self._offset_ms = None
        self._last_ns = {wire.PICTURE: -1, wire.SOUND: -1}

    def run(self):
        """See the class."""
        # Longer than a unit is silent between two pictures; then whoever watches asks anew.
        self._connection.settimeout(30)
        try:
            while True:
                track, width, height, count, taken_ms = wire.HEAD.unpack(
                    whole(self._connection, wire.HEAD.size)
                )
                if count > wire.BLOCK_MAX_BYTES or track not in self._sources:
                    break
                content = whole(self._connection, count)
                if not self._played and time.monotonic() - self._began_s > PLAYED_WITHIN_S:
                    break
                if self._pass(track, (width, height), taken_ms, content) == Gst.FlowReturn.FLUSHING:
                    break
        except OSError:
            pass
        finally:
            self._connection.close()
            for source in self._sources.values():
                if source is not None:
                    source.emit("end-of-stream")
            for signal in self._signals:
                self._client.disconnect(signal)
            self._client.close()
            self._client = None

    def _play(self):
        self._played = True

    def _hang_up(self):
        """What waits for the gateway waits no more."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _pass(self, track, size, taken_ms, content):
        source = self._sources[track]
        if source is None:
            return Gst.FlowReturn.OK
        if track == wire.PICTURE and self._codec == "jpeg" and size != self._size:
            self._size = size
            source.set_property("caps", Gst.Caps.from_string(elements.picture_caps("jpeg", *size)))
        if track == wire.PICTURE and self._codec == "h264" and not self._decodable(source, content):
            return Gst.FlowReturn.OK
        buffer = Gst.Buffer.new_wrapped(content)
        buffer.pts = self._time_ns(track, taken_ms)
        return source.emit("push-buffer", buffer)

    def _decodable(self, source, content):
        """Whether all that this picture needs has gone before."""
        if source.get_property("current-level-buffers") >= H264_QUEUED:
            self._broken = True
        elif self._broken and KEY_PICTURE.search(content):
            self._broken = False
        return not self._broken

    def _time_ns(self, track, taken_ms):
        """Source time on the view's clock; the same for picture and sound, so that they stay in step."""
        elapsed_ms = (time.monotonic() - self._began_s) * 1000
        if self._offset_ms is None or abs(taken_ms - self._offset_ms - elapsed_ms) > JUMP_MS:
            self._offset_ms = taken_ms - elapsed_ms
        at_ns = max(0, int((taken_ms - self._offset_ms) * 1e6), self._last_ns[track] + 1)
        self._last_ns[track] = at_ns
        return at_ns


class Clients:
    """Bounds connections."""

    def __init__(self, most):
        self._most = most
        self._open = 0
        self._lock = threading.Lock()

    def connected(self, _server, client):
        """One more; too many are closed."""
        to = client.get_connection().get_write_socket()
        to.set_option(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_BYTES)
        with self._lock:
            self._open += 1
            full = self._open > self._most
        client.connect("closed", self._closed)
        if full:
            client.close()

    def _closed(self, _client):
        with self._lock:
            self._open -= 1


def main():
    """Serve until the gateway is gone."""
    chosen = json.loads(sys.argv[1])
    certificate = None
    if chosen["tls"] is not None:
        if not Gio.TlsBackend.get_default().supports_tls():
            print("missing glib-networking", flush=True)
            return MISSING
        certificate = Gio.TlsCertificate.new_from_files(*chosen["tls"])
    server = GstRtspServer.RTSPServer()
    server.set_address(chosen["host"])
    server.set_service(str(chosen["port"]))
    server.get_thread_pool().set_max_threads(-1)  # a unit that is waited for holds up nobody else
    server.get_session_pool().set_max_sessions(chosen["clients"])
    server.set_auth(Door(certificate))
    server.set_mount_points(Paths(Factory(certificate is not None)))
    clients = Clients(chosen["clients"])
    server.connect("client-connected", clients.connected)
    if server.attach(None) == 0:
        print(f"not listening at {chosen['host']}:{chosen['port']}", flush=True)
        return 1
    loop = GLib.MainLoop()
    GLib.timeout_add_seconds(5, lambda: server.get_session_pool().cleanup() >= 0)
    GLib.io_add_watch(
        0, GLib.PRIORITY_DEFAULT, GLib.IOCondition.HUP | GLib.IOCondition.IN, lambda *_: loop.quit()
    )
    print(f"ready {server.get_bound_port()}", flush=True)
    loop.run()
    # Threads of GStreamer and of views are not waited for.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
