"""Values inside messages that are CBOR arrays: a Stamp (when) and a Fix (where).

A Record's `ITEMS` rows are (name, low, high, required), in the order of the array; a later version may add
items at the end, which are ignored here.
"""

from protocol.cbor import Encoder
from protocol.checks import MAX_LIST, MAX_UINT32, MAX_UINT53, integer, items, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


class Value:
    """Equality and a readable form for what has named attributes."""

    def _names(self) -> "list[str]":
        return []

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return False
        for name in self._names():
            if getattr(self, name) != getattr(other, name):
                return False
        return True

    def __repr__(self) -> str:
        inner = ["%s=%r" % (n, getattr(self, n)) for n in self._names() if getattr(self, n) is not None]
        return "%s(%s)" % (type(self).__name__, ", ".join(inner))

    __hash__ = None  # type: ignore[assignment]


class Record(Value):
    """A fixed list of integers. Items that a later version adds at the end are ignored.

    Raises ProtocolError for a value out of range, TypeError for a name that is not in the table.
    """

    ITEMS: "tuple[tuple[str, int, int, bool], ...]" = ()

    def __init__(self, **values: "int | None") -> None:
        for name, low, high, required in self.ITEMS:
            value = values.pop(name, None)
            if value is not None:
                value = integer(name, value, low, high)
            elif required:
                raise wrong(name, "is missing")
            setattr(self, name, value)
        if values:
            raise TypeError("%s has no item %s" % (type(self).__name__, list(values)[0]))

    def _names(self) -> "list[str]":
        return [row[0] for row in self.ITEMS]

    def write(self, encoder: Encoder) -> None:
        """Appends the record to `encoder`."""
        encoder.array(len(self.ITEMS))
        self._write_items(encoder)

    def _write_items(self, encoder: Encoder) -> None:
        for row in self.ITEMS:
            value = getattr(self, row[0])
            if value is None:
                encoder.null()
            else:
                encoder.integer(value)

    @classmethod
    def read(cls, name: str, value: object) -> "Self":
        """The record from a decoded array; `name` is the field's, for the error's text."""
        return cls(**cls._read_items(name, items(name, value, len(cls.ITEMS), MAX_LIST)))

    @classmethod
    def _read_items(cls, name: str, parts: "list[Any]") -> "dict[str, Any]":
        values = {}
        for i, (item, low, high, required) in enumerate(cls.ITEMS):
            value = parts[i]
            if value is not None or required:
                # The name is made only for the error's text.
                if type(value) is not int or not low <= value <= high:
                    integer("%s.%s" % (name, item), value, low, high)
                values[item] = value
        return values


class Stamp(Record):
    """When something was, by the unit's own clocks.

    utc_s, utc_ms: seconds since 1970-01-01 UTC and 0-999 ms; utc_s is 0 when the unit does not know the time.
    quality: one of CLOCK_NONE, CLOCK_RTC, CLOCK_NETWORK, CLOCK_GNSS (protocol.messages).
    mono_ms, boot: milliseconds since the unit started, and how many times it had started.
    """

    utc_s: int
    utc_ms: int
    quality: int
    mono_ms: int
    boot: int
    ITEMS = (
        ("utc_s", 0, MAX_UINT53, True),
        ("utc_ms", 0, 999, True),
        ("quality", 0, 3, True),
        ("mono_ms", 0, MAX_UINT53, True),
        ("boot", 0, MAX_UINT32, True),
    )


class Fix(Record):
    """Where the unit was: WGS-84, as the GNSS receiver gave it.

    stamp is a Stamp; lat_e7, lon_e7: degrees times 1e7; accuracy_dm: radius of 95 % confidence; speed_cm_s;
    course_cdeg: hundredths of a degree from true north; altitude_dm: above the ellipsoid; satellites: in use;
    quality: the GGA quality digit (0 none, 1 GNSS, 2 differential, 4 RTK, 5 float, 6 estimated).
    """

    stamp: Stamp
    lat_e7: int
    lon_e7: int
    accuracy_dm: "int | None"
    speed_cm_s: "int | None"
    course_cdeg: "int | None"
    altitude_dm: "int | None"
    satellites: int
    quality: int
    ITEMS = (
        ("lat_e7", -900000000, 900000000, True),
        ("lon_e7", -1800000000, 1800000000, True),
        ("accuracy_dm", 0, MAX_UINT32, False),
        ("speed_cm_s", 0, MAX_UINT32, False),
        ("course_cdeg", 0, 35999, False),
        ("altitude_dm", -20000, 1000000, False),
        ("satellites", 0, 255, True),
        ("quality", 0, 8, True),
    )

    def __init__(self, stamp: Stamp, **values: "int | None") -> None:
        super().__init__(**values)
        self.stamp = stamp

    def _names(self) -> "list[str]":
        return ["stamp"] + [row[0] for row in self.ITEMS]

    def write(self, encoder: Encoder) -> None:
        """Appends [stamp, items...] to `encoder`."""
        encoder.array(1 + len(self.ITEMS))
        self.stamp.write(encoder)
        self._write_items(encoder)

    @classmethod
    def read(cls, name: str, value: object) -> "Self":
        """The fix from a decoded array; `name` is the field's, for the error's text."""
        parts = items(name, value, 1 + len(cls.ITEMS), MAX_LIST)
        return cls(Stamp.read(name + ".stamp", parts[0]), **cls._read_items(name, parts[1:]))
