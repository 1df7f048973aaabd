"""Certificates for one test session: a CA, a broker, a gateway and a unit; and a unit of another CA."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Authority:
    """A CA that writes `<name>.crt .key` (PEM) and `<name>.der .key.der` (DER) into its folder."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path) -> Authority:
        folder.mkdir(parents=True)
        key = ec.generate_private_key(ec.SECP256R1())
        authority = cls(folder, key, _certificate("ca", key, None, []))
        authority._write("ca", key, authority.certificate)
        return authority

    def issue(self, name: str, names: list[x509.GeneralName]) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self._write(name, key, _certificate(name, key, self, names))

    def _write(self, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        for suffix, encoding in (("", serialization.Encoding.PEM), (".der", serialization.Encoding.DER)):
            private = key.private_bytes(
                encoding, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
            )
            (self.folder / f"{name}.key{suffix}").write_bytes(private)
            (self.folder / f"{name}{suffix or '.crt'}").write_bytes(certificate.public_bytes(encoding))


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: Authority | None, names: list[x509.GeneralName]
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer.key if issuer else key, hashes.SHA256())


def make_all(root: Path) -> Path:
    """The folder of the trusted CA's files; its sibling `stranger` has a unit that nobody trusts."""
    trusted = Authority.make(root / "trusted")
    local = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    trusted.issue("broker", list(local))
    trusted.issue("gateway", [x509.DNSName("gateway")])
    trusted.issue("u1", [x509.DNSName("u1")])
    stranger = Authority.make(root / "stranger")
    stranger.issue("u1", [x509.DNSName("u1")])
    return trusted.folder
