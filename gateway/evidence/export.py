"""An export: masters, manifests, keys, what happened, playable copies, and pages that say how to check it without us.

report.html                      what it is, each segment with its hash and its proof
report.pdf                       the same, when it is asked for
verify.html                      how to check it with sha256sum and OpenSSL alone
export.json                      the same for programs, with the timeline of both clocks
SHA256SUMS                       of every other file, for `sha256sum --check`
keys/<unit>-<key id>.pem         Ed25519 public keys
keys/signed.txt                  which of them signed what
chain.txt                        the manifests in the order of their chains
recordings/<recording>/<segment>.mkv        the master, byte for byte
recordings/<recording>/<segment>.manifest   as the unit sent it
recordings/<recording>/<segment>.signed     what the signature is over
recordings/<recording>/<segment>.signature  64 bytes
derived/<recording>.mp4          a copy for the eye, not the evidence
incidents/<incident>/…           log with its chain, positions, report: `Order.files`

A disclosure copy has nothing but `derived`, `report.html`, `export.json` and the sums. Files are written one after
another, so memory is bounded whatever the length; a zip may be a stream.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.errors import ExportRefused
from gateway.evidence.derive import Covered, Master
from gateway.evidence.export_page import page
from gateway.evidence.export_pdf import pdf_page
from gateway.evidence.export_place import beside
from gateway.evidence.export_plain import Layout, index_of, place_in_chain
from gateway.evidence.export_verify import chain_text, signed_text, verify_page
from gateway.evidence.overlay import Overlay
from gateway.evidence.places import Key, sync_folder
from gateway.evidence.playable import Find, Playable
from gateway.evidence.proof import Verdict, judge
from gateway.evidence.proof_files import Evidence, ManifestFile, SegmentFile
from gateway.evidence.remote import FAILURES, NotThere, Remote, object_name
from gateway.evidence.sinks import Folder, Sink, Zip
from gateway.evidence_settings import EvidenceSettings
from protocol.manifest import Manifest
from protocol.media import RECORDING_BYTES, segment_name

COPY_SHARE = 0.5
"""H.264 is smaller than the pictures it is made of: so much of their size is thought to be needed."""
SPARE_BYTES = 64 << 20
Say = Callable[[str], None]


def _silent(line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported, by whom and why.

    masters: sealed segments; a file that is not at its path is fetched from the object store of `remote`, if there is
    one. absent: manifests of segments that are not here. left_out: in words, what is not in it. keys: public keys (32
    bytes) of the register by id. facts: of the incident or of the recording, as text by text. timeline: entries with
    both clocks, as JSON. files: further ones by name, as bytes or where they lie. copies: also playable copies; pdf:
    the report as PDF, too.
    covered, find: what these do not show: then it is a disclosure copy, as it is with `disclosure`, and no master is
    in the export.
    """

    title: str
    masters: Sequence[Master]
    keys: Mapping[bytes, bytes]
    made_by: str
    made_ms: int
    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    timeline: Sequence[Mapping[str, Any]] = ()
    copies: bool = True
    covered: Sequence[Covered] = ()
    language: str = "zh"
    disclosure: bool = False
    find: Find | None = None
    absent: Sequence[Manifest] = ()
    left_out: Sequence[str] = ()
    files: Mapping[str, bytes | Path] = field(default_factory=dict)
    remote: EvidenceSettings | None = None
    pdf: bool = False

    @property
    def manifests(self) -> list[Manifest]:
        """Of the masters, and of what is not here."""
        return [*(one.manifest for one in self.masters), *self.absent]

    @property
    def discloses(self) -> bool:
        """Whether it is a disclosure copy."""
        return self.disclosure or bool(self.covered) or self.find is not None

    @property
    def needed_bytes(self) -> tuple[int, int]:
        """How much room (the export itself, what is put aside while it is made) may take."""
        layout = Layout(self.manifests)
        sizes: dict[str, int] = defaultdict(int)
        for master in self.masters:
            sizes[layout.recording(master.manifest)] += master.manifest.size
        copied = COPY_SHARE if self.copies or self.discloses else 0
        whole = sum(sizes.values()) * (copied + (not self.discloses))
        if not self.discloses:
            whole += sum(
                one.stat().st_size if isinstance(one, Path) else len(one) for one in self.files.values()
            )
        aside = max(sizes.values(), default=0) * (copied + (self.remote is not None))
        return int(whole) + SPARE_BYTES, int(aside)


