"""The classes of octoDNS that may be loaded: providers of installed octodns-… packages, and nothing else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import packages_distributions
from typing import Any, Final

from octodns.provider.base import BaseProvider

from mailseal.providers.base import InvalidConfiguration

CLASS_NAME: Final = re.compile(
    r"(?P<package>[A-Za-z_]\w*)(?:\.[A-Za-z_]\w*)*\.(?P<name>[A-Za-z_]\w*)", re.ASCII
)
_DISTRIBUTION: Final = re.compile(r"octodns[-_.].+", re.IGNORECASE)


def provider_class(name: str) -> type[BaseProvider]:
    """The class that `name` means, such as `octodns_hetzner.HetznerProvider`.

    A module is imported only when it belongs to an installed distribution named octodns-…, so that a name
    cannot run other code; octoDNS's own classes, which read and write files, are not among them. Raises
    `InvalidConfiguration`.
    """
    found = CLASS_NAME.fullmatch(name)
    if found is None:
        raise InvalidConfiguration(
            f"class must be a module and a class such as octodns_hetzner.HetznerProvider, not {name!r}"
        )
    distributions = packages_distributions().get(found["package"], [])
    if not any(_DISTRIBUTION.fullmatch(each) for each in distributions):
        raise InvalidConfiguration(
            f"class {name}: no package of octoDNS providers with the module {found['package']} is installed; "
            "put it into the image, such as with pip install octodns-hetzner"
        )
    loaded = _loaded(name)
    if not isinstance(loaded, type) or not issubclass(loaded, BaseProvider):
        raise InvalidConfiguration(
            f"class {name} is no provider of octoDNS: a source or processor cannot write"
        )
    return loaded


def check_arguments(kind: type[BaseProvider], name: str, arguments: Mapping[str, object]) -> None:
    """Raise `InvalidConfiguration` unless the class takes these settings."""
    try:
        inspect.signature(kind).bind("mailseal", **arguments)
    except TypeError as error:
        raise InvalidConfiguration(f"settings do not fit class {name}: {error}") from None


def _loaded(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise InvalidConfiguration(f"class {name} cannot be loaded: {error}") from None
