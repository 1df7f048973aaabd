"""The JSON of talks. Times are integer UTC milliseconds, sizes bytes."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Talk(BaseModel):
    """Somebody spoke to an officer, from press to release."""

    talk: str = Field(description="16 hex digits.")
    unit_id: str
    officer: str
    incident_id: str | None = Field(description="The incident that was open; then it is kept for good.")
    login: str
    name: str
    aloud: bool = Field(description="Played although the alarm was silent: chosen with the second key.")
    call: bool = Field(description="A call, not push to talk.")
    began_ms: int
    ended_ms: int | None = Field(description="Null: it goes on.")
    ended: str | None = Field(
        description="Why: `released`, `handed_over`, `not_fed`, `too_long`, `left`, `session`, `offline`, `no_link`, "
        "`silent`, `restart` (of the gateway)."
    )
    packets: int | None = Field(description="Of 20 ms that went to the unit.")
    dropped: int | None = Field(description="Of 20 ms that came too late, or never.")
    size: int | None
    sha256: str | None = Field(description="Of the file; null when nothing was kept.")
    kept: bool = Field(description="The file can be had; otherwise nobody was heard, or its time was over.")


class TalkPage(BaseModel):
    """Talks, newest first."""

    items: list[Talk]
    next: str | None = Field(description="Give it back as `cursor`; null at the end.")


class IncidentTalks(BaseModel):
    """Talks of an incident, newest first; at most 200."""

    items: list[Talk]
