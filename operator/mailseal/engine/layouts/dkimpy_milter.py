"""Layout DkimpyMilter: the tables of dkimpy-milter.conf(5), one of keys for each algorithm.

dkimpy-milter 1.2 looks the value of the SigningTable up in both key tables, so that the domain names the
rows, and makes one signature for each. It cannot do without a row, but passes over a key file that is
empty: /dev/null stands where no key of an algorithm signs, and one configuration fits every choice of keys.
It reads Ed25519 keys as bare base64, hence `<selector>.key`, and everything at its start only: it has to be
restarted after a change.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.engine.layouts.view import View

KEY_TABLES = {
    KeyAlgorithm.RSA: "dkimpy-KeyTable",
    KeyAlgorithm.ED25519: "dkimpy-KeyTableEd25519",
}
SIGNING_TABLE = "dkimpy-SigningTable"
_NO_KEY = "none:/dev/null"


def files(view: View) -> Mapping[str, bytes]:
    """The files of this layout."""
    tables = {name: _table(view, algorithm).encode() for algorithm, name in KEY_TABLES.items()}
    return {**tables, SIGNING_TABLE: f"*@{view.domain} {view.domain}\n".encode(), **view.seeds()}


def _table(view: View, algorithm: KeyAlgorithm) -> str:
    key = view.first(algorithm)
    signing = f"{key.selector}:{view.bare_path(key)}" if key else _NO_KEY
    return f"{view.domain} {view.domain}:{signing}\n"
