"""Whether evidence is what the unit recorded: pure judgement over manifests, files and keys.

    file      its size and SHA-256 are the manifest's; which file is whose: `proof_pairs`
    manifest  the Ed25519 signature (RFC 8032) of a key that is trusted is over it
    owner     the key is the unit's that the manifest names, as far as it is known whose it is, and no other unit's
    chain     `seq` rises by one, and `previous` is the SHA-256 of the manifest before
    recording its segments are numbered from 0 without a gap, and the last one says that it is the last
    clocks    UTC and the unit's monotonic clock went on equally fast, and UTC never back (`proof_clocks`)

What is left out of an export on purpose (other recordings of the same unit) breaks the chain's numbers and not its
proof; `complete` makes every gap a fault, for a card or a whole store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.evidence import proof_clocks
from gateway.evidence.proof_files import Evidence, SegmentFile
from gateway.evidence.proof_pairs import pair
from gateway.evidence.proof_sums import SUMS
from protocol.manifest import CUT, FIRST_PREVIOUS, LAST, Manifest
from protocol.media import RECORDING_BYTES, segment_name


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `code`: changed, cut_tail, longer, missing, missing_before, no_end, added, doubled,
    reordered, unreadable, wrong_key, bad_signature, chain_broken, clock_step, clock_wrong, overlap."""

    code: str
    message: str


@dataclass(slots=True)
class Verdict:
    """A segment, and what is wrong with it: nothing when `faults` is empty."""

    name: str
    manifest: Manifest | None
    file: str | None
    faults: list[Fault] = field(default_factory=list)

    def wrong(self, code: str, message: str) -> None:
        """Add a fault."""
        self.faults.append(Fault(code, message))


