"""DMARC policy records (RFC 9989 section 4.7, which replaced RFC 7489 in May 2026)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.oddity import Oddity
from mailseal.records.reporting import check_report_uri, split_uri_list
from mailseal.records.taglist import (
    Tag,
    check_unknown_tags,
    parse_tag_list,
    print_tag_list,
    unknown_tags,
)

VERSION = "DMARC1"
_IDENTIFIES = re.compile(rb"[ \t]*v[ \t]*=[ \t]*DMARC1[ \t]*(;|\Z)")
_OBSOLETE = frozenset({"pct", "rf", "ri"})
_OWN = ("v", "p", "sp", "np", "adkim", "aspf", "psd", "fo", "t", "rua", "ruf")
_SIZE_LIMIT = re.compile(r"![0-9]+[kmgt]?\Z", re.IGNORECASE)
_FAILURE_OPTIONS = frozenset("01ds")


class DmarcPolicy(StrEnum):
    """What the domain owner asks for mail that fails DMARC, in order of strictness."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"

    @property
    def one_level_lower(self) -> DmarcPolicy:
        """What `t=y` makes of the policy: reject becomes quarantine, quarantine becomes none."""
        return {DmarcPolicy.REJECT: DmarcPolicy.QUARANTINE}.get(self, DmarcPolicy.NONE)


class Alignment(StrEnum):
    """How close the authenticated domain must be to the author domain."""

    RELAXED = "r"
    STRICT = "s"


class PublicSuffix(StrEnum):
    """Whether the domain is a public suffix domain (`psd=`, from RFC 9091)."""

    YES = "y"
    NO = "n"
    UNKNOWN = "u"


class Scope(StrEnum):
    """Which author domain the policy is asked for."""

    DOMAIN = "domain"
    """The domain at which the record stands."""
    SUBDOMAIN = "subdomain"
    """An existing domain below it, without a record of its own."""
    NONEXISTENT = "nonexistent"
    """A name below it that does not exist in DNS."""


