"""The provider that `mailseal provider` is about: found in the files, opened with its Secret."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mailseal.cli.desired import credentials_of
from mailseal.cli.exits import InvalidInput
from mailseal.cli.manifests import read_manifests
from mailseal.cli.resources import ProviderResource, resources_of
from mailseal.cli.secretfiles import SecretFiles
from mailseal.engine.backends import open_backend
from mailseal.providers.base import Provider
from mailseal.providers.budget import Budgets
from mailseal.providers.surroundings import CallLog, Surroundings
from mailseal.records.names import DnsName, InvalidName


@dataclass(frozen=True, slots=True)
class Target:
    """A provider and one of its zones."""

    resource: ProviderResource
    zone: DnsName
    credentials: Mapping[str, bytes] = field(repr=False)
    budgets: Budgets = field(default_factory=Budgets)

    def open(self, log: CallLog, zones: tuple[DnsName, ...]) -> Provider:
        """The provider with these zones in place of those of its spec. Raises `InvalidConfiguration`."""
        spec = self.resource.spec.model_copy(update={"zones": tuple(map(str, zones))})
        surroundings = Surroundings(name=str(self.resource.key), log=log, budgets=self.budgets)
        return open_backend(spec, self.credentials, surroundings=surroundings).provider


def find_target(
    paths: Sequence[str], zone: str, name: str | None, secrets_dir: Path | None, operator_namespace: str
) -> Target:
    """The one provider in the files, or the one called `name`. Raises `InvalidInput`."""
    faults: list[str] = []
    resources = resources_of(read_manifests(paths, faults), faults)
    if faults:
        raise InvalidInput(*faults)
    provider = _chosen(resources.providers.values(), name, paths)
    named = _zone(provider, zone)
    secrets = SecretFiles(resources.secrets, secrets_dir)
    return Target(provider, named, credentials_of(provider, secrets, operator_namespace))


def _chosen(
    providers: Collection[ProviderResource], name: str | None, paths: Sequence[str]
) -> ProviderResource:
    fitting = [provider for provider in providers if name is None or provider.key.name == name]
    if len(fitting) == 1:
        return fitting[0]
    wanted = "DnsProvider or ClusterDnsProvider" + (f" called {name}" if name else "")
    if not fitting:
        raise InvalidInput(f"{', '.join(paths)}: there is no {wanted}")
    found = ", ".join(str(provider.key) for provider in fitting)
    raise InvalidInput(f"{', '.join(paths)}: there are several: {found}; name one with --provider")


def _zone(provider: ProviderResource, text: str) -> DnsName:
    try:
        zone = DnsName.parse(text)
    except InvalidName as error:
        raise InvalidInput(f"--zone: {error}") from None
    listed = provider.spec.zones
    if listed and zone not in map(DnsName.parse, listed):
        raise InvalidInput(
            f"--zone: {zone} is not in spec.zones of {provider}, which has {', '.join(listed)}"
        )
    return zone
