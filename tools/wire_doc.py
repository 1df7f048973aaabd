"""Writes the generated part of docs/wire.md from the tables of `protocol/` and the golden vectors.

`python tools/wire_doc.py` rewrites the page; a test fails when the page is behind.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from protocol import fields, messages, records  # noqa: E402

PAGE = ROOT / "docs" / "wire.md"
VECTORS = ROOT / "tests" / "vectors" / "messages.json"
MARK = "<!-- From here on this page is written by tools/wire_doc.py. -->\n"


def integer_range(low: int, high: int) -> str:
    """A CDDL integer type."""
    return f"{low}..{high}"


def cddl_type(kind: str, low: int, high: int) -> str:
    """A CDDL type for one kind of field."""
    size = f".size ({low}..{high})" if low != high else f".size {low}"
    return {
        fields.INTEGER: integer_range(low, high),
        fields.BYTES: f"bstr {size}",
        fields.TEXT: f"tstr {size}",
        fields.STAMP: "stamp",
        fields.FIX: "fix",
        fields.FIXES: f"[{low}*{high} fix]",
        fields.UINTS: f"[0*{fields.MAX_LIST} uint]",
        fields.COUNTERS: f"{{0*{high} counter => uint}}",
        fields.VALUE: f"int / tstr {size}",
    }[kind]


def cddl() -> str:
    """The CDDL (RFC 8610) of every message."""
    lines = ["version = 1", "counter = 0..65535", ""]
    for cls, name in ((records.Stamp, "stamp"), (records.Fix, "fix")):
        lines.append(f"{name} = [")
        if cls is records.Fix:
            lines.append("  stamp,")
        for item, low, high, required in cls.ITEMS:
            lines.append(f"  {item}: {integer_range(low, high)}{'' if required else ' / null'},")
        lines += ["  * any        ; added by a later version, ignored", "]", ""]
    for (direction, leaf), cls in messages.BY_LEAF.items():
        lines.append(f"{cls.__name__} = {{                 ; {direction}/{leaf}")
        lines.append("  0 => version,")
        for key, name, kind, low, high, required in cls.FIELDS:
            mark = "" if required else "? "
            lines.append(f"  {mark}{key} => {cddl_type(kind, low, high)},  ; {name}")
        lines += ["  * uint => any  ; added by a later version, ignored", "}", ""]
    return "\n".join(lines).rstrip()


def head(data: bytes, at: int) -> tuple[int, int, int]:
    """(major type, argument, bytes of the head) of the CBOR item at `at`."""
    first = data[at]
    info = first & 31
    if info < 24:
        return first >> 5, info, 1
    size = 1 << (info - 24)
    return first >> 5, int.from_bytes(data[at + 1 : at + 1 + size], "big"), 1 + size


def dump(data: bytes, at: int, indent: int, label: str, names: dict[int, str]) -> tuple[list[str], int]:
    """Lines that explain the item at `at` byte by byte, and where the next one starts."""
    major, number, size = head(data, at)
    pad = "  " * indent

    def line(end: int, text: str) -> str:
        return f"{pad}{data[at:end].hex()}".ljust(52) + f" {label}{text}"

    if major == 0:
        return [line(at + size, str(number))], at + size
    if major == 1:
        return [line(at + size, str(-1 - number))], at + size
    if major == 2:
        return [line(at + size + number, f"{number} bytes")], at + size + number
    if major == 3:
        text = data[at + size : at + size + number].decode()
        return [line(at + size + number, json.dumps(text, ensure_ascii=False))], at + size + number
    if major == 7:
        return [line(at + 1, {20: "false", 21: "true", 22: "null"}[number])], at + 1
    lines = [line(at + size, f"{'array' if major == 4 else 'map'} of {number}")]
    at += size
    for _ in range(number):
        inner = ""
        if major == 5:
            _, key, key_size = head(data, at)
            lines.append(f"{pad}  {data[at : at + key_size].hex()}".ljust(52) + f" key {key}")
            at += key_size
            inner = names.get(key, "") + ": " if names.get(key) else ""
        more, at = dump(data, at, indent + (2 if major == 5 else 1), inner, {})
        lines += more
    return lines, at


def generated() -> str:
    """All that stands behind the mark."""
    parts = [
        MARK,
        "\n## CDDL\n\n```cddl\n",
        cddl(),
        "\n```\n\n## Counters\n\n| number | counts |\n|---|---|\n",
    ]
    parts += [f"| {number} | `{name}` |\n" for number, name in enumerate(messages.COUNTER_NAMES)]
    parts.append(
        "\n## Examples\n\nThese are the golden vectors, `tests/vectors/messages.json`, byte by byte.\n"
    )
    for row in json.loads(VECTORS.read_text(encoding="utf-8")):
        names = {0: "version"} | {f[0]: f[1] for f in getattr(messages, row["message"]).FIELDS}
        lines, _ = dump(bytes.fromhex(row["hex"]), 0, 0, "", names)
        parts.append(
            f"\n### {row['name']}\n\n`{row['topic']}`, {row['message']}, {len(row['hex']) // 2} bytes:\n"
        )
        parts.append("\n```\n" + "\n".join(lines) + "\n```\n")
    return "".join(parts)


def main() -> None:
    """Rewrites the page behind the mark."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.split(MARK)[0] + generated(), encoding="utf-8")


if __name__ == "__main__":
    main()
