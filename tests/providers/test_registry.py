"""Opening providers by type, and holding plug-ins to the protocol."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from importlib.metadata import EntryPoint

import pytest

from mailseal.providers import registry
from mailseal.providers.base import InvalidConfiguration, OutcomeUnknown, Raced, Unavailable
from mailseal.providers.memory import MemoryBackend, MemoryProvider
from mailseal.providers.registry import open_provider, provider_types
from mailseal.providers.surroundings import UNRESTRICTED, Surroundings
from mailseal.records.names import DnsName
from mailseal.records.rrset import RRset, RRsetKey

SECRET = "s3cr3t"


class Careless(MemoryProvider):
    """A plug-in that breaks the protocol."""

    type_name = "careless"

    @classmethod
    def from_settings(
        cls, settings: Mapping[str, object], credentials: Mapping[str, bytes], surroundings: Surroundings
    ) -> Careless:
        if "broken" in settings:
            raise KeyError(SECRET)
        return cls(MemoryBackend([DnsName("zorg.example")]))

    async def read(self, *_: object) -> dict[RRsetKey, RRset]:
        raise RuntimeError(SECRET)

    async def apply(self, *_: object) -> None:
        raise RuntimeError(SECRET)

    async def zone_of(self, _: object) -> DnsName:
        raise Raced("the plug-in's own")


@pytest.fixture
def _plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("careless_plug_in")
    vars(module)["Careless"] = Careless
    monkeypatch.setitem(sys.modules, "careless_plug_in", module)
    points = (
        EntryPoint("careless", "careless_plug_in:Careless", "mailseal.providers"),
        EntryPoint("absent", "no_such_module:Provider", "mailseal.providers"),
        EntryPoint("memory", "careless_plug_in:Careless", "mailseal.providers"),
    )
    monkeypatch.setattr(registry, "entry_points", lambda group: points)


def test_the_providers_of_mailseal_are_always_there() -> None:
    assert set(provider_types()) >= {"memory", "rfc2136", "zonefile"}
    assert type(open_provider("memory", {"zones": []}, {}, UNRESTRICTED).guarded) is MemoryProvider


def test_an_unknown_type_is_answered_with_those_that_are_installed() -> None:
    with pytest.raises(InvalidConfiguration, match=r"'route54'; installed are .*memory.*rfc2136.*zonefile"):
        open_provider("route54", {}, {}, UNRESTRICTED)


@pytest.mark.usefixtures("_plug_in")
async def test_errors_of_a_plug_in_become_ours_without_their_text() -> None:
    provider = open_provider("careless", {}, {}, UNRESTRICTED)

    with pytest.raises(Unavailable, match="careless failed with RuntimeError") as reading:
        await provider.read(DnsName("zorg.example"), [])
    with pytest.raises(OutcomeUnknown) as writing:
        await provider.apply(DnsName("zorg.example"), [])
    with pytest.raises(Raced, match="own"):
        await provider.zone_of(DnsName("zorg.example"))
    assert await provider.zones() == (DnsName("zorg.example"),)
    assert (await provider.survey()).served == (DnsName("zorg.example"),)
    await provider.close()
    assert SECRET not in f"{reading.value} {writing.value}"


@pytest.mark.usefixtures("_plug_in")
@pytest.mark.parametrize(("type_name", "settings"), [("careless", {"broken": 1}), ("absent", {})])
def test_a_plug_in_that_cannot_be_opened_is_named(type_name: str, settings: dict[str, object]) -> None:
    with pytest.raises(InvalidConfiguration, match=f"provider type {type_name}") as caught:
        open_provider(type_name, settings, {}, UNRESTRICTED)

    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.usefixtures("_plug_in")
def test_a_plug_in_cannot_take_the_place_of_a_provider_of_mailseal() -> None:
    assert type(open_provider("memory", {"zones": []}, {}, UNRESTRICTED).guarded) is MemoryProvider
