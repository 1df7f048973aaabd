"""The shapes of what is said of commands."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class CommandAccepted(BaseModel):
    """A command was handed to the broker for the unit, which refuses it after five minutes."""

    command_id: str = Field(description="16 hex digits.")


class CommandOutcome(BaseModel):
    """What the unit answered to a command. The newest 1,000 commands are remembered until the gateway's next start."""

    command_id: str
    outcome: Literal["done", "refused", "expired", "unknown"] | None = Field(
        description="`unknown`: its firmware does not know this command; null: it has not answered yet."
    )
    detail: str | None = Field(description="The unit's own words, at most 200 bytes.")
