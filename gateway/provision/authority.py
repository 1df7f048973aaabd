"""The site's own certificate authority, made once, and the certificates that it signs (EC P-256).

    ca/ca.key (0600)  ca/ca.crt  ca/revoked.crl       broker/server.{key,crt}  broker/gateway.{key,crt}

A unit's certificate names it twice: CN and DNS name are its id, for mosquitto; a second DNS name is
`g<generation>.<id>`, for nats-server, which has no revocation list: only the newest generation is a user.
"""

import contextlib
import ipaddress
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.errors import ProvisionError

GATEWAY_NAME = "tipstaff-gateway"
CA_DAYS = 7300
SERVER_DAYS = 825
RENEW_DAYS = 30
_EARLIER = timedelta(days=1)  # clocks of the other side may be behind


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def serial_hex(self) -> str:
        """Its serial number, as the register keeps it."""
        return f"{self.certificate.serial_number:x}"

    @property
    def ends_ms(self) -> int:
        """When it is no longer accepted."""
        return int(self.certificate.not_valid_after_utc.timestamp() * 1000)

    def key_bytes(self, encoding: Encoding) -> bytes:
        """SEC 1 ("EC PRIVATE KEY"), which mbedTLS on the unit reads as DER."""
        return self.key.private_bytes(encoding, PrivateFormat.TraditionalOpenSSL, NoEncryption())


class Authority:
    """Signs for servers and clients. `Authority(folder, now_ms)` makes the authority if there is none.

    Raises ProvisionError when only a part of it is there, or it cannot be read.
    """

    def __init__(self, folder: Path, now_ms: int) -> None:
        self._folder = folder
        self._now = datetime.fromtimestamp(now_ms / 1000, UTC)
        self.certificate_path = folder / "ca.crt"
        self.revoked_path = folder / "revoked.crl"
        key_path = folder / "ca.key"
        if key_path.exists() != self.certificate_path.exists():
            raise ProvisionError(f"{folder}: one of ca.key and ca.crt is missing; restore it from the backup")
        if not key_path.exists():
            self._make(key_path)
        try:
            key = load_pem_private_key(key_path.read_bytes(), None)
            self._certificate = x509.load_pem_x509_certificate(self.certificate_path.read_bytes())
        except (OSError, ValueError) as error:
            raise ProvisionError(f"{folder}: the authority cannot be read: {error}") from None
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key

    @property
    def certificate_der(self) -> bytes:
        """The authority's own certificate, as units read it."""
        return self._certificate.public_bytes(Encoding.DER)

    def client(self, name: str, days: int, generation: int | None = None) -> Issued:
        """A client's certificate: for a unit with its generation, for the gateway without."""
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if generation is not None:
            names.append(x509.DNSName(mapped_name(name, generation)))
        return self._issue(name, names, days, ExtendedKeyUsageOID.CLIENT_AUTH)

    def server(self, names: Sequence[str]) -> Issued:
        """The broker's certificate for these DNS names and IP addresses; the first is also its CN."""
        return self._issue(
            names[0], [_general(name) for name in names], SERVER_DAYS, ExtendedKeyUsageOID.SERVER_AUTH
        )

    def keep_server(self, folder: Path, names: Sequence[str]) -> tuple[Path, Path]:
        """(certificate, key) files in `folder`, made again when the names changed or the end is near."""
        wanted = [_general(name) for name in dict.fromkeys(names)]
        return self._keep(folder, "server", wanted, lambda: self.server(list(dict.fromkeys(names))))

    def keep_gateway(self, folder: Path) -> tuple[Path, Path]:
        """(certificate, key) files of the gateway's own connections."""
        wanted: list[x509.GeneralName] = [x509.DNSName(GATEWAY_NAME)]
        return self._keep(folder, "gateway", wanted, lambda: self.client(GATEWAY_NAME, SERVER_DAYS))

    def write_revoked(self, serials_hex: Sequence[str]) -> Path:
        """Write the revocation list (PEM) of these serial numbers."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._certificate.subject)
        builder = builder.last_update(self._now - _EARLIER).next_update(self._now + timedelta(days=CA_DAYS))
        for serial_hex in serials_hex:
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial_hex, 16))
            builder = builder.add_revoked_certificate(entry.revocation_date(self._now - _EARLIER).build())
        listed = builder.sign(self._key, hashes.SHA256())
        write_private(self.revoked_path, listed.public_bytes(Encoding.PEM), 0o644)
        return self.revoked_path

    def _issue(
        self, name: str, names: Sequence[x509.GeneralName], days: int, usage: x509.ObjectIdentifier
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            self._begin(name, self._certificate.subject, key, days)
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(x509.ExtendedKeyUsage([usage]), False)
            .add_extension(x509.SubjectAlternativeName(names), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False)
        )
        return Issued(key, builder.sign(self._key, hashes.SHA256()))

    def _make(self, key_path: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tipstaff site authority")])
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = (
            self._begin(subject, subject, key, CA_DAYS)
            .add_extension(x509.BasicConstraints(True, 0), True)
            .add_extension(usage, True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )
        made = Issued(key, builder.sign(key, hashes.SHA256()))
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The certificate first: a key without one would be refused at the next start, and not be replaced.
        write_private(self.certificate_path, made.certificate.public_bytes(Encoding.PEM), 0o644)
        write_private(key_path, made.key_bytes(Encoding.PEM))

    def _begin(
        self, name: str | x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
    ) -> x509.CertificateBuilder:
        subject = (
            name
            if isinstance(name, x509.Name)
            else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        )
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        return builder.not_valid_before(self._now - _EARLIER).not_valid_after(
            self._now + timedelta(days=days)
        )

    def _keep(
        self, folder: Path, stem: str, wanted: Sequence[x509.GeneralName], make: Callable[[], Issued]
    ) -> tuple[Path, Path]:
        certificate_path, key_path = folder / f"{stem}.crt", folder / f"{stem}.key"
        if not (key_path.exists() and self._still_good(certificate_path, wanted)):
            issued = make()
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(key_path, issued.key_bytes(Encoding.PEM))
            write_private(certificate_path, issued.certificate.public_bytes(Encoding.PEM), 0o644)
        return certificate_path, key_path

    def _still_good(self, path: Path, wanted: Sequence[x509.GeneralName]) -> bool:
        with contextlib.suppress(OSError, ValueError, x509.ExtensionNotFound):
            kept = x509.load_pem_x509_certificate(path.read_bytes())
            names = kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            fresh = kept.not_valid_after_utc > self._now + timedelta(days=RENEW_DAYS)
            return fresh and set(names) == set(wanted) and kept.issuer == self._certificate.subject
        return False


def mapped_name(unit_id: str, generation: int) -> str:
    """The name by which nats-server knows a unit: it changes each time that the unit is provisioned."""
    return f"g{generation}.{unit_id}"


def write_private(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a whole file or none, readable by the owner only unless `mode` says otherwise."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
