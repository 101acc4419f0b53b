"""DkimKey: the signing keys of one mail domain, their public halves in DNS and their Secret."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from mailseal.domain.checks import Check, whole
from mailseal.domain.common import Model, RecordOwnerSpec
from mailseal.domain.keysecret import KeySecret
from mailseal.domain.keysources import Delegation, ImportedKey
from mailseal.domain.lists import ATOMIC, map_by
from mailseal.domain.rotation import RevocationSpec, RotationSpec
from mailseal.domain.selectors import (
    KEY_LABEL,
    LONGEST_IN_CEL,
    MAX_NAME_LENGTH,
    SelectorTemplate,
    fill_in,
    fits,
    fits_in_cel,
    longest_selector,
)

DEFAULT_RSA_BITS = 2048
"""RFC 8301 section 3.2: at least 1024, should be 2048."""
SHORT_RSA_BITS = 1024
MAX_KEYS = 4


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
    size: Literal[1024, 2048, 3072, 4096] | None = Field(
        default=None,
        description="Bits of an RSA key: 2048 (the default), 3072 or 4096; 1024 only with allowShortKeys. "
        "Not for Ed25519.",
    )

    @property
    def bits(self) -> int:
        """The size in bits to generate and to report; 256 for Ed25519."""
        if self.algorithm is KeyAlgorithm.ED25519:
            return 256
        return self.size or DEFAULT_RSA_BITS


_DATES_DIFFER = "(?:[2-9]|[1-9][0-9]+)d|[1-9][0-9]*w"
"""Intervals after which the date is another one, although a rotation may begin up to half of it earlier."""


def _fits_wherever(selector: str) -> str:
    delegated = fits_in_cel(selector, "self.delegation.domain")
    return f"{fits_in_cel(selector, 'self.domain')} && (!has(self.delegation) || {delegated})"


def _is_kept(part: str, field: str) -> str:
    """CEL that a field, or that there is none, stays as it was. Optionals would exceed the cost limit."""
    new, old = (
        f"(has({spec}.{part}) && has({spec}.{part}.{field}) ? {spec}.{part}.{field} : '')"
        for spec in ("self", "oldSelf")
    )
    return f"{new} == {old}"


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
            "!has(self.rotation) || !has(self.rotation.interval) || "
            "self.selectorTemplate.contains('{random}') || self.selectorTemplate.contains('{number}') || "
            "(self.selectorTemplate.contains('{date}') && "
            f"self.rotation.interval.matches({whole(_DATES_DIFFER)}))",
            "rotation.interval needs new selectors each time: put {random} or {number} in selectorTemplate, "
            "or {date} with an interval of 2d or more, written in days or weeks",
            lambda spec: spec.rotation.interval is None or spec.selectors_are_new,
            field="selectorTemplate",
        ),
        Check(
            _fits_wherever(f"self.selectorTemplate{LONGEST_IN_CEL}"),
            f"the name <selector>{KEY_LABEL}<domain> would be over {MAX_NAME_LENGTH} characters: shorten "
            "selectorTemplate",
            lambda spec: spec.name_fits(longest_selector(spec.selector_template)),
            field="selectorTemplate",
        ),
        Check(
            f"!has(self.imports) || self.imports.all(entry, {_fits_wherever('entry.selector')})",
            f"the name <selector>{KEY_LABEL}<domain> would be over {MAX_NAME_LENGTH} characters: leave that "
            "key out",
            lambda spec: all(spec.name_fits(entry.selector) for entry in spec.imports),
            field="imports",
        ),
        Check(
            f"self.allowShortKeys || self.keys.all(key, !has(key.size) || key.size != {SHORT_RSA_BITS})",
            f"RSA keys of {SHORT_RSA_BITS} bits are too short for most uses (RFC 8301 section 3.2): write "
            "size: 2048, or set allowShortKeys: true",
            lambda spec: spec.allow_short_keys or all(key.bits != SHORT_RSA_BITS for key in spec.keys),
            field="keys",
        ),
        Check(
            "!has(self.delegation) || self.delegation.domain != self.domain",
            "delegation.domain is the mail domain itself: write the domain to publish the keys at, or remove "
            "delegation",
            lambda spec: spec.delegation is None or spec.delegation.domain != spec.domain,
            field="delegation",
        ),
        Check(
            _is_kept("secret", "name"),
            "secret.name cannot be changed, added or removed, since the mail server mounts the Secret by its "
            "name: make a new DkimKey",
            field="secret",
        ),
        Check(
            _is_kept("delegation", "domain"),
            "delegation and its domain cannot be changed, added or removed, since the published keys would "
            "be left behind: make a new DkimKey and delete this one",
            field="delegation",
        ),
    )

    keys: Annotated[tuple[SigningKey, ...], ATOMIC] = Field(
        default=(SigningKey(algorithm=KeyAlgorithm.RSA, size=DEFAULT_RSA_BITS),),
        min_length=1,
        max_length=MAX_KEYS,
        description="The keys to sign with side by side (1 to 4): one RSA key by default, or RSA and "
        "Ed25519 for dual signing. Each gets its own selector.",
    )
    selector_template: SelectorTemplate = Field(
        default="ms{date}-{random}",
        description="How selectors are named (RFC 6376 section 3.1). Placeholders: {date} (YYYYMMDD), "
        "{random} (five characters a-z and 2-7), {number} (how many times this resource made keys, from 1; "
        "write {date} or {random} beside it, since a resource that is made anew counts anew) and {algorithm} "
        "(rsa or ed25519). A selector is never used for a second key: keys with a fixed one cannot be "
        "replaced.",
    )
    secret: KeySecret = Field(
        default_factory=KeySecret,
        description="The Secret, in the same namespace, that the private keys go to.",
    )
    rotation: RotationSpec = Field(
        default_factory=RotationSpec, description="When keys are replaced and how carefully."
    )
    revocation: RevocationSpec = Field(
        default_factory=RevocationSpec,
        description="What becomes of the record of an old key when its retirement is over.",
    )
    imports: Annotated[tuple[ImportedKey, ...], map_by("selector")] = Field(
        default=(),
        max_length=MAX_KEYS,
        description="Existing keys to begin with, instead of new ones. They are taken over at their "
        "selectors, and a record that stands there already is adopted only if it publishes the same key. "
        "What was imported is replaced as other keys are; later changes here have no effect.",
    )
    allow_short_keys: bool = Field(
        default=False,
        description="Allow RSA keys of 1024 bits, which RFC 8301 permits and advises against: for a DNS "
        "backend that takes no longer ones.",
    )
    delegation: Delegation | None = Field(
        default=None,
        description="Publish the keys at another domain, in a zone that mailseal may change more freely, and "
        "only CNAMEs to them at the mail domain. Left out: the keys stand at the mail domain.",
    )

    @property
    def selectors_differ(self) -> bool:
        """True when the template gives each key of a set a selector of its own."""
        algorithms = {key.algorithm for key in self.keys}
        return (
            len(self.keys) == 1
            or "{random}" in self.selector_template
            or ("{algorithm}" in self.selector_template and len(algorithms) == len(self.keys))
        )

    @property
    def selectors_are_new(self) -> bool:
        """True when the template gives each set of keys other selectors than the ones before.

        A date does so when at least a day lies between two sets, which holds for intervals of two days.
        """
        if "{random}" in self.selector_template or "{number}" in self.selector_template:
            return True
        interval = self.rotation.interval or ""
        return "{date}" in self.selector_template and re.fullmatch(_DATES_DIFFER, interval) is not None

    def at_delegation(self, delegation: Delegation) -> DkimKeySpec:
        """The same keys as the zone of `delegation` sees them: published there, and nothing delegated."""
        values: dict[str, Any] = {name: getattr(self, name) for name in DkimKeySpec.model_fields} | {
            "domain": delegation.domain,
            "provider_ref": delegation.provider_ref,
            "delegation": None,
        }
        return DkimKeySpec.model_construct(**values)

    def name_fits(self, selector: str) -> bool:
        """True when a key with that selector has a name of a length that DNS allows, wherever it stands."""
        target = self.delegation.domain if self.delegation else self.domain
        return fits(selector, self.domain) and fits(selector, target)

    def selector(self, algorithm: KeyAlgorithm, made_on: date, random: str, number: int) -> str:
        """The selector of a new key in the set `number`. `random` is `RANDOM_LENGTH` characters."""
        return fill_in(
            self.selector_template, algorithm_tag=algorithm.tag, made_on=made_on, random=random, number=number
        )
