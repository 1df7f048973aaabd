"""Settings: typed, bounded, in two checked copies; import of what provisioning wrote."""

import json

from store.copies import Copies
from store.errors import SettingError
from store.settings_table import BOOL, CHOICE, ID, INT, TABLE

_MAX_BYTES = 4096
_TAKEN = "provisioned"  # stored beside the settings: generation of the last unit.json taken


def check(name, value):
    """`value` if it is one that `name` may have. Raises SettingError."""
    if name not in TABLE:
        raise SettingError(name, value, "there is no such setting")
    kind, lowest, highest = TABLE[name][:3]
    if kind == BOOL:
        good, allowed = isinstance(value, bool), "true or false"
    elif kind == CHOICE:
        good = not isinstance(value, bool) and value in lowest
        allowed = "one of %s" % ", ".join(str(choice) for choice in lowest)
    elif kind == INT:
        good = isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
        allowed = "a whole number from %d to %d" % (lowest, highest)
    else:
        good = (
            isinstance(value, str)
            and lowest <= len(value.encode()) <= highest
            and _printable(value, kind == ID)
        )
        allowed = "text of %d to %d %s" % (
            lowest,
            highest,
            "letters, digits, _ or -" if kind == ID else "bytes of UTF-8, no control characters",
        )
    if not good:
        raise SettingError(name, value, allowed)
    return value


class Settings:
    """The settings of TABLE under directory `home` ("settings.a", "settings.b"), by attribute or item.

    Opening never fails: a stored value that is no longer allowed (after an update) becomes its default, and
    its name is in `refused`. Attributes: provisioned (generation of unit.json taken, 0 none), refused.
    """

    def __init__(self, home="."):
        self._home = home
        self._copies = Copies(home + "/settings", _MAX_BYTES)
        self._values = {name: row[3] for name, row in TABLE.items()}
        self.provisioned = 0
        self.refused = []
        stored = self._stored()
        for name, value in stored.items():
            if name == _TAKEN:
                self.provisioned = value
                continue
            try:
                self._values[name] = check(name, value)
            except SettingError:
                self.refused.append(name)

    def __getitem__(self, name):
        return self._values[name]

    def __getattr__(self, name):
        values = self.__dict__.get("_values", TABLE)
        if name not in values:
            raise AttributeError(name)
        return values[name]

    @property
    def complete(self):
        """True when everything that has no default is known: the unit can run."""
        return None not in self._values.values()

    def set(self, name, value):
        """Check and store durably; True if it changed. Raises SettingError, OSError (nothing changed)."""
        return self.update({name: value})

    def update(self, values):
        """All of a dict or none, in one write; True if anything changed. Raises as `set`."""
        return self._store(values, self.provisioned)

    def import_provisioned(self, path=None):
        """Take "<home>/unit.json" when its "generation" is newer than the last one taken; True if taken.

        No such file: False. Raises SettingError when the file is not a JSON object, lacks a whole
        "generation" or has a name or value that is refused; then nothing changed.
        """
        path = path or self._home + "/unit.json"
        try:
            with open(path) as stream:
                values = json.load(stream)
        except OSError:
            return False
        except ValueError:
            raise SettingError(path, "its content", "a JSON object")
        if not isinstance(values, dict):
            raise SettingError(path, "its content", "a JSON object")
        generation = values.pop("generation", None)
        if not isinstance(generation, int) or isinstance(generation, bool) or generation < 1:
            raise SettingError("generation", generation, "a whole number from 1")
        if generation <= self.provisioned:
            return False
        self._store(values, generation)
        return True

    def _stored(self):
        try:
            stored = json.loads(self._copies.load() or b"{}")
        except ValueError:
            return {}
        return stored if isinstance(stored, dict) else {}

    def _store(self, values, provisioned):
        changed = {name: check(name, value) for name, value in values.items()}
        if (
            all(value == self._values[name] for name, value in changed.items())
            and provisioned == self.provisioned
        ):
            return False
        updated = dict(self._values)
        updated.update(changed)
        # only what differs from a default is stored: a default improved by an update then takes effect
        kept = {name: value for name, value in updated.items() if value != TABLE[name][3]}
        kept[_TAKEN] = provisioned
        self._copies.save(json.dumps(kept).encode())
        self._values = updated
        self.provisioned = provisioned
        return True


def _printable(text, strict):
    for character in text:
        code = ord(character)
        if code < 0x20 or 0x7F <= code < 0xA0:  # control characters, as the wire refuses them
            return False
        if strict and (code > 0x7F or not (character.isalpha() or character.isdigit() or character in "_-")):
            return False
    return True
