"""The JSON of the API: what is asked. Every text is bounded and free of control characters."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from protocol.messages import MAX_CASE_BYTES

MODES = {"record": 1, "live": 3}
"""Commands whose value is a number, and the highest."""


def _plain(text: str) -> str:
    """Line breaks and tabs are kept; other control characters, such as NUL, no database or printer should meet."""
    if any(unicodedata.category(char) == "Cc" and char not in "\n\t\r" for char in text):
        raise ValueError("control characters are not allowed")
    return text


def _one_line(text: str) -> str:
    if any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in text):
        raise ValueError("line breaks and control characters are not allowed")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


PlainText = Annotated[str, AfterValidator(_plain)]
Line = Annotated[str, AfterValidator(_one_line)]
Name = Annotated[Line, Field(min_length=1, max_length=64), AfterValidator(_not_blank)]
CourtId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,16}$")]
UnitId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
IncidentId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]


class Body(BaseModel):
    """A body's unknown member is an error: a misspelt `version` must not mean "whatever the version is"."""

    model_config = ConfigDict(extra="forbid")


class Reason(Body):
    """Why something is done; it is kept with who did it."""

    reason: Annotated[PlainText, Field(min_length=1, max_length=500), AfterValidator(_not_blank)]


class SignIn(Body):
    """Login and password."""

    login: Annotated[Line, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class Duty(Body):
    """Whether a court can be sent now."""

    on_duty: Annotated[bool, Field(strict=True)]


class Act(Body):
    """What a person does with an incident. Which members are needed depends on the action."""

    version: int | None = Field(
        default=None,
        ge=0,
        le=2**31,
        description=(
            "The version that you saw. When the incident has another one by now, nothing happens and 409 says so."
        ),
    )
    court_id: CourtId | None = Field(
        default=None,
        description=(
            "The court that is offered the incident or answers; for role `court` its own by default."
        ),
    )
    reason: Annotated[PlainText, Field(max_length=500)] | None = Field(
        default=None, description="close, decline: why. Required to close."
    )
    note: Annotated[PlainText, Field(max_length=2000)] | None = Field(
        default=None, description="note, callback, hand_over: text."
    )
    to: Annotated[Line, Field(min_length=1, max_length=64)] | None = Field(
        default=None, description="hand_over: the login of the dispatcher who should go on with it."
    )
    eta_s: int | None = Field(
        default=None, ge=0, le=86_400, description="accept, en_route: seconds until arrival."
    )
    into: IncidentId | None = Field(default=None, description="merge: the incident that stays.")
    answered: Annotated[bool, Field(strict=True)] = Field(
        default=True, description="callback: whether the officer was reached."
    )
    by_name: Name | None = Field(
        default=None,
        description=(
            "accept, decline, en_route, arrived: who said so on the telephone, when a dispatcher records it."
        ),
    )


class NewShiftCheck(Body):
    """What a person found at the start of a shift."""

    sound: Annotated[bool, Field(strict=True, description="The alarm's sound was heard.")]
    light: Annotated[bool, Field(strict=True, description="The alarm's light was seen.")]
    device: Annotated[Line, Field(max_length=200)] | None = Field(
        default=None, description="The loudspeaker that was heard; null: the system's own."
    )
    note_seen: Annotated[int, Field(strict=True, ge=1, le=2**53)] | None = Field(
        default=None, description="`note_id` of the newest note that was read; those before it count as read."
    )


class NewShiftNote(Body):
    """What one shift leaves to the next."""

    text: Annotated[PlainText, Field(min_length=1, max_length=4000), AfterValidator(_not_blank)]


class NewStreamKey(Body):
    """A key for a system that watches by RTSP in your name."""

    note: Name = Field(description="For which system, as `video wall, hall 2`.")
    days: int = Field(ge=1, le=366, description="It ends after so many days.")
    unit_id: UnitId | None = Field(default=None, description="For this unit only; else for all that you see.")


class Command(Body):
    """A command to a unit."""

    kind: Literal["locate", "setting", "case", "test_alarm", "record", "live", "mark"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")] | None = Field(
        default=None, description="setting: which one."
    )
    value: Annotated[int, Field(strict=True, ge=-(2**31), le=2**31 - 1)] | Line | None = Field(
        default=None,
        description="setting: its value; case: the case number, null to clear it; record: 1 starts, 0 stops; "
        "live: 0 off, 1 sound, 2 stills and sound, 3 all.",
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Command:
        if self.kind == "setting" and (self.name is None or self.value is None):
            raise ValueError("a setting needs `name` and `value`")
        if self.kind == "case" and isinstance(self.value, int):
            raise ValueError("a case number is text")
        if self.kind in MODES and (
            not isinstance(self.value, int) or not 0 <= self.value <= MODES[self.kind]
        ):
            raise ValueError(f"{self.kind} needs a `value` of 0 to {MODES[self.kind]}")
        if isinstance(self.value, str) and len(self.value.encode()) > MAX_CASE_BYTES:
            raise ValueError(f"`value` has at most {MAX_CASE_BYTES} bytes of UTF-8")
        return self
