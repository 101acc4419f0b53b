"""DKIM key records (RFC 6376 section 3.6.1, RFC 8301 for sizes, RFC 8463 for Ed25519)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from mailseal.records.dkim_key import ED25519_BYTES, RsaKey, read_rsa_key
from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.oddity import Oddity
from mailseal.records.taglist import (
    Tag,
    check_unknown_tags,
    is_tag_value,
    parse_tag_list,
    print_tag_list,
    unknown_tags,
)

VERSION = "DKIM1"
MIN_RSA_BITS = 1024
"""Signatures with a shorter RSA key are never valid (RFC 8301 section 3.2)."""
RECOMMENDED_RSA_BITS = 2048
ED25519_BITS = 256
_OWN = ("v", "k", "h", "s", "t", "n", "p")
_WORD = re.compile(r"\*|[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_IDENTIFIES = re.compile(rb"[ \t]*v[ \t]*=[ \t]*DKIM1[ \t]*(;|\Z)")
_ANY_SERVICE = ("*",)


class KeyType(StrEnum):
    """The algorithm of a key (`k=`)."""

    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True)
class DkimRecord:
    """A DKIM key record. Raises `InvalidRecord` for a key or tag that no record can hold.

    `public_key` is DER for RSA and the 32 raw bytes for Ed25519; empty means that the key is revoked.
    `hash_algorithms` empty means all. `notes` is in the quoted-printable form of the record.
    """

    key_type: KeyType = KeyType.RSA
    public_key: bytes = b""
    hash_algorithms: tuple[str, ...] = ()
    services: tuple[str, ...] = _ANY_SERVICE
    flags: tuple[str, ...] = ()
    notes: str = ""
    unknown: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _check_key(self.key_type, self.public_key)
        words = (*self.hash_algorithms, *self.services, *self.flags)
        if not self.services or any(_WORD.fullmatch(word) is None for word in words):
            raise InvalidRecord(f"{words} are not all words that a record can hold")
        if not is_tag_value(self.notes):
            raise InvalidRecord(f"{self.notes!r} cannot be the value of a tag")
        check_unknown_tags(self.unknown, _OWN)

    @classmethod
    def for_rsa(cls, spki_der: bytes) -> DkimRecord:
        """The record that publishes an RSA key, given as DER SubjectPublicKeyInfo.

        Raises `InvalidRecord` for another form and for a key under 1024 bits (RFC 8301 section 3.2).
        """
        key = read_rsa_key(spki_der)
        if key.is_pkcs1:
            raise InvalidRecord("the RSA key is not in the form SubjectPublicKeyInfo")
        if key.bits < MIN_RSA_BITS:
            raise InvalidRecord(f"the RSA key has {key.bits} bits; DKIM needs at least {MIN_RSA_BITS}")
        return cls(KeyType.RSA, spki_der)

    @classmethod
    def for_ed25519(cls, raw: bytes) -> DkimRecord:
        """The record that publishes an Ed25519 key, given as its 32 raw bytes. Raises `InvalidRecord`."""
        if not raw:
            raise InvalidRecord("there is no Ed25519 key")
        return cls(KeyType.ED25519, raw)

    @classmethod
    def parse(cls, text: str) -> DkimRecord:
        """The record that `text`, a joined TXT value, writes. Raises `RecordSyntaxError`."""
        tags = parse_tag_list(text)
        by_name = {tag.name: tag for tag in tags}
        _check_version(tags)
        if "p" not in by_name:
            raise RecordSyntaxError("the tag is missing", tag="p", position=len(text))
        key_type = _key_type(by_name.get("k"))
        notes = by_name.get("n")
        return cls(
            key_type=key_type,
            public_key=_public_key(by_name["p"], key_type),
            hash_algorithms=_words(by_name, "h", ()),
            services=_words(by_name, "s", _ANY_SERVICE),
            flags=_words(by_name, "t", ()),
            notes=" ".join(notes.value.split()) if notes else "",
            unknown=unknown_tags(tags, _OWN),
        )

    @property
    def is_revoked(self) -> bool:
        """True when `p=` is empty: signatures with this selector are not valid any more."""
        return not self.public_key

    @property
    def is_testing(self) -> bool:
        """The flag `y`: verifiers treat signed mail as unsigned mail."""
        return "y" in self.flags

    @property
    def is_strict(self) -> bool:
        """The flag `s`: the `i=` domain of a signature must be the `d=` domain, not below it."""
        return "s" in self.flags

    @property
    def bits(self) -> int:
        """The key's size: the modulus for RSA, 256 for Ed25519, 0 when revoked."""
        if self.is_revoked:
            return 0
        return ED25519_BITS if self.key_type is KeyType.ED25519 else read_rsa_key(self.public_key).bits

    @property
    def key_identity(self) -> bytes:
        """What two records of one key type share that publish the same key, in whatever form: empty when
        revoked, for RSA the SubjectPublicKeyInfo, since a record may hold a bare RSAPublicKey, too."""
        if self.is_revoked or self.key_type is KeyType.ED25519:
            return self.public_key
        return read_rsa_key(self.public_key).spki

    @property
    def oddities(self) -> tuple[Oddity, ...]:
        """What the domain's owner should know about a valid record."""
        return tuple(_oddities(self))

    def revoked(self) -> DkimRecord:
        """The record that revokes this key: the same with an empty `p=`."""
        return replace(self, public_key=b"")

    def to_text(self) -> str:
        """The record's text, such as `v=DKIM1; k=rsa; p=...`."""
        optional = (
            ("h", ":".join(self.hash_algorithms), ""),
            ("s", ":".join(self.services), "*"),
            ("t", ":".join(self.flags), ""),
            ("n", self.notes, ""),
        )
        written = ((name, value) for name, value, default in optional if value != default)
        key = base64.b64encode(self.public_key).decode()
        return print_tag_list((("v", VERSION), ("k", self.key_type), *written, *self.unknown, ("p", key)))


