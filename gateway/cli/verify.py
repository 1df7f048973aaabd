"""`tipstaff verify`: whether recordings are what the unit recorded. Needs no gateway, no database, no network."""

from __future__ import annotations

import base64
import json
import os
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.options import AsJson
from gateway.errors import EvidenceUnreadable
from protocol.manifest import CUT, LAST, Manifest
from protocol.records import Stamp

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from gateway.evidence.proof import Verdict
    from gateway.evidence.proof_files import Evidence

    Keys = Mapping[bytes, Ed25519PublicKey]

FAULTY = 1
ENDS = {"cut": "ended without power or card", "last": "end of the recording"}
CLOCKS = ("clock not set", "battery clock", "network time", "GNSS time")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("verify")(verify)


def verify(
    path: Annotated[
        Path, typer.Argument(help="A folder or zip: an export, a unit's card, or a part of either.")
    ],
    unit_key: Annotated[
        list[str] | None,
        typer.Option(
            "--unit-key",
            help="A key that the court trusts: a PEM file, a folder of them (`tipstaff keys --out`), or 32 bytes as "
            "hex or base64; may be repeated. A file named UNIT-ID.pem, or UNIT=KEY, says whose it is. Without it the "
            "keys that lie with the evidence are used, which prove only that one key signed it all.",
        ),
    ] = None,
    complete: Annotated[
        bool,
        typer.Option("--complete", help="Every gap in a unit's chain is a fault, also between recordings."),
    ] = False,
    sums: Annotated[
        list[str] | None,
        typer.Option(
            help="SHA-256 that the export's SHA256SUMS must have, from the audit of whoever made it; may be repeated, "
            "for a folder of exports."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that recordings are byte for byte what the unit recorded, or name what is not.

    One line a segment: flipped bytes, missing, added and reordered segments, a cut tail, a wrong key, a clock that
    was set; and one for each other file that is not what the export's SHA256SUMS says. A recording that ended because
    power or card failed is named so, and is no fault. Ends with 0 when everything holds, 1 when something does not, 2
    when it cannot be read.

    Example: tipstaff verify export-I-20261126-0001.zip --unit-key MZ2534.pem
    """
    from gateway.evidence.proof import judge, judge_sums
    from gateway.evidence.proof_files import gather

    known = [one for text in unit_key or () for one in _trusted(text)]
    trusted = {number: key for number, key, _ in known} if unit_key else None
    owners: dict[bytes, set[str]] = defaultdict(set)
    for number, _, owner in known:
        if owner is not None:
            owners[number].add(owner)
    expected = [_sum(text) for text in sums or ()]
    evidence = gather(path, with_keys=trusted is None)
    if not expected and not evidence.segments and not evidence.manifests:
        raise EvidenceUnreadable(
            f"{path}: has no segments, as a disclosure copy has none; name the SHA-256 of its SHA256SUMS, from the "
            "audit of whoever made it, with --sums"
        )
    verdicts = judge(evidence, trusted, owners, complete=complete)
    if expected:
        verdicts += judge_sums(evidence, expected)
    faulty = [verdict for verdict in verdicts if verdict.faults]
    if as_json:
        report = {
            "ok": not faulty,
            "keys_from": "register" if trusted is not None else "evidence",
            "sums": [{"file": one.name, "sha256": one.sha256.hex()} for one in evidence.sums],
            "unchecked": len(evidence.unchecked),
            "segments": [_plain(verdict) for verdict in verdicts],
        }
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        _print(verdicts, len(faulty))
        notes = [*_notes_of_keys(evidence, verdicts, trusted, owners), *_notes_of_sums(evidence, expected)]
        typer.echo("".join(f"{line}\n" for line in notes), nl=False)
    if faulty:
        raise typer.Exit(FAULTY)


def _trusted(text: str) -> list[tuple[bytes, Ed25519PublicKey, str | None]]:
    """Id, key and owner, as far as it is known, of a PEM file, of all in a folder, or of 32 bytes written out; with
    `UNIT=` before it, of one key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from gateway.evidence.proof_keys import KEY_MAX_BYTES, KEY_SUFFIX, UNIT, number_of, owner_of, public_key

    named = re.fullmatch(f"({UNIT})=(.+)", text) if not os.path.exists(text) else None
    unit, text = named.groups() if named else (None, text)
    path, given = Path(text), f"--unit-key {text[:60]!r}"
    if unit is not None and os.path.isdir(text):
        raise EvidenceUnreadable(f"{given}: is a folder, and each file in it says whose it is")
    files = [path]
    if os.path.isdir(text):
        files = sorted(one for one in path.iterdir() if one.suffix.lower() == KEY_SUFFIX)
    if not files:
        raise EvidenceUnreadable(f"{given}: there is no *{KEY_SUFFIX} in it")
    if os.path.isfile(files[0]):
        keys = [(file.stem, public_key(str(file), _read(file, KEY_MAX_BYTES))) for file in files]
    else:
        keys = [("", Ed25519PublicKey.from_public_bytes(_raw(text)))]
    return [(number_of(key), key, owner) for stem, key in keys for owner in (unit, owner_of(stem, key))]


def _read(file: Path, most_bytes: int) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(most_bytes)
    except OSError as error:
        raise EvidenceUnreadable(f"{file}: {error.strerror}") from None


def _raw(text: str) -> bytes:
    for decode in (bytes.fromhex, lambda given: base64.b64decode(given, validate=True)):
        try:
            raw = decode(text)
        except ValueError:
            continue
        if len(raw) == 32:
            return raw
    raise EvidenceUnreadable(f"--unit-key {text[:60]!r}: is no file, and not 32 bytes as hex or base64")


def _sum(text: str) -> bytes:
    """A SHA-256 that was written out. Raises EvidenceUnreadable."""
    if not re.fullmatch("[0-9A-Fa-f]{64}", text.strip()):
        raise EvidenceUnreadable(f"--sums {text[:80]!r}: is no SHA-256, which has 64 hex digits")
    return bytes.fromhex(text)


def _print(verdicts: list[Verdict], faulty: int) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for verdict in verdicts:
        line = Text(
            "ok     " if not verdict.faults else "FAULT  ", "green" if not verdict.faults else "bold red"
        )
        line.append(_shown(verdict.name), "default")
        if verdict.manifest is not None:
            line.append("  " + _shown(_facts(verdict.manifest)), "dim")
        console.print(line)
        for fault in verdict.faults:
            console.print(Text(f"       {fault.code}: {_shown(fault.message)}", "red"))
    segments = [verdict for verdict in verdicts if verdict.manifest is not None]
    spoiled = sum(bool(verdict.faults) for verdict in segments)
    said = (
        f"{spoiled} with faults; other files with faults: {faulty - spoiled}" if faulty else "all of it holds"
    )
    console.print(f"{len(segments)} segments, {said}." if segments else f"No segments; {said}.")


def _notes_of_keys(
    evidence: Evidence, verdicts: list[Verdict], trusted: Keys | None, owners: Mapping[bytes, set[str]]
) -> list[str]:
    """What whoever looks at it still has to compare."""
    if trusted is None:
        if not evidence.manifests:
            return []
        if not evidence.keys:
            return ["No unit's key lies here, as none does on a card: name the register's with --unit-key."]
        return [
            "The keys are those that lie with the evidence: compare their ids with the register's,",
            "or name the register's key with --unit-key.",
        ]
    used = {verdict.manifest.key_id for verdict in verdicts if verdict.manifest is not None}
    return [
        f"Nobody said whose key {number.hex()} is: compare it with the register's, or name it as UNIT=KEY."
        for number in sorted(used & (trusted.keys() - owners.keys()))
    ]


def _notes_of_sums(evidence: Evidence, expected: list[bytes]) -> list[str]:
    """What stands for the whole, and what was not looked at."""
    notes = []
    for one in evidence.sums:
        same = ", as --sums says" if one.sha256 in expected else ""
        notes.append(f"{_shown(one.name)} is {one.sha256.hex()}{same}.")
    if not evidence.sums:
        notes.append("No SHA256SUMS lies here: segments and their manifests were checked, and no other file.")
    elif not expected:
        notes.append(
            "It stands for the whole export: compare it with the one in the audit of whoever made it,"
        )
        notes.append("or name that with --sums.")
    if evidence.unchecked:
        count = len(evidence.unchecked)
        notes.append(f"Files that no SHA256SUMS speaks of, and that were not checked: {count:,}.")
    return notes


def _shown(text: str) -> str:
    """Names come from whoever made the folder: nothing in them moves the cursor or hides what stands beside them."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _end(manifest: Manifest) -> str | None:
    """How the recording ends with this segment; None when it goes on after it."""
    if manifest.flags & CUT:
        return "cut"
    return "last" if manifest.flags & LAST else None


def _facts(manifest: Manifest) -> str:
    end = _end(manifest)
    return " · ".join(
        (
            manifest.unit,
            f"place {manifest.seq}",
            f"{_time(manifest.first)} to {_time(manifest.last)} ({CLOCKS[manifest.last.quality]})",
            f"{manifest.size:,} bytes",
            f"key {manifest.key_id.hex()}",
            *([] if end is None else [ENDS[end]]),
        )
    )


def _time(stamp: Stamp) -> str:
    if not stamp.utc_s:
        return f"boot {stamp.boot} + {stamp.mono_ms / 1000:.1f} s"
    try:
        at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=stamp.utc_s)
    except OverflowError:
        return f"UTC {stamp.utc_s} s"
    return at.strftime("%Y-%m-%d %H:%M:%S") + "Z"


def _plain(verdict: Verdict) -> dict[str, Any]:
    manifest = verdict.manifest
    plain: dict[str, Any] = {
        "segment": verdict.name,
        "file": verdict.file,
        "ok": not verdict.faults,
        "faults": [{"code": fault.code, "message": fault.message} for fault in verdict.faults],
    }
    if manifest is not None:
        plain |= {
            "unit": manifest.unit,
            "seq": manifest.seq,
            "size": manifest.size,
            "sha256": manifest.sha256.hex(),
            "key_id": manifest.key_id.hex(),
            "case_no": manifest.case_no,
            "end": _end(manifest),
            "first": _stamp(manifest.first),
            "last": _stamp(manifest.last),
        }
    return plain


def _stamp(stamp: Stamp) -> dict[str, int]:
    return {name: getattr(stamp, name) for name, *_ in Stamp.ITEMS}
