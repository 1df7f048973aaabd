"""Topics: `tip/1/<court>/<unit>/<direction>/<leaf>` (docs/wire.md, "Topics")."""

from protocol.errors import ProtocolError

PREFIX = "tip"
VERSION = 1
MAX_COURT = 16
MAX_UNIT = 32
MAX_SEGMENT = 40

UP_LEAVES = ("alarm", "fix", "state", "manifest", "reply")
DOWN_LEAVES = ("alarm", "command", "want", "talk")


def name_valid(name: str, most: int) -> bool:
    """Whether `name` may be a level of a topic: 1 to `most` of A-Z, a-z, 0-9, `-` and `_`."""
    if not 0 < len(name) <= most:
        return False
    for char in name:
        if not ("0" <= char <= "9" or "A" <= char <= "Z" or "a" <= char <= "z" or char == "-" or char == "_"):
            return False
    return True


def check_court(court: str) -> str:
    """`court` itself. Raises ProtocolError when it cannot be a court's id on the wire."""
    if not name_valid(court, MAX_COURT):
        raise ProtocolError("court id %r: 1 to %d of A-Z a-z 0-9 - _" % (court, MAX_COURT))
    return court


def check_unit(unit: str) -> str:
    """`unit` itself. Raises ProtocolError when it cannot be a unit's id on the wire."""
    if not name_valid(unit, MAX_UNIT):
        raise ProtocolError("unit id %r: 1 to %d of A-Z a-z 0-9 - _" % (unit, MAX_UNIT))
    return unit


def up(court: str, unit: str, leaf: str) -> str:
    """The topic on which a unit speaks, for instance `tip/1/350105/u1001/up/alarm`."""
    return _topic(court, unit, "up", leaf, UP_LEAVES)


def down(court: str, unit: str, leaf: str) -> str:
    """The topic on which a unit is spoken to, for instance `tip/1/350105/u1001/down/alarm`."""
    return _topic(court, unit, "down", leaf, DOWN_LEAVES)


def media(court: str, unit: str, segment: str) -> str:
    """The topic of a segment's chunks, for instance `tip/1/350105/u1001/media/a1b2c3d4e5f60718-12`."""
    if not name_valid(segment, MAX_SEGMENT):
        raise ProtocolError("no segment %r" % segment[:40])
    return "%s/%d/%s/%s/media/%s" % (PREFIX, VERSION, check_court(court), check_unit(unit), segment)


def down_all(court: str, unit: str) -> str:
    """What a unit subscribes to: all that is for itself and nothing else."""
    return "%s/%d/%s/%s/down/+" % (PREFIX, VERSION, check_court(court), check_unit(unit))


def _topic(court: str, unit: str, direction: str, leaf: str, leaves: "tuple[str, ...]") -> str:
    if leaf not in leaves:
        raise ProtocolError("no topic %s/%s" % (direction, leaf))
    return "%s/%d/%s/%s/%s/%s" % (PREFIX, VERSION, check_court(court), check_unit(unit), direction, leaf)


def parse(topic: str) -> "tuple[str, str, str, str]":
    """(court, unit, direction, leaf) of a topic; direction is `up`, `down` or `media`.

    Raises:
        ProtocolError: a topic that is not of this wire, or of another version of it.
    """
    levels = topic.split("/") if len(topic) <= 128 else []
    if len(levels) != 6 or levels[0] != PREFIX:
        raise ProtocolError("not a topic of this wire: %r" % topic[:80])
    if levels[1] != str(VERSION):
        raise ProtocolError("topic version %r is not spoken here: this side speaks %d" % (levels[1], VERSION))
    court, unit, direction, leaf = check_court(levels[2]), check_unit(levels[3]), levels[4], levels[5]
    if direction == "media":
        known = name_valid(leaf, MAX_SEGMENT)
    else:
        known = leaf in (UP_LEAVES if direction == "up" else DOWN_LEAVES if direction == "down" else ())
    if not known:
        raise ProtocolError("no topic %s/%s" % (direction[:20], leaf[:20]))
    return court, unit, direction, leaf
