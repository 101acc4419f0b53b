"""Finding a backend by its type: those of mailseal, and plug-ins by entry point."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Final, cast

from mailseal.providers.base import Capabilities, InvalidConfiguration, Provider, ProviderError
from mailseal.providers.guard import GuardedProvider
from mailseal.providers.surroundings import Surroundings
from mailseal.providers.zonelist import parse_zones

ENTRY_POINT_GROUP: Final = "mailseal.providers"
_BUILT_IN: Final = {
    "azure": "mailseal.providers.azure:AzureProvider",
    "cloudflare": "mailseal.providers.cloudflare:CloudflareProvider",
    "dnsendpoint": "mailseal.providers.dnsendpoint:DnsEndpointProvider",
    "google": "mailseal.providers.google:GoogleProvider",
    "memory": "mailseal.providers.memory:MemoryProvider",
    "octodns": "mailseal.providers.octodns:OctoDnsProvider",
    "powerdns": "mailseal.providers.powerdns:PowerDnsProvider",
    "rfc2136": "mailseal.providers.rfc2136:Rfc2136Provider",
    "route53": "mailseal.providers.route53:Route53Provider",
    "transip": "mailseal.providers.transip:TransIpProvider",
    "webhook": "mailseal.providers.webhook:WebhookProvider",
    "zonefile": "mailseal.providers.zonefile:ZoneFileProvider",
}
_EXTRAS: Final = frozenset({"azure", "cloudflare", "google", "octodns"})
"""Types whose library is an extra of the same name."""


def provider_types() -> tuple[str, ...]:
    """The types that are installed, sorted."""
    return tuple(sorted(_installed()))


def open_provider(
    type_name: str,
    settings: Mapping[str, object],
    credentials: Mapping[str, bytes],
    surroundings: Surroundings,
) -> GuardedProvider:
    """Open the backend `type_name` with the settings of its type and its Secret's data, and guard it.

    Does no I/O.

    Raises `InvalidConfiguration` for an unknown type and for whatever the backend finds wrong.
    """
    installed = _installed()
    if type_name not in installed:
        choice = ", ".join(sorted(installed))
        raise InvalidConfiguration(f"there is no provider type {type_name!r}; installed are {choice}")
    provider = _open(installed[type_name], settings, credentials, surroundings)
    return GuardedProvider(provider, parse_zones(settings.get("zones")), surroundings.circuit)


def capabilities_of(type_name: str) -> Capabilities:
    """What the backends of that type declare, without opening one; settings may make one do less.

    Raises `InvalidConfiguration` for a type that is not installed, and for a class that declares nothing.
    """
    installed = _installed()
    if type_name not in installed:
        raise InvalidConfiguration(f"there is no provider type {type_name!r}")
    declared = getattr(_loaded(installed[type_name]), "capabilities", None)
    if not isinstance(declared, Capabilities):
        raise InvalidConfiguration(f"the provider type {type_name} has no class attribute `capabilities`")
    return declared


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
    provider_class = _loaded(point)
    try:
        return provider_class.from_settings(settings, credentials, surroundings)
    except ProviderError:
        raise
    except ModuleNotFoundError as error:
        raise InvalidConfiguration(_missing(point, error)) from None
    except Exception as error:
        raise InvalidConfiguration(_unusable(point, error)) from None


def _loaded(point: EntryPoint) -> type[Provider]:
    try:
        return cast("type[Provider]", point.load())
    except ModuleNotFoundError as error:
        raise InvalidConfiguration(_missing(point, error)) from None
    except Exception as error:
        raise InvalidConfiguration(_unusable(point, error)) from None


def _unusable(point: EntryPoint, error: Exception) -> str:
    """Without the error's text: a careless plug-in may show the credentials in it."""
    return f"the provider type {point.name} ({point.value}) cannot be opened: {type(error).__name__}"


def _missing(point: EntryPoint, error: ModuleNotFoundError) -> str:
    if point.name in _EXTRAS:
        return (
            f"type {point.name} needs a library that is not installed here ({error.name}): "
            f"pip install 'mailseal[{point.name}]'"
        )
    return f"the provider type {point.name} ({point.value}) needs {error.name}, which is not installed here"
