"""What a start imports: nobody waits for libraries that what was asked for does not use."""

import subprocess
import sys

import pytest

NO_COMMAND_NEEDS = {
    "aiosqlite", "alembic", "argon2", "av", "cryptography", "cv2", "fastapi", "fpdf", "httpx", "jinja2", "numpy",
    "obstore", "paho", "PIL", "pydantic", "pyproj", "rich", "simplejpeg", "sounddevice", "sqlalchemy", "structlog",
    "uvicorn", "websockets",
}  # fmt: skip
"""To read the options of all commands. `rich` is typer's, for the help that it prints."""
ONLY_NEW_SCHEMAS_NEED = {"alembic"}


@pytest.mark.parametrize(
    ("work", "unwanted"),
    [
        ("from gateway.cli.main import build; build([])", NO_COMMAND_NEEDS),
        ("import gateway.app", ONLY_NEW_SCHEMAS_NEED),
    ],
)
def test_start_imports_nothing_heavy_that_it_does_not_need(work: str, unwanted: set[str]) -> None:
    """Module by module, in a process of its own: this one has imported much already."""
    answer = subprocess.run(
        [sys.executable, "-c", f"{work}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {name.partition(".")[0] for name in answer.stdout.split()}
    assert "gateway" in imported and not imported & unwanted
