"""Names of people: they go into log lines, receipts and tables, so they are bounded and plain."""

import unicodedata

#: What a receipt to a unit can carry of a name (UTF-8).
NAME_MAX_BYTES = 160
_NOT_PRINTED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def name_problem(name: str) -> str | None:
    """What is wrong with a person's name, to follow "the name"; None when it can be used."""
    if not name.strip():
        return "is empty"
    if any(unicodedata.category(char) in _NOT_PRINTED for char in name):
        return "has control characters"
    if len(name.encode()) > NAME_MAX_BYTES:
        return f"is longer than {NAME_MAX_BYTES} bytes of UTF-8"
    return None
