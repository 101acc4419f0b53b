"""Layout Stable: names that never change, for software that is told one key file per algorithm.

`rsa.pem` with `rsa.selector`, `ed25519.pem` with `ed25519.selector`: of each algorithm the first key to
sign with. Absent while nothing signs. Whoever reads a pair takes both from the directory that `..data`
leads to at one moment: the kubelet replaces that link when the Secret changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailseal.domain.dkimkey import KeyAlgorithm
from mailseal.engine.layouts.view import PEM_SUFFIX, View

SELECTOR_SUFFIX = ".selector"
FILE_NAMES = frozenset(
    f"{algorithm.tag}{suffix}" for algorithm in KeyAlgorithm for suffix in (PEM_SUFFIX, SELECTOR_SUFFIX)
)


def files(view: View) -> Mapping[str, bytes]:
    """The files of this layout."""
    found: dict[str, bytes] = {}
    for algorithm in KeyAlgorithm:
        key = view.first(algorithm)
        if key is not None:
            found[f"{algorithm.tag}{PEM_SUFFIX}"] = key.pem
            found[f"{algorithm.tag}{SELECTOR_SUFFIX}"] = f"{key.selector}\n".encode()
    return found
