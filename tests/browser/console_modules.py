"""A module of the console, driven without a browser: time passes when a test says so, whatever the machine does."""

import json
import subprocess
from pathlib import Path
from typing import Any

from hatch_build import CONSOLE, find_node

PAGE = Path(__file__).parent / "module_page.mjs"


def driven(module: str, script: str, given: Any = None) -> Any:
    """What the body of an async function of `(m, page, given)` returns: `m` is what the module exports, `page` what
    stands around it (`module_page.mjs`)."""
    node, _ = find_node()
    told = {"source": str(CONSOLE), "module": module, "script": script, "given": given}
    done = subprocess.run(
        [node, "--no-warnings", str(PAGE)],
        input=json.dumps(told), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