@dataclass(frozen=True, slots=True)
class Dmarc:
    """A DMARC policy record. Raises `InvalidRecord` for report URIs and tags that no record can hold.

    Policies that are None are not in the record: `effective_policy` says what then holds. `unknown` are
    tags that this RFC does not define, which receivers ignore.
    """

    policy: DmarcPolicy = DmarcPolicy.NONE
    subdomain_policy: DmarcPolicy | None = None
    nonexistent_policy: DmarcPolicy | None = None
    adkim: Alignment = Alignment.RELAXED
    aspf: Alignment = Alignment.RELAXED
    public_suffix: PublicSuffix = PublicSuffix.UNKNOWN
    failure_options: tuple[str, ...] = ("0",)
    testing: bool = False
    rua: tuple[str, ...] = ()
    ruf: tuple[str, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for uri in (*self.rua, *self.ruf):
            check_report_uri(uri)
        if not self.failure_options or not _FAILURE_OPTIONS.issuperset(self.failure_options):
            raise InvalidRecord(f"the failure options {self.failure_options} are not among 0, 1, d and s")
        check_unknown_tags(self.unknown, _OWN)
        if not all(value for _, value in self.unknown):
            raise InvalidRecord("a tag of a DMARC record needs a value")

    @classmethod
    def parse(cls, text: str) -> Dmarc:
        """The record that `text`, a joined TXT value, writes. Raises `RecordSyntaxError`.

        Unknown and obsolete tags are kept in `unknown`; a record without `p` is read as `p=none` (section
        4.7). `read_dmarc` says which of these were met.
        """
        return _read(text)[0]

    def effective_policy(self, scope: Scope) -> DmarcPolicy:
        """What holds for failing mail of a domain in `scope`: `np`, else `sp`, else `p`; `t=y` lowers it."""
        chosen = self.policy
        if scope is not Scope.DOMAIN:
            chosen = self.subdomain_policy or chosen
        if scope is Scope.NONEXISTENT:
            chosen = self.nonexistent_policy or chosen
        return chosen.one_level_lower if self.testing else chosen

    def to_text(self) -> str:
        """The record's text: `v` and `p` first, which older readers want, and nothing that is the default."""
        optional = (
            ("sp", self.subdomain_policy, None),
            ("np", self.nonexistent_policy, None),
            ("adkim", self.adkim, Alignment.RELAXED),
            ("aspf", self.aspf, Alignment.RELAXED),
            ("psd", self.public_suffix, PublicSuffix.UNKNOWN),
            ("fo", ":".join(self.failure_options), "0"),
            ("t", "y" if self.testing else "n", "n"),
            ("rua", ",".join(self.rua), ""),
            ("ruf", ",".join(self.ruf), ""),
        )
        written = ((name, str(value)) for name, value, default in optional if value != default)
        return print_tag_list((("v", VERSION), ("p", self.policy), *written, *self.unknown))


@dataclass(frozen=True, slots=True)
class DmarcReading:
    """What a text says as a DMARC record; `record` is None when its syntax is wrong."""

    record: Dmarc | None
    oddities: tuple[Oddity, ...] = ()


def is_dmarc(joined: bytes) -> bool:
    """True when the value starts with `v=DMARC1`: anything else is no DMARC record (section 4.7)."""
    return _IDENTIFIES.match(joined) is not None


def read_dmarc(text: str) -> DmarcReading:
    """What `text`, a joined TXT value, says, with all that was odd. Never raises."""
    try:
        record, oddities = _read(text)
    except RecordSyntaxError as error:
        return DmarcReading(None, (Oddity("syntax", str(error)),))
    return DmarcReading(record, oddities)


def _read(text: str) -> tuple[Dmarc, tuple[Oddity, ...]]:
    tags = parse_tag_list(text)
    _check_tags(tags)
    by_name = {tag.name: tag for tag in tags}
    record = Dmarc(
        policy=_choice(by_name, "p", DmarcPolicy) or DmarcPolicy.NONE,
        subdomain_policy=_choice(by_name, "sp", DmarcPolicy),
        nonexistent_policy=_choice(by_name, "np", DmarcPolicy),
        adkim=_choice(by_name, "adkim", Alignment) or Alignment.RELAXED,
        aspf=_choice(by_name, "aspf", Alignment) or Alignment.RELAXED,
        public_suffix=_choice(by_name, "psd", PublicSuffix) or PublicSuffix.UNKNOWN,
        failure_options=_failure_options(by_name.get("fo")),
        testing=_choice(by_name, "t", _YesNo) is _YesNo.YES,
        rua=_uris(by_name.get("rua")),
        ruf=_uris(by_name.get("ruf")),
        unknown=unknown_tags(tags, _OWN),
    )
    return record, tuple(_oddities(by_name))


def _check_tags(tags: Sequence[Tag]) -> None:
    if tags[0].name != "v" or tags[0].value != VERSION:
        problem = f"a DMARC record starts with v={VERSION}"
        raise RecordSyntaxError(problem, tag=tags[0].name, position=tags[0].position)
    for tag in tags:
        if not tag.value:
            raise tag.error("the tag has no value")


class _YesNo(StrEnum):
    YES = "y"
    NO = "n"


_Choice = TypeVar("_Choice", bound=StrEnum)


def _choice(tags: Mapping[str, Tag], name: str, choices: type[_Choice]) -> _Choice | None:
    tag = tags.get(name)
    if tag is None:
        return None
    for choice in choices:
        if choice.value == tag.value.lower():
            return choice
    raise tag.error(f"{tag.value!r} is none of {', '.join(choices)}")


def _failure_options(tag: Tag | None) -> tuple[str, ...]:
    if tag is None:
        return ("0",)
    options = tuple(option.strip().lower() for option in tag.value.split(":"))
    if not _FAILURE_OPTIONS.issuperset(options):
        raise tag.error(f"{tag.value!r} is not a list of 0, 1, d and s with ':' between")
    return options


def _uris(tag: Tag | None) -> tuple[str, ...]:
    if tag is None:
        return ()
    uris = []
    for written, offset in split_uri_list(tag.value):
        uri = _SIZE_LIMIT.sub("", written)
        try:
            check_report_uri(uri)
        except InvalidRecord as error:
            raise tag.error(str(error), offset) from error
        uris.append(uri)
    return tuple(uris)


def _oddities(tags: Mapping[str, Tag]) -> Iterator[Oddity]:
    if "p" not in tags:
        yield Oddity("missing-policy", "there is no p tag: receivers act as with p=none")
    for name in tags:
        if name in _OBSOLETE:
            yield Oddity(
                "obsolete-tag", f"the tag {name!r} is gone with RFC 9989 and no longer has an effect"
            )
        elif name not in _OWN:
            yield Oddity("unknown-tag", f"the tag {name!r} is not known and has no effect")
    for name in ("rua", "ruf"):
        if name in tags and any(_SIZE_LIMIT.search(uri) for uri, _ in split_uri_list(tags[name].value)):
            yield Oddity("size-limit", f"the size limit after '!' in {name} is gone with RFC 9989")
