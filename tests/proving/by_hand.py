"""An export checked as its page says, by somebody who has nothing of ours."""

from __future__ import annotations

import hashlib
import html
import subprocess
from pathlib import Path


def checked_by_hand(out: Path) -> list[str]:
    """What the commands of the page say, pasted into a shell one after another."""
    said = []
    for part in (out / "verify.html").read_text("utf-8").split("<pre>")[1:]:
        command = html.unescape(part.split("</pre>")[0])
        ran = subprocess.run(["bash", "-c", command], cwd=out, capture_output=True, text=True, check=False)
        said += (ran.stdout + ran.stderr).splitlines()
    return said


def summed_again(out: Path) -> None:
    """Make the sums fit, as somebody who changed an export can."""
    paths = [one for one in sorted(out.rglob("*")) if one.is_file() and one != out / "SHA256SUMS"]
    lines = [
        f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.relative_to(out).as_posix()}\n"
        for one in paths
    ]
    (out / "SHA256SUMS").write_text("".join(lines))
