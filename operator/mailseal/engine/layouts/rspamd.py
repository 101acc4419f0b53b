"""Layout Rspamd: what the module dkim_signing reads, in two ways.

`rspamd-selectors.map` is a `selector_map` for one RSA signature, which rspamd re-reads by itself when it is
named by way of `..data` (the link of the name itself never changes, and rspamd watches no other). The path
of the key follows from the selector (`path = "<mountPath>/$selector.pem"`), so that a rspamd which has not
seen the change yet signs consistently with the old key. A map has one value for a domain, hence `rspamd-
dkim_signing.conf`, in UCL, for several signatures and for Ed25519: it is to be included in the module's
configuration, and rspamd has to be reloaded (SIGHUP) after a change. rspamd 3.4 reads Ed25519 keys as bare
base64 and not in PEM, hence `<selector>.key`.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.engine.layouts.view import View

SELECTOR_MAP = "rspamd-selectors.map"
SIGNING_CONFIGURATION = "rspamd-dkim_signing.conf"


def files(view: View) -> Mapping[str, bytes]:
    """The files of this layout."""
    rsa = view.first(KeyAlgorithm.RSA)
    selectors = f"{view.domain} {rsa.selector}\n" if rsa else ""
    return {
        SELECTOR_MAP: selectors.encode(),
        SIGNING_CONFIGURATION: _configuration(view).encode(),
        **view.seeds(),
    }


def _configuration(view: View) -> str:
    if not view.active:
        return ""
    selectors = (
        f'      {{ selector = "{key.selector}"; path = "{view.bare_path(key)}"; }}' for key in view.active
    )
    lines = ["domain {", f'  "{view.domain}" {{', "    selectors ["]
    return "\n".join([*lines, ",\n".join(selectors), "    ]", "  }", "}", ""])
