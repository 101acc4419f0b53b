"""Domain names in the one form that mailseal compares: lower-case A-labels without the final dot."""

from __future__ import annotations

import re
from typing import Final

import dns.exception
import dns.name

from mailseal.records.errors import InvalidRecord

_IDNA: Final = dns.name.IDNA2008Codec(uts_46=True, allow_pure_ascii=True)
_LABEL = re.compile(r"(?:[^\\.]|\\.)+")


class InvalidName(InvalidRecord):
    """The text is not a domain name (RFC 1035 section 2.3.4, RFC 5890 for non-ASCII labels)."""


class DnsName(str):
    """An absolute domain name: lower-case A-labels, no final dot; `""` is the root.

    Being a `str`, it hashes and serialises as its text. Make one with `parse`; the constructor does not
    check. Underscore labels are allowed, since every mail record uses them. Characters that a zone file
    escapes stay escaped (RFC 1035 section 5.1).
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> DnsName:
        """The name that `text` writes, with or without final dot; Unicode labels become A-labels.

        Raises `InvalidName` for an empty label, a label over 63 or a name over 253 octets, and for `@`, which
        means a name only beside an origin.
        """
        stripped = text.strip()
        if stripped == "@":
            raise InvalidName("'@' stands for the origin of a zone; write the name itself")
        try:
            name = dns.name.from_text(stripped, origin=dns.name.root, idna_codec=_IDNA)
        except (dns.exception.DNSException, UnicodeError) as error:
            raise InvalidName(f"{text!r} is not a domain name: {error}") from error
        return cls(name.to_text(omit_final_dot=True).lower() if name != dns.name.root else "")

    @property
    def fqdn(self) -> str:
        """The name with its final dot, as a zone file or `dig` writes it."""
        return f"{self}."

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, most specific first; none for the root."""
        return tuple(_LABEL.findall(self))

    def is_within(self, ancestor: DnsName) -> bool:
        """True when this name is `ancestor` or below it."""
        above = ancestor.labels
        return not above or self.labels[-len(above) :] == above

    def relative_to(self, origin: DnsName) -> str:
        """This name without `origin`; `@` for the origin itself. Raises `InvalidName` when not within it."""
        if self == origin:
            return "@"
        if not self.is_within(origin):
            raise InvalidName(f"{self} is not within {origin}")
        return self[: -len(origin) - 1] if origin else str(self)

    def child(self, labels: str) -> DnsName:
        """The name `labels` below this one; `@` is this name. Raises `InvalidName`."""
        return self if labels == "@" else DnsName.parse(f"{labels}.{self}")

    def ancestors(self) -> tuple[DnsName, ...]:
        """This name and each of its parents, longest first, without the root."""
        labels = self.labels
        return tuple(DnsName(".".join(labels[start:])) for start in range(len(labels)))
