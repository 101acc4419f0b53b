"""Every file of a DkimKey's Secret, for the mail software that mounts it. Pure; one module per layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.keysecret import SecretLayout
from mailseal.engine.layouts import dkimpy_milter, exim, opendkim, rspamd, stable
from mailseal.engine.layouts.view import PEM_SUFFIX, View
from mailseal.planning.keylife.model import KeyLife

SELECTORS = "selectors"
"""The selectors to sign with now, one a line, in the order of the spec; empty while nothing signs."""

_LAYOUTS: Mapping[SecretLayout, Callable[[View], Mapping[str, bytes]]] = {
    SecretLayout.STABLE: stable.files,
    SecretLayout.OPENDKIM: opendkim.files,
    SecretLayout.RSPAMD: rspamd.files,
    SecretLayout.EXIM: exim.files,
    SecretLayout.DKIMPY_MILTER: dkimpy_milter.files,
}

FILE_NAMES = frozenset(
    {
        SELECTORS,
        *stable.FILE_NAMES,
        opendkim.KEY_TABLE,
        opendkim.SIGNING_TABLE,
        rspamd.SELECTOR_MAP,
        rspamd.SIGNING_CONFIGURATION,
        exim.SELECTORS,
        *dkimpy_milter.KEY_TABLES.values(),
        dkimpy_milter.SIGNING_TABLE,
    }
)
"""The names of all files that are not named after a selector."""

__all__ = ["FILE_NAMES", "PEM_SUFFIX", "SELECTORS", "files_of"]


def files_of(spec: DkimKeySpec, life: KeyLife, private_keys: Mapping[str, bytes]) -> dict[str, bytes]:
    """The whole data of the Secret, by file name.

    `private_keys` are unencrypted PEM texts of either format by selector. Of those, the ones that the life
    has a use for (`KeySet.needs_private_keys`) are written. The same keys give the same bytes in whichever
    format they come, so that a Secret which differs from this was edited. Raises `UnusableKey`.
    """
    view = View.of(spec, life, private_keys)
    files = {key.file_name: key.pem for key in view.held}
    files[SELECTORS] = "".join(f"{key.selector}\n" for key in view.active).encode()
    for layout in SecretLayout:
        if layout in spec.secret.layouts:
            files.update(_LAYOUTS[layout](view))
    return files
