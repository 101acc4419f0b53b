"""Lists of report addresses, as DMARC (RFC 9989) and TLS-RPT (RFC 8460) have them."""

from __future__ import annotations

import re

from mailseal.records.errors import InvalidRecord

_URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?:[A-Za-z0-9\-._~:/?#\[\]@$&'()*+=]|%[0-9A-Fa-f]{2})+"
)
_MAILTO = re.compile(r"mailto:[^@?]+@[^@?]+(?:\?.*)?", re.IGNORECASE)


def check_report_uri(uri: str) -> None:
    """Raise `InvalidRecord` unless `uri` is a URI (RFC 3986) that such a list can hold.

    Commas, semicolons and exclamation marks must stand percent-encoded, since the lists give them a meaning.
    A mailto URI needs an address with a domain.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        raise InvalidRecord(
            f"{uri!r} is not a URI such as mailto:reports@example.nl; encode , ; and ! as %2C, %3B, %21"
        )
    if found["scheme"].lower() == "mailto" and _MAILTO.fullmatch(uri) is None:
        raise InvalidRecord(f"{uri!r} has no mail address")


def split_uri_list(text: str) -> tuple[tuple[str, int], ...]:
    """The members of a comma-separated list with their offsets, blanks around them removed."""
    members = []
    start = 0
    for part in text.split(","):
        members.append((part.strip(" \t\r\n"), start + len(part) - len(part.lstrip(" \t\r\n"))))
        start += len(part) + 1
    return tuple(members)
