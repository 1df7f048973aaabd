"""Reads the golden vectors; runs on CPython and MicroPython.

`messages.json`: [{"name", "topic", "message", "hex", "value"}]; in values, bytes are {"hex": "…"}.
`refused.json`: [{"name", "message", "hex", "version"?}]: bytes that no decoder may accept.
"""

import json

from protocol import messages
from protocol.records import Fix, Stamp


def unhex(text):
    """The bytes of a hex string."""
    return bytes(int(text[i : i + 2], 16) for i in range(0, len(text), 2))


def load(folder, name):
    """The rows of one vector file."""
    with open(folder + "/" + name + ".json", encoding="utf-8") as file:
        return json.load(file)


def value_of(raw):
    """A field's value from its JSON form."""
    if isinstance(raw, list):
        return [value_of(item) for item in raw]
    if not isinstance(raw, dict):
        return raw
    if "hex" in raw:
        return unhex(raw["hex"])
    if "lat_e7" in raw:
        rest = dict(raw)
        return Fix(Stamp(**rest.pop("stamp")), **rest)
    if "utc_s" in raw:
        return Stamp(**raw)
    return {int(key): count for key, count in raw.items()}


def message_of(row):
    """The message that a row describes."""
    cls = getattr(messages, row["message"])
    return cls(**{name: value_of(raw) for name, raw in row["value"].items()})
