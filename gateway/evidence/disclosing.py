"""What a disclosure copy hides, as a person writes it down: a small TOML file, or rectangles on the command line.

[[cover]]
left = 0.10            # fractions of the picture, from its upper left corner
top = 0.20
right = 0.35
bottom = 0.60
from_s = 12.5          # of the copy; without: from its beginning
to_s = 40              # without: to its end
recording = "a1b2c3d4e5f60718"   # without: in all
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.errors import ExportRefused
from gateway.evidence.derive import Covered

FILE_MAX_BYTES = 1 << 20
COVERS_MAX = 1_000
ORDER = ("left", "top", "right", "bottom", "from_s", "to_s")
END_S = 1e9


class Cover(BaseModel):
    """A rectangle."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    left: float = Field(ge=0, le=1)
    top: float = Field(ge=0, le=1)
    right: float = Field(ge=0, le=1)
    bottom: float = Field(ge=0, le=1)
    from_s: float = Field(default=0, ge=0, le=END_S)
    to_s: float = Field(default=END_S, ge=0, le=END_S)
    recording: str | None = Field(default=None, pattern=r"^[0-9a-f]{16}$")

    @model_validator(mode="after")
    def _has_an_inside(self) -> Cover:
        if self.left >= self.right or self.top >= self.bottom or self.from_s >= self.to_s:
            raise ValueError("covers nothing: left < right, top < bottom, from_s < to_s")
        return self

    @property
    def covered(self) -> Covered:
        """As copies take it."""
        times = round(self.from_s * 1000), round(self.to_s * 1000)
        return Covered(self.left, self.top, self.right, self.bottom, *times, self.recording)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cover: list[Cover] = Field(default=[], max_length=COVERS_MAX)


def hidden_of(file: Path | None, rectangles: Sequence[str]) -> list[Covered]:
    """The rectangles of a file and those that are written as `left,top,right,bottom[,from_s,to_s]`. Raises
    ExportRefused."""
    found = []
    if file is not None:
        try:
            with file.open("rb") as opened:
                text = opened.read(FILE_MAX_BYTES).decode()
            found = [one.covered for one in _File.model_validate(tomllib.loads(text)).cover]
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ExportRefused(f"{file}: {getattr(error, 'strerror', None) or error}") from None
        except ValidationError as error:
            raise ExportRefused(f"{file}: {_first(error)}") from None
    return found + [rectangle(one) for one in rectangles]


def rectangle(text: str) -> Covered:
    """One of `left,top,right,bottom[,from_s,to_s]`. Raises ExportRefused."""
    parts = text.split(",")
    if len(parts) not in (4, 6):
        raise ExportRefused(f"{text[:60]!r}: {','.join(ORDER[:4])}[,from_s,to_s], such as 0.1,0.2,0.4,0.6")
    try:
        return Cover.model_validate(dict(zip(ORDER, parts, strict=False))).covered
    except ValidationError as error:
        raise ExportRefused(f"{text[:60]!r}: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    said = error.errors()[0]
    where = ".".join(str(part) for part in said["loc"])
    message = str(said["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