@dataclass(frozen=True, slots=True)
class Made:
    """What came of an export. sums: the SHA-256 of its SHA256SUMS, which stands for all of it."""

    verdicts: list[Verdict]
    sums: bytes

    @property
    def faulty(self) -> int:
        """How many segments do not hold."""
        return sum(bool(one.faults) for one in self.verdicts)


def export(order: Order, out: Path, overlay: Overlay, say: Say = _silent) -> list[Verdict]:
    """Write the export to `out`, a folder, or a zip when its name ends in `.zip`; returns the proof of each segment.

    It has its name only once it is whole and on the disk. What lies at `out` already is refused. A failed export leaves
    nothing behind, a killed one `<out>.part`, which the next one of that name removes. Raises ExportRefused, OSError.
    """
    return export_to(order, out, overlay, say).verdicts


def export_to(order: Order, out: Path, overlay: Overlay, say: Say = _silent) -> Made:
    """As `export`, with the sum that stands for all of it."""
    _refuse_over(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    needed, free = sum(order.needed_bytes), shutil.disk_usage(out.parent).free
    if needed > free:
        raise ExportRefused(
            f"{out}: about {needed >> 20:,} MiB are needed there and {free >> 20:,} MiB are free"
        )
    with beside(out) as part:
        _refuse_over(out)
        whole, scratch = part / "whole", part / "aside"
        scratch.mkdir()
        if out.suffix == ".zip":
            with whole.open("xb") as file:
                made = build(order, Zip(file, order.made_ms), scratch, overlay, say)
                file.flush()
                os.fsync(file.fileno())
        else:
            whole.mkdir()
            made = build(order, Folder(whole), scratch, overlay, say)
        _refuse_over(out)
        os.replace(whole, out)
        sync_folder(out.parent)
    return made


def _refuse_over(out: Path) -> None:
    if out.exists():
        raise ExportRefused(f"{out}: is there already; name another, nothing is overwritten")


def build(order: Order, sink: Sink, scratch: Path, overlay: Overlay, say: Say = _silent) -> Made:
    """Write the export into `sink`; `scratch` is a folder for what is put aside meanwhile. Always in the same order.
    Raises ExportRefused, OSError."""
    try:
        return _build(order, sink, scratch, overlay, say)
    except BaseException:
        sink.drop()
        raise


def _build(order: Order, sink: Sink, scratch: Path, overlay: Overlay, say: Say) -> Made:
    layout = Layout(order.manifests)
    recordings: dict[str, list[Master]] = defaultdict(list)
    for master in sorted(order.masters, key=lambda one: place_in_chain(one.manifest)):
        recordings[layout.recording(master.manifest)].append(master)
    found: list[SegmentFile] = []
    copies = []
    if not order.discloses:
        _put_proof(order, layout, sink)
    for name, masters in sorted(recordings.items()):
        copied = _put_recording(order, layout, sink, name, masters, scratch, overlay, found, say)
        if copied is not None:
            copies.append(copied)
    verdicts = [] if order.discloses else _judged(order, layout, found)
    if not order.discloses:
        for name, data in sorted(order.files.items()):
            if isinstance(data, Path):
                sink.put_file(name, data)
            else:
                sink.put_bytes(name, data)
    index = index_of(order, copies, verdicts)
    sink.put_bytes("export.json", json.dumps(index, ensure_ascii=False, indent=1).encode())
    if not order.discloses:
        sink.put_bytes("verify.html", verify_page(index, order.language).encode())
    sink.put_bytes("report.html", page(index, order.language).encode())
    if order.pdf:
        sink.put_bytes("report.pdf", pdf_page(index, order.language))
    return Made(verdicts, sink.close())


def _put_proof(order: Order, layout: Layout, sink: Sink) -> None:
    """Keys and manifests, the latter also in parts that OpenSSL takes."""
    manifests = sorted(order.manifests, key=place_in_chain)
    units = {manifest.key_id: manifest.unit for manifest in manifests}
    for number, raw in sorted(order.keys.items()):
        key = Ed25519PublicKey.from_public_bytes(raw)
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        sink.put_bytes(f"keys/{units.get(number, 'unit')}-{number.hex()}.pem", pem)
    for manifest in manifests:
        stem = layout.stem(manifest)
        sink.put_bytes(f"{stem}.manifest", manifest.encode())
        sink.put_bytes(f"{stem}.signed", manifest.signed_bytes())
        sink.put_bytes(f"{stem}.signature", manifest.signature or b"")
    sink.put_bytes("keys/signed.txt", signed_text(manifests, layout).encode())
    sink.put_bytes("chain.txt", chain_text(manifests, layout).encode())


def _put_recording(
    order: Order, layout: Layout, sink: Sink, recording: str, masters: list[Master], scratch: Path,
    overlay: Overlay, found: list[SegmentFile], say: Say,
) -> dict[str, Any] | None:  # fmt: skip
    """The masters of a recording, each followed by its part of the copy; then the copy. Returns what is said of it."""
    aside = scratch / recording
    aside.mkdir()
    name = f"derived/{recording}{'-disclosure' if order.discloses else ''}.mp4"
    own = masters[0].manifest.segment[:RECORDING_BYTES].hex()
    covered = [one for one in order.covered if one.recording in (None, own)]
    copying = order.copies or order.discloses
    remote = Remote(order.remote) if order.remote is not None else None
    with Playable(aside / "copy.mp4", masters, overlay, covered, order.find) as copy:
        for listed in masters:
            segment = segment_name(listed.manifest.segment)
            master = _here(listed, aside, remote)
            if master is None:
                say(f"{segment}  its file is not here")
                continue
            if not order.discloses:
                file = f"{layout.stem(master.manifest)}.mkv"
                size = sink.put_file(file, master.path)
                found.append(SegmentFile(file, size, sink.sums[file]))
                say(f"{segment}  {size:,} bytes")
            if copying:
                copy.add(master)
            elif master.path.parent == aside:
                master.path.unlink()
    if copy.pictures:
        size = sink.put_file(name, aside / "copy.mp4")
        say(f"{name}  {size:,} bytes")
    elif copying:  # a recording of sound alone has no copy for the eye
        say(f"{name}  not made: there is no picture in these segments")
    shutil.rmtree(aside)
    if not copy.pictures:
        return None
    gaps = [{"at_ms": at_ms, "left_out_ms": left_out_ms} for at_ms, left_out_ms in copy.left_out]
    return {"file": name, "pictures_not_decodable": copy.refused, "gaps_shortened": gaps}


def _here(master: Master, aside: Path, remote: Remote | None) -> Master | None:
    """The segment with a file that can be read; None when there is none."""
    if master.path.exists():
        return master
    if remote is None:
        return None
    key = Key.of(master.manifest.unit, master.manifest.segment)
    path = aside / f"{key.name}.mkv"
    try:
        remote.fetch(object_name(key), path)
    except NotThere:
        return None
    except FAILURES as error:
        raise ExportRefused(f"{key.name}: the object store did not give it: {str(error)[:200]}") from None
    return replace(master, path=path)


def _judged(order: Order, layout: Layout, found: list[SegmentFile]) -> list[Verdict]:
    if not order.manifests:
        return []
    named = [ManifestFile(f"{layout.stem(one)}.manifest", one, None) for one in order.manifests]
    trusted = {number: Ed25519PublicKey.from_public_bytes(raw) for number, raw in order.keys.items()}
    return judge(Evidence(found, named), trusted)
