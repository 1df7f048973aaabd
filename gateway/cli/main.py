"""`tipstaff`: the one console command.

Sub-commands live in modules of this package with `register(app)`. Only the module of the command that was
asked for is imported, so that `tipstaff nearest` starts without the web server.
"""

import importlib
import sys

import typer

from gateway.errors import TipstaffError

COMMANDS = {
    "serve": "serve",
    "provision": "provision",
    "keys": "keys",
    "users": "users",
    "settings": "settings",
    "courts": "courts",
    "nearest": "nearest",
    "verify": "verify",
    "annunciator": "annunciator",
    "export": "export",
    "record": "record",
    "simulate": "simulate",
    "demo": "demo",
    "bench": "bench",
}


def build(argv: list[str]) -> typer.Typer:
    """The application with the sub-command of `argv` registered, or with all of them for help."""
    app = typer.Typer(
        name="tipstaff",
        help="Body-worn units of court officers: the gateway, its dispatch, and what belongs to them.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    asked = next((word for word in argv if not word.startswith("-")), None)
    for command, module in COMMANDS.items():
        if (asked in COMMANDS and command != asked) or "--version" in argv:
            continue
        try:
            importlib.import_module(f"gateway.cli.{module}").register(app)
        except ModuleNotFoundError as missing:
            if missing.name != f"gateway.cli.{module}":
                raise
    return app


def _say_version(asked: bool) -> None:
    if asked:
        from gateway import __version__

        typer.echo(f"tipstaff {__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", is_eager=True, callback=_say_version, help="Print the version and end."
    ),
) -> None:
    """Body-worn units of court officers: the gateway, its dispatch, and what belongs to them."""


def app() -> None:
    """Entry point: errors of ours are one line on standard error and status 2."""
    try:
        build(sys.argv[1:])()
    except TipstaffError as error:
        typer.echo(f"tipstaff: {error}", err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    app()