def is_dkim(joined: bytes) -> bool:
    """True when the value is a DKIM key record: `v=DKIM1` first, or no `v` but a `p` tag.

    The version is optional (RFC 6376 section 3.6.1), so ask this only of values at a `_domainkey` name.
    """
    if _IDENTIFIES.match(joined):
        return True
    try:
        names = [tag.name for tag in parse_tag_list(joined.decode("latin-1"))]
    except RecordSyntaxError:
        return False
    return "v" not in names and "p" in names


def same_key(one: DkimRecord, other: DkimRecord) -> bool:
    """True when both publish the same key, in whatever form; a revoked record publishes none."""
    if one.is_revoked or other.is_revoked or one.key_type is not other.key_type:
        return False
    return one.key_identity == other.key_identity


def _check_key(key_type: KeyType, public_key: bytes) -> RsaKey | None:
    if not public_key:
        return None
    if key_type is KeyType.RSA:
        return read_rsa_key(public_key)
    if len(public_key) != ED25519_BYTES:
        raise InvalidRecord(
            f"an Ed25519 key has {ED25519_BYTES} bytes, this one {len(public_key)} (RFC 8463)"
        )
    return None


def _check_version(tags: tuple[Tag, ...]) -> None:
    for index, tag in enumerate(tags):
        if tag.name == "v" and (index or tag.value != VERSION):
            raise tag.error(f"the version must be {VERSION} and stand first")


def _key_type(tag: Tag | None) -> KeyType:
    if tag is None:
        return KeyType.RSA
    try:
        return KeyType(tag.value)
    except ValueError as error:
        raise tag.error(f"the key type {tag.value!r} is not known; verifiers ignore the record") from error


def _public_key(tag: Tag, key_type: KeyType) -> bytes:
    try:
        key = base64.b64decode("".join(tag.value.split()), validate=True)
        _check_key(key_type, key)
    except binascii.Error as error:
        raise tag.error(f"the key is not base64: {error}") from error
    except InvalidRecord as error:
        raise tag.error(str(error)) from error
    return key


def _words(tags: Mapping[str, Tag], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    tag = tags.get(name)
    if tag is None:
        return default
    words = tuple(word.strip() for word in tag.value.split(":"))
    for word in words:
        if _WORD.fullmatch(word) is None:
            raise tag.error(f"{word!r} is not a word")
    return words


def _oddities(record: DkimRecord) -> Iterator[Oddity]:
    if record.key_type is KeyType.RSA and not record.is_revoked:
        key = read_rsa_key(record.public_key)
        if key.is_pkcs1:
            yield Oddity("pkcs1-key", "the key is a bare RSAPublicKey, which not every verifier reads")
        if key.bits < MIN_RSA_BITS:
            yield Oddity("key-too-short", f"{key.bits} bits: no signature is valid under {MIN_RSA_BITS}")
        elif key.bits < RECOMMENDED_RSA_BITS:
            yield Oddity("short-key", f"{key.bits} bits: keys should have at least {RECOMMENDED_RSA_BITS}")
    if record.hash_algorithms and "sha256" not in record.hash_algorithms:
        yield Oddity("no-sha256", "h= does not allow sha256, the only hash that is valid (RFC 8301)")
    for name, _ in record.unknown:
        yield Oddity("unknown-tag", f"the tag {name!r} is not known and has no effect")
