"""From the text of a domain, as an envelope or an expanded macro string has it, to the name to ask for."""

from __future__ import annotations

import dns.exception
import dns.name

MAX_NAME_BYTES = 253
"""Longer names lose labels on the left (RFC 7208 section 7.3)."""
_MIN_LABELS = 2


def query_name(text: str) -> dns.name.Name | None:
    """The absolute name that `text` writes, or None for one that no query can hold (section 4.8).

    No character but the dot is special: a backslash is itself. Text outside ASCII stands for its UTF-8 bytes.
    """
    labels = text.encode("utf-8", "surrogatepass").removesuffix(b".").split(b".")
    while len(labels) > 1 and len(b".".join(labels)) > MAX_NAME_BYTES:
        labels.pop(0)
    try:
        return dns.name.Name([*labels, b""])
    except dns.exception.DNSException:
        return None


def domain_name(text: str) -> dns.name.Name | None:
    """The name of a domain whose policy is asked for, or None for a malformed one (section 4.3).

    That is one with a label that is empty or too long, a single label, or an address literal. Labels outside
    ASCII become A-labels.
    """
    if text.startswith("[") or text.endswith("]"):
        return None
    try:
        ascii_text = ".".join(_a_label(label) for label in text.split("."))
    except (dns.exception.DNSException, UnicodeError):
        return None
    name = query_name(ascii_text) if len(ascii_text) <= MAX_NAME_BYTES + 1 else None
    return name if name is not None and len(name.labels) > _MIN_LABELS else None


def name_text(name: dns.name.Name) -> str:
    """The name without final dot and without the escapes of zone files: what `query_name` reads."""
    return b".".join(label for label in name.labels if label).decode("utf-8", "replace")


def _a_label(label: str) -> str:
    return label if label.isascii() else dns.name.IDNA_2008_UTS_46.encode(label).decode("ascii")
