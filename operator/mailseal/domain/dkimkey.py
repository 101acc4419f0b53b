"""DkimKey: the signing keys of one mail domain, their public halves in DNS and their Secret."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mailseal.domain.checks import Check, whole
from mailseal.domain.common import SUBDOMAIN, Model, ObjectName, RecordOwnerSpec
from mailseal.domain.lists import ATOMIC

DEFAULT_RSA_BITS = 2048
"""RFC 8301 section 3.2: at least 1024, should be 2048."""
RANDOM_CHARACTERS = "abcdefghijklmnopqrstuvwxyz234567"
RANDOM_LENGTH = 5
MAX_KEYS = 4

_LONGEST = {"{date}": "00000000", "{random}": "a" * RANDOM_LENGTH, "{algorithm}": "ed25519"}
_EXPAND = "".join(f".replace('{placeholder}', '{text}')" for placeholder, text in _LONGEST.items())
_LABEL_NAME = "[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = f"(?:{SUBDOMAIN}/)?{_LABEL_NAME}"
_LABEL_VALUE = f"(?:{_LABEL_NAME})?"


def _longest(template: str) -> str:
    for placeholder, text in _LONGEST.items():
        template = template.replace(placeholder, text)
    return template


class KeyAlgorithm(StrEnum):
    """The signature algorithms of DKIM keys (RFC 6376 section 3.3, RFC 8463)."""

    RSA = "RSA"
    ED25519 = "Ed25519"

    @property
    def tag(self) -> str:
        """The value of the record's `k=` tag."""
        return self.value.lower()


class SigningKey(Model):
    """One key to make."""

    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            "self.algorithm == 'RSA' || !has(self.size)",
            "size is for RSA keys only: an Ed25519 key has one size, remove it",
            lambda key: key.algorithm is KeyAlgorithm.RSA or key.size is None,
            field="size",
        ),
    )

    algorithm: KeyAlgorithm = Field(
        description="RSA, which every receiver verifies, or Ed25519 (RFC 8463), which only some do: use it "
        "beside RSA."
    )
    size: Literal[2048, 3072, 4096] | None = Field(
        default=None,
        description="Bits of an RSA key: 2048 (the default), 3072 or 4096. Not for Ed25519.",
    )

    @property
    def bits(self) -> int:
        """The size in bits to generate and to report; 256 for Ed25519."""
        if self.algorithm is KeyAlgorithm.ED25519:
            return 256
        return self.size or DEFAULT_RSA_BITS


class KeySecret(Model):
    """The Secret that holds the private keys."""

    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            f"!has(self.labels) || self.labels.all(key, key.matches({whole(_LABEL_KEY)}) "
            f"&& self.labels[key].matches({whole(_LABEL_VALUE)}))",
            "write Kubernetes labels: keys and values of at most 63 letters, digits, - _ and .",
            lambda secret: all(
                re.fullmatch(_LABEL_KEY, key) and re.fullmatch(_LABEL_VALUE, value)
                for key, value in secret.labels.items()
            ),
            field="labels",
        ),
    )

    name: ObjectName | None = Field(
        default=None,
        description="Name of the Secret in the same namespace. Default: the name of the DkimKey.",
    )
    labels: dict[str, Annotated[str, Field(max_length=63)]] = Field(
        default_factory=dict,
        max_length=16,
        description="Labels to put on the Secret, so that the mail server's deployment can find it.",
    )


class DkimKeySpec(RecordOwnerSpec):
    """Signing keys of one mail domain: made here, published in DNS, handed to the mail server in a Secret."""

    checks: ClassVar[tuple[Check, ...]] = (
        Check(
            "self.keys.size() == 1 || self.selectorTemplate.contains('{random}') || "
            "(self.selectorTemplate.contains('{algorithm}') && "
            "self.keys.all(key, self.keys.exists_one(other, other.algorithm == key.algorithm)))",
            "several keys need different selectors: put {random} in selectorTemplate, "
            "or {algorithm} when each key has its own algorithm",
            lambda spec: spec.selectors_differ,
            field="selectorTemplate",
        ),
        Check(
            f"self.selectorTemplate{_EXPAND}.size() + '._domainkey.'.size() + self.domain.size() <= 253",
            "the name <selector>._domainkey.<domain> would be over 253 characters: shorten selectorTemplate",
            lambda spec: (
                len(_longest(spec.selector_template)) + len("._domainkey.") + len(spec.domain) <= 253
            ),
            field="selectorTemplate",
        ),
    )

    keys: Annotated[tuple[SigningKey, ...], ATOMIC] = Field(
        default=(SigningKey(algorithm=KeyAlgorithm.RSA, size=DEFAULT_RSA_BITS),),
        min_length=1,
        max_length=MAX_KEYS,
        description="The keys to sign with side by side (1 to 4): one RSA key by default, or RSA and "
        "Ed25519 for dual signing. Each gets its own selector.",
    )
    selector_template: Annotated[
        str,
        Field(min_length=1, max_length=63),
        Check(
            f"self{_EXPAND}.matches({whole(SUBDOMAIN)})",
            "write a selector of lower-case letters, digits and hyphens, with the placeholders "
            "{date}, {random} and {algorithm}, such as ms{date}-{random}",
            lambda template: re.fullmatch(SUBDOMAIN, _longest(template)) is not None,
        ),
    ] = Field(
        default="ms{date}-{random}",
        description="How selectors are named (RFC 6376 section 3.1). Placeholders: {date} (YYYYMMDD), "
        "{random} (five characters a-z and 2-7) and {algorithm} (rsa or ed25519). A selector is never used "
        "for a second key.",
    )
    secret: KeySecret = Field(
        default_factory=KeySecret,
        description="The Secret, in the same namespace, that the private keys go to.",
    )

    @property
    def selectors_differ(self) -> bool:
        """True when the template gives each key a selector of its own."""
        algorithms = {key.algorithm for key in self.keys}
        return (
            len(self.keys) == 1
            or "{random}" in self.selector_template
            or ("{algorithm}" in self.selector_template and len(algorithms) == len(self.keys))
        )

    def selector(self, algorithm: KeyAlgorithm, made_on: date, random: str) -> str:
        """The selector of a new key. `random` is `RANDOM_LENGTH` of `RANDOM_CHARACTERS`."""
        return (
            self.selector_template.replace("{date}", f"{made_on:%Y%m%d}")
            .replace("{random}", random)
            .replace("{algorithm}", algorithm.tag)
        )
