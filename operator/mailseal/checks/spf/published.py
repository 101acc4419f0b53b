"""Which SPF record a domain publishes (RFC 7208 sections 4.4 and 4.5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

import dns.name
import dns.rdatatype

from mailseal.checks.answers import Answer, Resolver
from mailseal.checks.spf.names import name_text
from mailseal.records.errors import InvalidRecord, RecordSyntaxError
from mailseal.records.spf import All, Qualifier, Redirect, Spf, is_spf

MAX_RECORD_BYTES: Final = 8192
"""A longer record is not read; it would be sixteen times what fits a plain answer (section 3.4)."""
MAX_TERMS: Final = 1000
"""Of one record; more are not even in a record of that length that lists addresses."""
_REMEMBERED: Final = 1024
_REMEMBERED_BYTES: Final = 512
"""Only records of that length are remembered, so that they take little memory whatever is published."""


class Publication(StrEnum):
    """How many SPF records a domain has."""

    ONE = "one"
    NONE = "none"
    SEVERAL = "several"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Published:
    """The SPF record of a name: the one there is, or why there is none to use."""

    name: dns.name.Name
    publication: Publication
    texts: tuple[str, ...] = ()
    """All SPF records, one character for each byte."""
    spf: Spf | None = None
    """The record, when there is exactly one and it is well formed."""
    syntax_error: RecordSyntaxError | None = None
    answer_bytes: int = 0
    """The length of the name and of the text of all TXT records at it, SPF or not (section 3.4)."""
    fault: str = ""
    """Why it is `UNANSWERED`, for people."""

    @property
    def sends_nothing(self) -> bool:
        """True when the record lets nobody send: `v=spf1 -all`."""
        if self.spf is None or any(isinstance(term, Redirect) for term in self.spf.terms):
            return False
        return self.spf.mechanisms == (All(Qualifier.FAIL),)

    @property
    def text(self) -> str:
        """The name as people write it."""
        return name_text(self.name)

    @property
    def problem(self) -> str:
        """Why a receiver cannot use it, for people; empty when it can."""
        if self.publication is Publication.ONE:
            return str(self.syntax_error or "")
        if self.publication is Publication.UNANSWERED:
            return self.fault or "no answer"
        return "no SPF record" if self.publication is Publication.NONE else f"{len(self.texts)} SPF records"


async def published_at(name: dns.name.Name, resolver: Resolver) -> Published:
    """The SPF record of `name`."""
    return published_in(await resolver.ask(name, dns.rdatatype.TXT))


def published_in(answer: Answer) -> Published:
    """The SPF record in the answer to a question for TXT records."""
    if not answer.is_known:
        return Published(answer.name, Publication.UNANSWERED, fault=answer.fault)
    size = len(name_text(answer.name)) + sum(len(text) for text in answer.texts)
    texts = tuple(text for text in answer.texts if is_spf(text.encode("latin-1")))
    if len(texts) != 1:
        publication = Publication.SEVERAL if texts else Publication.NONE
        return Published(answer.name, publication, texts, answer_bytes=size)
    read = (_remembered if len(texts[0]) <= _REMEMBERED_BYTES else _read)(texts[0])
    if isinstance(read, RecordSyntaxError):
        return Published(answer.name, Publication.ONE, texts, syntax_error=read, answer_bytes=size)
    return Published(answer.name, Publication.ONE, texts, read, answer_bytes=size)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(text: str) -> Spf | RecordSyntaxError:
    """The same as `_read`; many domains include the same few records."""
    return _read(text)


def _read(text: str) -> Spf | RecordSyntaxError:
    """The record that `text` writes, or what is wrong with it."""
    if len(text) > MAX_RECORD_BYTES:
        return RecordSyntaxError(f"it has more than {MAX_RECORD_BYTES} bytes", tag="", position=0)
    try:
        spf = Spf.parse(text)
    except RecordSyntaxError as error:
        return error.with_traceback(None)
    except InvalidRecord as error:
        return RecordSyntaxError(str(error), tag="", position=0)
    if len(spf.terms) > MAX_TERMS:
        return RecordSyntaxError(f"it has more than {MAX_TERMS} terms", tag="", position=0)
    return spf
