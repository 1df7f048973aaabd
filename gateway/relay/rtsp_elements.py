"""The elements of a view's pipeline, in GStreamer's words. Pure; it lies beside `rtsp_child`, which runs it."""

QUEUED_PICTURES = 4
QUEUED_SOUND_MS = 300
ELEMENTS = {
    "jpeg": "appsrc name=picture {queue} caps={caps} ! rtpjpegpay name=pay0 pt=26",
    "h264": "appsrc name=picture {queue} caps={caps} ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "pcma": "appsrc name=sound {queue} caps={caps} ! rtppcmapay name=pay1 pt=8",
    "l16": "appsrc name=sound {queue} caps={caps} ! rtpL16pay name=pay1 pt=97 max-ptime=20000000",
}
PICTURE_QUEUE = (
    f"is-live=true format=time leaky-type=downstream max-bytes=0 max-time=0 max-buffers={QUEUED_PICTURES}"
)
H264_QUEUE = "is-live=true format=time leaky-type=none max-bytes=0 max-time=0 max-buffers=0"
SOUND_QUEUE = (
    "is-live=true format=time leaky-type=downstream max-bytes=0 max-buffers=0 "
    f"max-time={QUEUED_SOUND_MS * 1_000_000}"
)


def picture_caps(codec, width, height):
    """Of what goes into the payloader."""
    if codec == "h264":
        return "video/x-h264,stream-format=byte-stream,alignment=au"
    return f"image/jpeg,width={width},height={height},framerate=0/1"


def sound_caps(codec, rate_hz):
    """The same of sound."""
    if codec == "pcma":
        return f"audio/x-alaw,rate={rate_hz},channels=1"
    return f"audio/x-raw,format=S16BE,rate={rate_hz},channels=1,layout=interleaved"


def pipeline(codec, picture, sound):
    """Of a view, by what the gateway said of it (`rtsp_wire`); `sound` may be None."""
    queue = H264_QUEUE if codec == "h264" else PICTURE_QUEUE
    caps = picture_caps(codec, picture["width"], picture["height"])
    parts = [ELEMENTS[codec].format(queue=queue, caps=f'"{caps}"')]
    if sound is not None:
        caps = sound_caps(sound["codec"], sound["rate_hz"])
        parts.append(ELEMENTS[sound["codec"]].format(queue=SOUND_QUEUE, caps=f'"{caps}"'))
    return "( " + " ".join(parts) + " )"
