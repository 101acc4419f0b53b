"""The settings of the dnsendpoint provider, checked once when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailseal.dnsio.endpoint import Endpoint
from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.surroundings import ObjectStore, Surroundings
from mailseal.providers.webhook.txtforms import FORMS, FormName, TxtForm
from mailseal.providers.zonelist import parse_zones
from mailseal.records.names import DnsName


@dataclass(frozen=True, slots=True)
class DnsEndpointSettings:
    """Where the objects are, how they look, and who answers for the zones."""

    store: ObjectStore
    namespace: str
    labels: Mapping[str, str]
    form: TxtForm
    zones: tuple[DnsName, ...]
    nameservers: tuple[Endpoint, ...]
    """None: those of the zone's NS records."""

    @classmethod
    def parse(
        cls, settings: Mapping[str, object], credentials: Mapping[str, bytes], surroundings: Surroundings
    ) -> DnsEndpointSettings:
        """Read the fields. Raises `InvalidConfiguration` with the name of the wrong one."""
        if surroundings.endpoints is None:
            raise InvalidConfiguration(
                "type dnsendpoint writes resources of a cluster: only the operator can use it, not the "
                "command line"
            )
        if credentials:
            raise InvalidConfiguration("type dnsendpoint takes no credentials: remove credentialsSecretRef")
        zones = parse_zones(settings.get("zones"))
        if not zones:
            raise InvalidConfiguration("type dnsendpoint cannot find zones: list them in zones")
        return cls(
            surroundings.endpoints,
            _namespace(settings.get("namespace"), surroundings.namespace),
            _labels(settings.get("labels")),
            _form(settings.get("txtForm", FormName.QUOTED)),
            zones,
            _nameservers(settings.get("nameservers")),
        )


def _namespace(value: object, own: str) -> str:
    """A DnsProvider writes in its own namespace only."""
    if value is not None and not isinstance(value, str):
        raise InvalidConfiguration("namespace must be the name of a namespace")
    if own:
        if value not in {None, own}:
            raise InvalidConfiguration(
                f"namespace {value} is another one than the DnsProvider's own, {own}: remove the field, or "
                "use a ClusterDnsProvider"
            )
        return own
    if not value:
        raise InvalidConfiguration("namespace is missing: name the one whose DNSEndpoints external-dns reads")
    return value


def _labels(value: object) -> Mapping[str, str]:
    labels = {} if value is None else value
    if not isinstance(labels, Mapping) or not all(isinstance(each, str) for each in labels.values()):
        raise InvalidConfiguration("labels must be texts by name")
    return {str(name): str(each) for name, each in labels.items()}


def _form(value: object) -> TxtForm:
    if value not in {FormName.QUOTED, FormName.PLAIN}:
        raise InvalidConfiguration(f"txtForm must be {FormName.QUOTED} or {FormName.PLAIN}, not {value!r}")
    return FORMS[FormName(str(value))]


def _nameservers(value: object) -> tuple[Endpoint, ...]:
    try:
        return tuple(Endpoint.parse(str(each)) for each in value) if isinstance(value, list) else ()
    except ValueError as error:
        raise InvalidConfiguration(f"nameservers: {error}") from None
