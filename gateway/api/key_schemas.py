"""What the API says of stream keys."""

from __future__ import annotations

from pydantic import BaseModel, Field


class StreamKey(BaseModel):
    """A key with which a system watches in a person's name."""

    key_id: str
    login: str
    note: str
    unit_id: str | None = Field(description="For this unit only; null: for all that the person sees.")
    created_ms: int
    ends_ms: int
    revoked_ms: int | None
    holds: bool = Field(description="Lets somebody in now.")


class MadeStreamKey(StreamKey):
    """A new one, with the key itself: it is told this once."""

    key: str


class RtspDoor(BaseModel):
    """Where a key is of use. Its host is that of the console, unless `only_here`."""

    enabled: bool
    port: int | None = Field(description="Null: a free one, other at each start.")
    only_here: bool = Field(description="It listens on the gateway's own machine only.")
    encrypted: bool = Field(description="It speaks rtsps.")


class StreamKeys(BaseModel):
    """Your own, or everybody's to an administrator, newest first; at most 500."""

    items: list[StreamKey]
    rtsp: RtspDoor
