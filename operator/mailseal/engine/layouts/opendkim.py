"""Layout OpenDKIM: the `KeyTable` and `SigningTable` of opendkim.conf(5).

The KeyTable names every key that is held, so that a filter which has loaded either table earlier than the
other still finds its key; the SigningTable, to be read as `refile:`, names those to sign with. OpenDKIM
2.11 signs with one algorithm (`SignatureAlgorithm`) and defers mail that the table sends to a key of
another, so that the table holds keys of one only. It reads both tables at its start and at SIGUSR1, and a
key's file for each mail.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailseal.engine.layouts.view import LaidOutKey, View

KEY_TABLE = "KeyTable"
SIGNING_TABLE = "SigningTable"


def files(view: View) -> Mapping[str, bytes]:
    """The files of this layout."""
    keys = (f"{_name(view, key)} {view.domain}:{key.selector}:{view.path(key)}\n" for key in view.held)
    signing = (f"*@{view.domain} {_name(view, key)}\n" for key in view.of_one_algorithm())
    return {KEY_TABLE: "".join(keys).encode(), SIGNING_TABLE: "".join(signing).encode()}


def _name(view: View, key: LaidOutKey) -> str:
    return f"{key.selector}._domainkey.{view.domain}"
