"""Certificates as servers show them: the parts that the checks look at, whatever else is in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from mailseal.records.names import DnsName

MAX_CERTIFICATE_BYTES: Final = 32 * 1024
"""Longer ones are not read; the names in them would take a megabyte each time."""
MAX_NAMES: Final = 1000
_MAX_EXPONENT_BITS: Final = 64
"""What OpenSSL allows to large RSA keys; it lets smaller ones take milliseconds each time."""
_SEQUENCE: Final = 0x30
_LONG_LENGTH: Final = 0x80
_FIELDS_BEFORE_KEY: Final = 5
"""serialNumber, signature, issuer, validity, subject (RFC 5280 section 4.1)."""
_VERSION_TAG: Final = 0xA0
_UNREADABLE: Final = (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


class UnreadableCertificate(ValueError):
    """The bytes are no X.509 certificate that can be read."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. `read_certificate` makes it."""

    der: bytes
    names: tuple[str, ...]
    """The DNS names of subjectAltName, lower-case, as written: `*` may be a label. The first `MAX_NAMES`."""
    common_names: tuple[str, ...]
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    public_key_info: bytes
    """The SubjectPublicKeyInfo in DER, as it stands in the certificate."""
    is_authority: bool
    """True where basicConstraints says so (RFC 5280 section 4.2.1.9)."""

    @property
    def is_self_issued(self) -> bool:
        """True when subject and issuer are the same."""
        return self.subject == self.issuer

    def names_host(self, host: DnsName) -> bool:
        """Does a DNS name of subjectAltName match (RFC 9525 section 6.3)? The common name does not count."""
        return any(matches_name(name, host) for name in self.names)

    def is_issued_by(self, issuer: Certificate) -> bool:
        """Is `issuer` an authority whose key made the signature?"""
        if not issuer.is_authority:
            return False
        try:
            above = x509.load_der_x509_certificate(issuer.der)
            if not _is_quick(above.public_key()):
                return False
            x509.load_der_x509_certificate(self.der).verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return False
        return True


def matches_name(presented: str, host: DnsName) -> bool:
    """Does a name in a certificate match `host`? `*` stands for the whole first label and for one only."""
    presented = presented.lower().removesuffix(".")
    if presented == host:
        return True
    first, dot, parent = presented.partition(".")
    own, _, rest = host.partition(".")
    return bool(first == "*" and dot and own and parent == rest and "." in parent)


def read_certificate(der: bytes) -> Certificate:
    """What a certificate in DER says. Raises `UnreadableCertificate`."""
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise UnreadableCertificate(f"the certificate has more than {MAX_CERTIFICATE_BYTES} bytes")
    try:
        parsed = x509.load_der_x509_certificate(der)
        return Certificate(
            der,
            tuple(islice(_names(parsed), MAX_NAMES)),
            tuple(_common_names(parsed)),
            parsed.subject.rfc4514_string(),
            parsed.issuer.rfc4514_string(),
            parsed.not_valid_before_utc.astimezone(UTC),
            parsed.not_valid_after_utc.astimezone(UTC),
            _public_key_info(parsed.tbs_certificate_bytes),
            _is_authority(parsed),
        )
    except (*_UNREADABLE, x509.InvalidVersion, TypeError, UnsupportedAlgorithm, IndexError) as error:
        raise UnreadableCertificate(f"the certificate cannot be read: {type(error).__name__}") from error


def _is_quick(key: object) -> bool:
    """True for a key whose signatures are verified in a moment, whatever numbers are in it."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_numbers().e.bit_length() <= _MAX_EXPONENT_BITS
    return isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey)


def _names(parsed: x509.Certificate) -> Iterator[str]:
    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (*_UNREADABLE, x509.ExtensionNotFound):
        return
    for name in extension.value.get_values_for_type(x509.DNSName):
        yield name.lower()


def _common_names(parsed: x509.Certificate) -> Iterator[str]:
    for attribute in parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        text = str(attribute.value)
        if text.isascii():  # other letters may become those of a host's name: the Kelvin sign a k
            yield text.lower()


def _is_authority(parsed: x509.Certificate) -> bool:
    try:
        return parsed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (*_UNREADABLE, x509.ExtensionNotFound):
        return False


def _public_key_info(tbs: bytes) -> bytes:
    """The bytes that selector 1 of TLSA is about (RFC 6698 section 2.1.2), not written anew."""
    _, position, _ = _element(tbs, 0)
    tag, _, end = _element(tbs, position)
    if tag == _VERSION_TAG:
        position = end
    for _ in range(_FIELDS_BEFORE_KEY):
        _, _, position = _element(tbs, position)
    tag, _, end = _element(tbs, position)
    if tag != _SEQUENCE:
        raise ValueError("no SubjectPublicKeyInfo where it should be")
    return tbs[position:end]


def _element(data: bytes, start: int) -> tuple[int, int, int]:
    """The tag of the DER element at `start`, and where its content begins and ends (X.690 section 8.1)."""
    tag, length, content = data[start], data[start + 1], start + 2
    if length & _LONG_LENGTH:
        octets = length & ~_LONG_LENGTH
        length = int.from_bytes(data[content : content + octets], "big")
        content += octets
    return tag, content, content + length
