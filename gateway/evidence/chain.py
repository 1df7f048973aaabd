"""Whether a manifest is believed: its signature, and that it contradicts nothing that was believed before. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol.manifest import FIRST_PREVIOUS, Manifest
from protocol.messages import REFUSED_CONTRADICTION, REFUSED_SIGNATURE


class Why(StrEnum):
    """Why a manifest is not believed: the name of the fault's counter."""

    UNKNOWN_KEY = "manifest_unknown_key"
    OTHER_UNIT = "manifest_of_another_unit"
    SIGNATURE = "manifest_signature"
    REPLACED = "manifest_contradicts_segment"
    FORKED = "manifest_contradicts_place"
    UNCHAINED = "manifest_contradicts_chain"

    @property
    def code(self) -> int:
        """What the unit is told (REFUSED_*)."""
        forged = self in (Why.UNKNOWN_KEY, Why.OTHER_UNIT, Why.SIGNATURE)
        return REFUSED_SIGNATURE if forged else REFUSED_CONTRADICTION


@dataclass(frozen=True, slots=True)
class Known:
    """What was believed before. Digests are SHA-256 of whole manifests, None where there is none.

    segment: of this segment; place: of this `seq` of the key; before: of the one before; after_previous: what the
    manifest after it names as the one before.
    """

    segment: bytes | None = None
    place: bytes | None = None
    before: bytes | None = None
    after_previous: bytes | None = None


def signed(manifest: Manifest, unit_id: str, key: bytes | None, key_unit: str | None) -> Why | None:
    """Why the signature does not hold. key, key_unit: of the register's key of that id; unit_id: who sent it."""
    if manifest.unit != unit_id or key_unit not in (None, unit_id):
        return Why.OTHER_UNIT
    if key is None:
        return Why.UNKNOWN_KEY
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(manifest.signature or b"", manifest.signed_bytes())
    except InvalidSignature:
        return Why.SIGNATURE
    return None


def contradiction(manifest: Manifest, known: Known) -> Why | None:
    """Why it cannot be true together with what is known; the same manifest again is no contradiction."""
    digest = manifest.digest()
    if known.segment not in (None, digest):
        return Why.REPLACED
    if known.place not in (None, digest):
        return Why.FORKED
    if manifest.seq == 0 and manifest.previous != FIRST_PREVIOUS:
        return Why.UNCHAINED
    if known.before not in (None, manifest.previous) or known.after_previous not in (None, digest):
        return Why.UNCHAINED
    return None
