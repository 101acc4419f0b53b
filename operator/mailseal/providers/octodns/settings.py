"""The settings and the Secret of the octodns provider, checked once when it is opened."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from octodns.provider.base import BaseProvider

from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.octodns.classes import check_arguments, provider_class
from mailseal.providers.octodns.texts import TextFormat, format_of
from mailseal.providers.settings import required_text, timeout_setting
from mailseal.providers.surroundings import Surroundings
from mailseal.providers.zonelist import parse_zones
from mailseal.records.names import DnsName

DEFAULT_TIMEOUT_SECONDS: Final = 60
LONGEST_TIMEOUT_SECONDS: Final = 300
_ENVIRONMENT: Final = "env/"


@dataclass(frozen=True, slots=True)
class OctoDnsSettings:
    """Which class, opened with what."""

    class_name: str
    kind: type[BaseProvider]
    arguments: Mapping[str, object] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    """What never may be shown."""
    text_format: TextFormat
    timeout: timedelta
    zones: tuple[DnsName, ...]

    @classmethod
    def parse(
        cls, settings: Mapping[str, object], credentials: Mapping[str, bytes], surroundings: Surroundings
    ) -> OctoDnsSettings:
        """Read the fields and the Secret. Raises `InvalidConfiguration` with the name of the wrong one."""
        if not surroundings.trusted:
            raise InvalidConfiguration("type octodns loads code: use it in a ClusterDnsProvider only")
        name = required_text(settings, "class", ".+", "name a class such as octodns_hetzner.HetznerProvider")
        kind = provider_class(name)
        secret = _secret_settings(settings, credentials)
        arguments = {**_plain_settings(settings, secret), **secret}
        check_arguments(kind, name, arguments)
        return cls(
            class_name=name,
            kind=kind,
            arguments=arguments,
            secrets=tuple(secret.values()),
            text_format=format_of(settings.get("textFormat"), name),
            timeout=timeout_setting(settings, DEFAULT_TIMEOUT_SECONDS, LONGEST_TIMEOUT_SECONDS),
            zones=parse_zones(settings.get("zones")),
        )

    @property
    def identifier(self) -> str:
        """What octoDNS's log calls the provider: the same for the same account; shows nothing of it."""
        text = json.dumps([self.class_name, dict(self.arguments)], sort_keys=True, default=repr)
        return f"mailseal-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _plain_settings(settings: Mapping[str, object], secret: Mapping[str, str]) -> Mapping[str, object]:
    plain = settings.get("settings", {})
    if not isinstance(plain, Mapping) or not all(isinstance(name, str) for name in plain):
        raise InvalidConfiguration("settings must be an object with the settings of the class")
    for name, value in plain.items():
        if isinstance(value, str) and value.startswith(_ENVIRONMENT):
            raise InvalidConfiguration(
                f"settings.{name} refers to the environment, as octoDNS's own configuration may: put the "
                f"value into the Secret, and {name} into secretSettings"
            )
        if name in secret:
            raise InvalidConfiguration(
                f"{name} is both in settings and in secretSettings: remove one of them"
            )
    return plain


def _secret_settings(settings: Mapping[str, object], credentials: Mapping[str, bytes]) -> dict[str, str]:
    wanted = settings.get("secretSettings", {})
    if not isinstance(wanted, Mapping):
        raise InvalidConfiguration("secretSettings must map settings of the class to keys of the Secret")
    if credentials and not wanted:
        raise InvalidConfiguration(
            "secretSettings is missing: say for which setting of the class each key of the Secret is, such "
            "as api_key: api-key"
        )
    return {str(name): _secret(credentials, key) for name, key in wanted.items()}


def _secret(credentials: Mapping[str, bytes], key: object) -> str:
    raw = credentials.get(key) if isinstance(key, str) else None
    if raw is None:
        raise InvalidConfiguration(f"the Secret of credentialsSecretRef has no key {key!r}")
    try:
        return raw.decode().strip("\r\n")
    except UnicodeDecodeError:
        raise InvalidConfiguration(f"{key!r} in the Secret is not UTF-8") from None
