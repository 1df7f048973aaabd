"""The log of an incident: what happened, in order, chained by SHA-256.

A row holds one event that changed the incident, exactly as it was, and the facts that the step was decided
on; the first also holds the policy. Replaying the rows through `step` gives the incident again. Each hash covers
the hash before it, so a changed, removed, added or reordered row is named; a cut tail shows against the
incident's `version` or a hash kept elsewhere.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from gateway.dispatch.events import Event, from_plain, to_plain
from gateway.dispatch.incident import Incident
from gateway.dispatch.policy import Policy
from gateway.dispatch.step import step

GENESIS = bytes(32)
_POLICY = TypeAdapter(Policy)


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row. `seq` counts from 1 and is the incident's version after the event; `name` and `by` are copies
    for reading (covered by the hash too); `event` is JSON text, kept as it is; `hash` is 32 bytes."""

    incident_id: str
    seq: int
    at_ms: int
    name: str
    by: str | None
    event: str
    hash: bytes


class BrokenLog(ValueError):
    """A log that does not verify or replay. `seq`: the first bad row, or the first that is missing."""

    def __init__(self, incident_id: str, seq: int, problem: str) -> None:
        super().__init__(f"{incident_id}, row {seq}: {problem}")
        self.incident_id = incident_id
        self.seq = seq
        self.problem = problem


def row_for(
    incident_id: str,
    seq: int,
    at_ms: int,
    event: Event,
    policy: Policy,
    previous: bytes = GENESIS,
    facts: Mapping[str, Any] | None = None,
) -> LogRow:
    """The row for an event that changed the incident to version `seq`; `previous`: the hash of the row before.
    `policy` is written down in the first row only: an incident keeps the rules under which it began.
    `facts`: plain JSON values that are shown with the row, under its hash; no event has a field of this name."""
    plain = to_plain(event)
    if facts:
        plain["facts"] = dict(facts)
    if seq == 1:
        plain["policy"] = _POLICY.dump_python(policy, mode="json")
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    by: str | None = getattr(event, "by", None)
    name = event.event
    return LogRow(
        incident_id, seq, at_ms, name, by, text, _hash(previous, incident_id, seq, at_ms, name, by, text)
    )


def verify(rows: Iterable[LogRow], *, head: bytes | None = None, length: int | None = None) -> None:
    """Check the chain of one incident from its first row on. `head`: the hash that the last row must have;
    `length`: how many rows there must be. Raises BrokenLog, which names the first bad row."""
    previous, seq, incident_id = GENESIS, 0, ""
    for seq, row in enumerate(rows, 1):
        incident_id = incident_id or row.incident_id
        if row.seq != seq:
            raise BrokenLog(incident_id, seq, f"is missing: the next row is {row.seq}")
        if row.incident_id != incident_id:
            raise BrokenLog(incident_id, seq, f"belongs to {row.incident_id}")
        wanted = _hash(previous, row.incident_id, seq, row.at_ms, row.name, row.by, row.event)
        if row.hash != wanted:
            raise BrokenLog(incident_id, seq, "was changed: its hash does not match")
        previous = row.hash
    if length is not None and seq != length:
        raise BrokenLog(incident_id, min(seq, length) + 1, f"{seq} rows, but there must be {length}")
    if head is not None and previous != head:
        raise BrokenLog(incident_id, seq + 1, "the log does not end as it must: rows at the end are missing")


def replay(rows: Sequence[LogRow]) -> Incident | None:
    """The incident that these rows make; None for no rows. Raises BrokenLog where an event does not do what it
    did when it was written. Does not check the hashes: `verify` does."""
    incident: Incident | None = None
    policy = Policy()
    for seq, row in enumerate(rows, 1):
        try:
            plain = json.loads(row.event)
            plain.pop("facts", None)
            if seq == 1:
                policy = _POLICY.validate_python(plain.pop("policy"))
            event = from_plain(plain)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BrokenLog(row.incident_id, seq, f"is no event: {error}") from None
        outcome = step(incident, event, row.at_ms, policy)
        incident = outcome.incident
        if incident is None or not outcome.changed or incident.version != row.seq:
            raise BrokenLog(row.incident_id, seq, f"{row.name} does not lead to version {row.seq}")
    return incident


def _hash(
    previous: bytes, incident_id: str, seq: int, at_ms: int, name: str, by: str | None, event: str
) -> bytes:
    return hashlib.sha256(
        previous + hashed(incident_id, seq, at_ms, name, by, event).encode("ascii")
    ).digest()


def hashed(incident_id: str, seq: int, at_ms: int, name: str, by: str | None, event: str) -> str:
    """A row as it is hashed, after the hash of the row before: JSON of a list, so that no two different rows have the
    same bytes. In ASCII, one line."""
    return json.dumps([incident_id, seq, at_ms, name, by, event], ensure_ascii=True, separators=(",", ":"))