def judge(
    evidence: Evidence, trusted: Mapping[bytes, Ed25519PublicKey] | None = None,
    owners: Mapping[bytes, Collection[str]] | None = None, *, complete: bool = False,
) -> list[Verdict]:  # fmt: skip
    """A verdict for each segment and each stray file, in the order of the chains.

    trusted: the units' keys by id, from the register; None believes those that lie with the evidence, which then
    proves only that one key signed it all. owners: the unit whose key it is, by id, or several when that is not sure;
    one that is not there may be any unit's, but only one's.
    """
    keys = evidence.keys if trusted is None else trusted
    if trusted is None:
        owners = evidence.owners
    different = {
        one.manifest.digest(): one.manifest for one in evidence.manifests if one.manifest is not None
    }
    files, left = pair(evidence.manifests, evidence.segments)
    signed = {manifest.sha256: manifest for manifest in different.values()}
    verdicts = [_file_verdict(manifest, files.get(digest), signed) for digest, manifest in different.items()]
    absent = "does not lie here" if trusted is None else "is not a trusted one"
    _check_owners([one for one in verdicts if _is_signed(one, keys, absent)], owners or {})
    chains: dict[bytes, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        assert verdict.manifest is not None
        chains[verdict.manifest.key_id].append(verdict)
    ordered: list[Verdict] = []
    for _, chain in sorted(chains.items()):
        chain.sort(key=_place)
        _check_chain(chain, complete)
        proof_clocks.check(*_told(chain))
        ordered += chain
    _check_recordings(ordered)
    found = ordered + _strays(evidence, left, {verdict.name for verdict in verdicts})
    return found + _others(evidence, {verdict.file or verdict.name: verdict for verdict in found})


def judge_sums(evidence: Evidence, expected: Collection[bytes]) -> list[Verdict]:
    """A verdict for each SHA256SUMS that is not one of `expected`, by its SHA-256, and for each of those that is not
    here."""
    wrong = [
        Verdict(
            one.name, None, one.name,
            [Fault("changed", f"its SHA-256 is {one.sha256.hex()}, not the one that it should have")],
        )
        for one in evidence.sums
        if one.sha256 not in expected
    ]  # fmt: skip
    gone = set(expected) - {one.sha256 for one in evidence.sums}
    return wrong + [
        Verdict(SUMS, None, None, [Fault("missing", f"none here has the SHA-256 {one.hex()}")])
        for one in sorted(gone)
    ]


def _place(verdict: Verdict) -> tuple[int, bytes]:
    assert verdict.manifest is not None
    return verdict.manifest.seq, verdict.manifest.segment


def _file_verdict(manifest: Manifest, file: SegmentFile | None, signed: Mapping[bytes, Manifest]) -> Verdict:
    verdict = Verdict(segment_name(manifest.segment), manifest, file.name if file is not None else None)
    if file is None:
        verdict.wrong("missing", "its file is not here")
    elif file.sha256 != manifest.sha256:
        other = signed.get(file.sha256)
        if other is not None:
            whose = f" of {other.unit}" if other.unit != manifest.unit else ""
            verdict.wrong(
                "reordered", f"the file has the bytes of segment {segment_name(other.segment)}{whose}"
            )
        elif file.size < manifest.size:
            verdict.wrong(
                "cut_tail", f"{manifest.size - file.size:,} bytes are missing, or the rest was changed too"
            )
        elif file.size > manifest.size:
            verdict.wrong("longer", f"{file.size - manifest.size:,} bytes more than were sealed")
        else:
            verdict.wrong("changed", "at least one byte is not the one that was sealed")
    return verdict


def _is_signed(verdict: Verdict, keys: Mapping[bytes, Ed25519PublicKey], absent: str) -> bool:
    manifest = verdict.manifest
    assert manifest is not None
    key = keys.get(manifest.key_id)
    if key is None:
        verdict.wrong("wrong_key", f"signed with key {manifest.key_id.hex()}, which {absent}")
        return False
    try:
        key.verify(manifest.signature or b"", manifest.signed_bytes())
    except InvalidSignature:
        verdict.wrong("bad_signature", "the manifest was changed, or another key signed it")
        return False
    return True


def _check_owners(signed: Sequence[Verdict], owners: Mapping[bytes, Collection[str]]) -> None:
    told = [(verdict, verdict.manifest) for verdict in signed if verdict.manifest is not None]
    units: dict[bytes, set[str]] = defaultdict(set)
    for _, manifest in told:
        units[manifest.key_id].add(manifest.unit)
    for verdict, manifest in told:
        if others := set(owners.get(manifest.key_id) or units[manifest.key_id]) - {manifest.unit}:
            names = ", ".join(sorted(others))
            verdict.wrong("wrong_key", f"signed for unit {manifest.unit} with the key of {names}")


def _check_chain(chain: Sequence[Verdict], complete: bool) -> None:
    first = chain[0].manifest
    assert first is not None
    if first.seq == 0 and first.previous != FIRST_PREVIOUS:
        chain[0].wrong("chain_broken", "it is the first of its chain and names one before it")
    if complete and first.seq:
        chain[0].wrong("missing_before", f"{first.seq} manifests before it are not here")
    for before, after in pairwise(chain):
        old, new = before.manifest, after.manifest
        assert old is not None and new is not None
        if new.seq == old.seq:
            after.wrong(
                "added", f"place {new.seq} of the chain is taken twice, also by segment {before.name}"
            )
        elif new.seq > old.seq + 1:
            gone = new.seq - old.seq - 1
            if complete or _recording(old) == _recording(new):
                after.wrong(
                    "missing_before", f"{gone} manifests between {before.name} and this one are not here"
                )
        elif new.previous != old.digest():
            after.wrong("chain_broken", f"it was not chained to {before.name} as that is now")


def _check_recordings(ordered: Sequence[Verdict]) -> None:
    recordings: dict[tuple[str, bytes], list[Verdict]] = defaultdict(list)
    for verdict in ordered:
        assert verdict.manifest is not None
        recordings[verdict.manifest.unit, _recording(verdict.manifest)].append(verdict)
    for pieces in recordings.values():
        pieces.sort(key=lambda verdict: _number(verdict.manifest))
        expected = 0
        for verdict in pieces:
            number = _number(verdict.manifest)
            if number > expected:
                verdict.wrong(
                    "missing_before", f"segments {expected} to {number - 1} of the recording are not here"
                )
            expected = number + 1
        proof_clocks.check_recording(*_told(pieces))
        last = pieces[-1].manifest
        assert last is not None
        if not last.flags & (LAST | CUT):
            pieces[-1].wrong("no_end", "the recording went on after it: its tail is not here")


def _told(verdicts: Sequence[Verdict]) -> tuple[list[Manifest], proof_clocks.Wrong]:
    """Their manifests, and how to say that one is wrong."""
    by_manifest = {id(one.manifest): one for one in verdicts}
    manifests = [one.manifest for one in verdicts if one.manifest is not None]
    return manifests, lambda manifest, code, message: by_manifest[id(manifest)].wrong(code, message)


def _strays(evidence: Evidence, left: Sequence[SegmentFile], known: set[str]) -> list[Verdict]:
    strays = []
    for one in evidence.manifests:
        if one.manifest is None:
            strays.append(Verdict(one.name, None, None, [Fault("unreadable", f"no manifest: {one.problem}")]))
    for file in left:
        if file.stem in known:
            fault = Fault("doubled", "there is another file of this name, and this one is no manifest's")
            strays.append(Verdict(file.name, None, file.name, [fault]))
        else:
            fault = Fault("added", "no manifest speaks of this file")
            strays.append(Verdict(PurePosixPath(file.name).stem, None, file.name, [fault]))
    return strays


def _others(evidence: Evidence, told: Mapping[str, Verdict]) -> list[Verdict]:
    """What the sums and the names of files say; nothing more of a file that is known to be spoiled."""
    others = []
    for name, (code, message) in sorted(evidence.others.items()):
        if name not in told:
            others.append(Verdict(name, None, name, [Fault(code, message)]))
        elif not told[name].faults:
            told[name].wrong(code, message)
    return others


def _recording(manifest: Manifest) -> bytes:
    return manifest.segment[:RECORDING_BYTES]


def _number(manifest: Manifest | None) -> int:
    assert manifest is not None
    return int.from_bytes(manifest.segment[RECORDING_BYTES:], "big")
