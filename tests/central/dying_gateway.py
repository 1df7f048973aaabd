"""A gateway in a process of its own that dies, as by `kill -9`, where its first argument says:
`before_receipt`: after the commit of an alarm, before anybody was told of it; `never`: it does not."""

import asyncio
import os
import signal
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from conftest import settings_for  # noqa: E402

from gateway.app import Gateway  # noqa: E402


class Dying(Gateway):
    """The centre publishes by way of this function, and only after a commit."""

    def _send(self, topic: str, payload: bytes) -> bool:
        if sys.argv[1] == "before_receipt" and topic.endswith("/down/alarm"):
            os.kill(os.getpid(), signal.SIGKILL)
        return super()._send(topic, payload)


async def main() -> None:
    _, _, data_dir, kind, port = sys.argv
    async with Dying(settings_for(Path(data_dir), kind, int(port))) as gateway:
        # In one piece: the broker's lines are logged meanwhile.
        sys.stdout.write(f"ready {gateway.broker.pid}\n")
        sys.stdout.flush()
        await gateway.wait()


asyncio.run(main())
