"""Finding a backend by its type: those of mailseal, and plug-ins by entry point."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Final, cast

from mailseal.providers.base import InvalidConfiguration, Provider, ProviderError
from mailseal.providers.guard import GuardedProvider
from mailseal.providers.surroundings import Surroundings

ENTRY_POINT_GROUP: Final = "mailseal.providers"
_BUILT_IN: Final = {
    "memory": "mailseal.providers.memory:MemoryProvider",
    "rfc2136": "mailseal.providers.rfc2136:Rfc2136Provider",
    "zonefile": "mailseal.providers.zonefile:ZoneFileProvider",
}
_EXTRAS: Final = frozenset({"azure", "cloudflare", "google", "octodns", "transip"})
"""Types whose library is an extra of the same name."""


def provider_types() -> tuple[str, ...]:
    """The types that are installed, sorted."""
    return tuple(sorted(_installed()))


def open_provider(
    type_name: str,
    settings: Mapping[str, object],
    credentials: Mapping[str, bytes],
    surroundings: Surroundings,
) -> Provider:
    """Open the backend `type_name` with the settings of its type and its Secret's data. Does no I/O.

    Raises `InvalidConfiguration` for an unknown type and for whatever the backend finds wrong.
    """
    installed = _installed()
    if type_name not in installed:
        choice = ", ".join(sorted(installed))
        raise InvalidConfiguration(f"there is no provider type {type_name!r}; installed are {choice}")
    provider = _open(installed[type_name], settings, credentials, surroundings)
    return provider if type_name in _BUILT_IN else GuardedProvider(provider)


def _installed() -> dict[str, EntryPoint]:
    """All types; a plug-in cannot take the name of one of ours."""
    plug_ins = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    ours = {name: EntryPoint(name, value, ENTRY_POINT_GROUP) for name, value in _BUILT_IN.items()}
    return plug_ins | ours


def _open(
    point: EntryPoint,
    settings: Mapping[str, object],
    credentials: Mapping[str, bytes],
    surroundings: Surroundings,
) -> Provider:
    try:
        provider_class = cast("type[Provider]", point.load())
        return provider_class.from_settings(settings, credentials, surroundings)
    except ProviderError:
        raise
    except ModuleNotFoundError as error:
        raise InvalidConfiguration(_missing(point, error)) from None
    except Exception as error:
        # Without its text and context: a careless plug-in may show the credentials in them.
        raise InvalidConfiguration(
            f"the provider type {point.name} ({point.value}) cannot be opened: {type(error).__name__}"
        ) from None


def _missing(point: EntryPoint, error: ModuleNotFoundError) -> str:
    if point.name in _EXTRAS:
        return (
            f"type {point.name} needs a library that is not installed here ({error.name}): "
            f"pip install 'mailseal[{point.name}]'"
        )
    return f"the provider type {point.name} ({point.value}) needs {error.name}, which is not installed here"
