"""Units' public keys as files, and what the name of such a file says: whose it is."""

from __future__ import annotations

import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gateway.errors import EvidenceUnreadable
from protocol.manifest import key_id
from protocol.topics import MAX_UNIT

KEY_SUFFIX = ".pem"
KEY_MAX_BYTES = 4096
UNIT = rf"[A-Za-z0-9_-]{{1,{MAX_UNIT}}}"
_NAMED = re.compile(rf"({UNIT})-([0-9a-f]{{16}})")


def public_key(name: str, pem: bytes) -> Ed25519PublicKey:
    """The Ed25519 key of a PEM file. Raises EvidenceUnreadable."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise EvidenceUnreadable(f"{name}: is no PEM of a public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise EvidenceUnreadable(f"{name}: is not an Ed25519 key")
    return key


def number_of(key: Ed25519PublicKey) -> bytes:
    """The key's id."""
    return key_id(key.public_bytes_raw())


def is_named(stem: str) -> bool:
    """Whether a file of this name is a unit's key, as `tipstaff keys --out` and exports name them (UNIT-ID)."""
    return _NAMED.fullmatch(stem) is not None


def owner_of(stem: str, key: Ed25519PublicKey) -> str | None:
    """The unit that a key's file is named after; None when it has another kind of name. Raises EvidenceUnreadable when
    the id in the name is another key's."""
    named = _NAMED.fullmatch(stem)
    if named is None:
        return None
    if named[2] != number_of(key).hex():
        raise EvidenceUnreadable(f"{stem}: is not the key of its name: it is {number_of(key).hex()}")
    return named[1]
