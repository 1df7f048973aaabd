"""Options that several commands have, and the settings they lead to."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.settings import Settings, load

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="TIPSTAFF_CONFIG", help="TOML file of settings; see `tipstaff settings`."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")]


def settings_of(config: Path | None) -> Settings:
    """The settings of `config`, of ./tipstaff.toml if there is one, else of the environment alone."""
    beside = Path("tipstaff.toml")
    return load(config or (beside if beside.is_file() else None))
