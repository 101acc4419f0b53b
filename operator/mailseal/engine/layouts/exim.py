"""Layout Exim: `exim-selectors`, the value of `dkim_selector` of the smtp transport.

Exim takes a list separated by colons, makes one signature for each selector in it, and expands
`dkim_private_key` for each (Exim specification, section "Signing outgoing messages"). It reads both for each
delivery.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailseal.engine.layouts.view import View

SELECTORS = "exim-selectors"


def files(view: View) -> Mapping[str, bytes]:
    """The files of this layout."""
    return {SELECTORS: f"{':'.join(key.selector for key in view.active)}\n".encode()}
