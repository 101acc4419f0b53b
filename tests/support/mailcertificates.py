"""Throw-away authorities, and certificates of mail servers that are right or wrong in one way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_HOUR = timedelta(hours=1)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key, and those that a server sends with it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    above: tuple[x509.Certificate, ...] = ()

    @property
    def chain_pem(self) -> bytes:
        """What a server is given: its own certificate first."""
        return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in self.chain)

    @property
    def key_pem(self) -> bytes:
        """The private key."""
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(encoding, form, serialization.NoEncryption())

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The certificate, then those above it."""
        return (self.certificate, *self.above)

    @property
    def chain_der(self) -> tuple[bytes, ...]:
        """The chain in DER."""
        return tuple(each.public_bytes(serialization.Encoding.DER) for each in self.chain)


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority that issues certificates."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    above: tuple[x509.Certificate, ...] = ()

    @classmethod
    def root(cls, name: str) -> Self:
        """A new root."""
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(_sign(name, (), name, key, key, _now() + timedelta(days=3650), is_authority=True), key)

    @property
    def pem(self) -> bytes:
        """What a client trusts."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def name(self) -> str:
        """Its common name."""
        (attribute,) = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(attribute.value)

    def intermediate(self, name: str) -> Authority:
        """An authority below this one."""
        key = ec.generate_private_key(ec.SECP256R1())
        end = _now() + timedelta(days=1825)
        made = _sign(name, (), self.name, key, self.key, end, is_authority=True)
        return Authority(made, key, (self.certificate, *self.above))

    def issue(
        self,
        *hosts: str,
        valid_for: timedelta = timedelta(days=365),
        valid_since: timedelta = _HOUR,
        with_root: bool = False,
    ) -> Issued:
        """A server's certificate for `hosts`; with a negative `valid_for` it has expired that long ago.

        The intermediate authorities come with it, the root only if wanted.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        end = _now() + valid_for
        start = min(_now(), end) - valid_since
        made = _sign(hosts[0], hosts, self.name, key, self.key, end, not_before=start)
        above = (self.certificate, *self.above)
        return Issued(made, key, above if with_root else above[:-1])


def self_signed(*hosts: str, valid_for: timedelta = timedelta(days=365)) -> Issued:
    """A server's certificate that nobody else signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Issued(_sign(hosts[0], hosts, hosts[0], key, key, _now() + valid_for), key)


def _sign(
    subject: str,
    hosts: tuple[str, ...],
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    not_after: datetime,
    *,
    not_before: datetime | None = None,
    is_authority: bool = False,
) -> x509.Certificate:
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before or min(_now(), not_after) - _HOUR)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority, critical=False)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
