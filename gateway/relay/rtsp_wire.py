"""What the gateway and its RTSP process say to each other over a local socket. Python's own library only: the process
runs under the system's Python.

One connection a question. The process sends one line of JSON, the gateway answers with one:
    {"t": "check", "authorization", "address"}                {"ok": true} or {"ok": false, "why"}
    {"t": "watch", …, "unit", "codec": "jpeg" or "h264"}      {"ok": true, "picture": {"codec", "width", "height"},
                                                               "sound": {"codec": "pcma" or "l16", "rate_hz"} or null}
After the answer to `watch` come blocks, until one of them closes: HEAD, then so many bytes.
"""

import struct

HEAD = struct.Struct(">BxHHIQ")
"""track (1 picture, 2 sound), width, height (0 for sound), bytes that follow, taken at (UTC ms)."""
PICTURE, SOUND = 1, 2
LINE_MAX_BYTES = 8192
BLOCK_MAX_BYTES = 1 << 20
ANSWER_WITHIN_S = 12.0
