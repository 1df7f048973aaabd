"""The process that makes one export for the gateway: a pickled (Order, scratch folder) on its input, a zip as output.

A process of its own, and a patient one: encoding neither holds up the gateway's event loop nor takes the processor from
an alarm, and a listener who leaves ends it at once. At the end one line of JSON on standard error says what came of it:
`{"sums", "faulty"}`, or `{"error"}` with status 1. Then nobody takes the zip for whole: it has no directory.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from contextlib import suppress
from pathlib import Path

from gateway.errors import TipstaffError
from gateway.evidence.export import Order, build
from gateway.evidence.overlay import Overlay
from gateway.evidence.sinks import Zip

NICE = 10


def main() -> int:
    """Make it; the status to end with."""
    os.nice(NICE)
    order: Order
    scratch: Path
    order, scratch = pickle.load(sys.stdin.buffer)
    # Not `sys.stdout`: what anything else prints must not get into the zip.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        made = build(order, Zip(out, order.made_ms), scratch, Overlay())
        out.flush()
    except (TipstaffError, OSError) as error:
        print(json.dumps({"error": str(error)[:500]}), file=sys.stderr, flush=True)
        return 1
    print(json.dumps({"sums": made.sums.hex(), "faulty": made.faulty}), file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # the terminal's, meant for the gateway
        os._exit(main())
    os._exit(1)
