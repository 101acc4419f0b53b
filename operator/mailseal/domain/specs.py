"""The kinds of resource and how their specs are read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mailseal.domain.dkimkey import DkimKeySpec
from mailseal.domain.maildomain import MailDomainSpec
from mailseal.domain.ntarecord import NtaRecordSpec
from mailseal.domain.provider import ClusterDnsProviderSpec, DnsProviderSpec
from mailseal.domain.status import (
    DkimKeyStatus,
    DnsProviderStatus,
    MailDomainStatus,
    NtaRecordStatus,
    ResourceStatus,
)

Spec: TypeAlias = MailDomainSpec | DkimKeySpec | NtaRecordSpec | DnsProviderSpec | ClusterDnsProviderSpec


@dataclass(frozen=True, slots=True)
class Kind:
    """The models of one kind."""

    spec: type[Spec]
    status: type[ResourceStatus]


KINDS: Mapping[str, Kind] = {
    "MailDomain": Kind(MailDomainSpec, MailDomainStatus),
    "DkimKey": Kind(DkimKeySpec, DkimKeyStatus),
    "NtaRecord": Kind(NtaRecordSpec, NtaRecordStatus),
    "DnsProvider": Kind(DnsProviderSpec, DnsProviderStatus),
    "ClusterDnsProvider": Kind(ClusterDnsProviderSpec, DnsProviderStatus),
}


_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "there is no such field; kubectl explain lists those that are",
    "too_short": "write at least one member",
}


class InvalidSpec(ValueError):
    """A spec breaks its rules. The message is one line with every fault as `spec.field[0]: what to do`."""

    def __init__(self, kind: str, faults: tuple[str, ...]) -> None:
        super().__init__(f"{kind} is not valid: " + "; ".join(faults))
        self.kind = kind
        self.faults = faults


def parse_spec(kind: str, spec: Mapping[str, Any]) -> Spec:
    """The spec of a resource of that kind. Raises `InvalidSpec`, also for a kind that is not ours."""
    if kind not in KINDS:
        raise InvalidSpec(kind, (f"kind: write one of {', '.join(KINDS)}",))
    try:
        text = json.dumps(spec, default=_as_json)
        return KINDS[kind].spec.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        faults = tuple(_faults(error.errors(include_url=False, include_input=False)))
        raise InvalidSpec(kind, faults) from None


def _as_json(value: object) -> object:
    """What JSON does not know: the views that kopf gives, and dates that YAML reads."""
    return dict(value) if isinstance(value, Mapping) else str(value)


def _faults(details: Sequence[ErrorDetails]) -> Iterator[str]:
    """Every fault once. A list with a bad member also counts as too short, which is left out."""
    for detail in details:
        location = detail["loc"]
        inner = any(other["loc"][: len(location)] == location for other in details if other is not detail)
        if detail["type"] == "too_short" and inner:
            continue
        path = "spec" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
        yield from _lines(path, detail)


def _lines(path: str, detail: ErrorDetails) -> Iterator[str]:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "check":
        for field, message in context["faults"]:
            yield f"{path}.{field}: {message}" if field else f"{path}: {message}"
    elif kind == "value_error":
        yield f"{path}: {context['error']}"
    else:
        message = _MESSAGES.get(kind, detail["msg"])
        yield f"{path}: {message[:1].lower()}{message[1:]}"
