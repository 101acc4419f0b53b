"""Text of others made fit for a terminal and for XML. Pure."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""`text` with every character that does not show as itself escaped as `\x1b` or `\u202e`.

    What records, certificates and servers hold may drive a terminal or turn the direction of a line.
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
