"""`tipstaff settings`: what is set, and whether it is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import AsJson, Config, settings_of

if TYPE_CHECKING:
    from gateway.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("settings")(show)


def show(
    config: Config = None,
    as_json: AsJson = False,
    docs: Annotated[bool, typer.Option("--docs", help="Print docs/settings.md instead.")] = False,
) -> None:
    """Check the settings and print all of them, those that were not set with their defaults.

    Ends with status 2 and one line that names the key if there is anything wrong. The output is a settings
    file: redirect it to begin one.
    """
    if docs:
        from gateway.settings import documented

        typer.echo(documented(), nl=False)
        return
    settings = settings_of(config)
    if as_json:
        typer.echo(settings.model_dump_json(indent=2))
        return
    typer.echo(_toml(settings), nl=False)


def _toml(settings: Settings) -> str:
    lines = []
    for section, values in settings.model_dump(mode="json").items():
        lines.append(f"[{section}]")
        for key, value in values.items():
            # JSON's strings, numbers, booleans and lists are TOML's as well.
            lines.append(
                f"# {key} is not set" if value is None else f"{key} = {json.dumps(value, ensure_ascii=False)}"
            )
        lines.append("")
    return "\n".join(lines)
