"""Selectors: how they are written, and the templates that new ones are made from (RFC 6376 section 3.1)."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final

from pydantic import Field

from mailseal.domain.checks import Check, matching, whole
from mailseal.domain.common import SUBDOMAIN

RANDOM_CHARACTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
RANDOM_LENGTH: Final = 5
KEY_LABEL: Final = "._domainkey."
"""Stands between the selector and the domain in the name of a key record."""

MAX_NAME_LENGTH: Final = 253
"""Characters of a name in DNS without its final dot (RFC 1035 section 2.3.4)."""

_LONGEST: Final = {
    "{date}": "00000000",
    "{random}": "a" * RANDOM_LENGTH,
    "{algorithm}": "ed25519",
    "{number}": "0000",
}
LONGEST_IN_CEL: Final = "".join(
    f".replace('{placeholder}', '{text}')" for placeholder, text in _LONGEST.items()
)
"""What makes, behind a template in CEL, its longest selector."""

SelectorText = Annotated[
    str,
    Field(min_length=1, max_length=63),
    matching(
        SUBDOMAIN,
        "write a selector of lower-case letters, digits, hyphens and dots, without ._domainkey and domain, "
        "such as mail2024",
    ),
]


def longest_selector(template: str) -> str:
    """A selector of the greatest length that the template makes; numbers have at most four digits."""
    for placeholder, text in _LONGEST.items():
        template = template.replace(placeholder, text)
    return template


def fits(selector: str, domain: str) -> bool:
    """True when the name of the key record has a length that DNS allows."""
    return len(selector) + len(KEY_LABEL) + len(domain) <= MAX_NAME_LENGTH


def fits_in_cel(selector: str, domain: str) -> str:
    """The same over two expressions in CEL."""
    return f"{selector}.size() + {len(KEY_LABEL)} + {domain}.size() <= {MAX_NAME_LENGTH}"


def fill_in(template: str, *, algorithm_tag: str, made_on: date, random: str, number: int) -> str:
    """The selector that the template makes of these values."""
    return (
        template.replace("{date}", f"{made_on:%Y%m%d}")
        .replace("{random}", random)
        .replace("{algorithm}", algorithm_tag)
        .replace("{number}", str(number))
    )


SelectorTemplate = Annotated[
    str,
    Field(min_length=1, max_length=63),
    Check(
        f"self{LONGEST_IN_CEL}.matches({whole(SUBDOMAIN)})",
        "write a selector of lower-case letters, digits and hyphens, with the placeholders "
        "{date}, {random}, {number} and {algorithm}, such as ms{date}-{random}",
        lambda template: re.fullmatch(SUBDOMAIN, longest_selector(template)) is not None,
    ),
]
