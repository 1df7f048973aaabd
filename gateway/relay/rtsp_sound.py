"""How a unit's sound goes over RTP. RFC 3551 has A-law at 8 kHz only: that goes as it came. All else goes as L16, which
is the same samples in 16 bits, most significant byte first, at the unit's own rate."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.evidence import frames
from gateway.relay.telling import Codec, SoundForm

PCMA_HZ = 8000


@dataclass(frozen=True, slots=True)
class RtpSound:
    """`codec`: `pcma` or `l16`."""

    codec: str
    rate_hz: int


def rtp_form(form: SoundForm) -> RtpSound:
    """How this sound goes over RTP."""
    as_it_is = form.codec is Codec.A_LAW and form.rate_hz == PCMA_HZ
    return RtpSound("pcma" if as_it_is else "l16", form.rate_hz)


def rtp_sound(form: SoundForm, content: bytes) -> bytes:
    """A block of it as RTP carries it."""
    if rtp_form(form).codec == "pcma":
        return content
    if form.codec is Codec.A_LAW:
        samples = frames.a_law(content)
    elif form.codec is Codec.IMA_ADPCM:
        samples = frames.ima_adpcm(content, form.block_bytes)
    else:
        samples = frames.pcm(content)
    return samples.astype(">i2").tobytes()
