"""What a gateway has counted, logged and stored of what a unit said."""

from conftest import eventually

from gateway.store import fixes
from protocol import messages


def faults(gateway, name):
    return gateway.metrics.faults.labels(name)._value.get()


def said(lines, what):
    return [line for line in lines if line["event"] == what]


async def online(gateway, unit):
    """The unit says that it is online. The broker's acknowledgement does not say that the gateway has read it."""
    await unit.online()
    await eventually(lambda: gateway.centre.units()[unit.unit_id].battery_pct == 80)
    return unit


async def stored(gateway, unit_id="u1001"):
    async with gateway.store.read() as connection:
        return await fixes.track(connection, unit_id, 0, 1000)


async def batch(unit, *found, batch_id=1, dropped=0):
    """Say a batch and wait until it is confirmed as stored."""
    message = messages.FixBatch(fixes=list(found), dropped=dropped, batch_id=batch_id)
    await unit.say("fix", message)
    await unit.until(
        lambda: any(leaf == "want" and batch_id in want.stored_batches for leaf, want in unit.heard)
    )
