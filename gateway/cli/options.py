"""Options that several commands have, and the settings they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.settings import Settings

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="TIPSTAFF_CONFIG", help="TOML file of settings; see `tipstaff settings`."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")]


def settings_of(config: Path | None) -> Settings:
    """The settings of `config`, of ./tipstaff.toml if there is one, else of the environment alone."""
    from gateway.settings import load

    beside = Path("tipstaff.toml")
    return load(config or (beside if beside.is_file() else None))
