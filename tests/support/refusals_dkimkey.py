"""Refused specs of DkimKey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from support.refusal import Refusal


def _dkim(label: str, changes: Mapping[str, Any], field: str, words: str) -> Refusal:
    return Refusal(f"dkim-{label}", "DkimKey", changes, f"spec{field}", words)


def _rotation(label: str, rotation: Mapping[str, Any], field: str, words: str) -> Refusal:
    return _dkim(f"rotation-{label}", {"rotation": rotation}, f".rotation{field}", words)


def _renewal(label: str, template: str, interval: str) -> Refusal:
    changes = {"selectorTemplate": template, "rotation": {"interval": interval}}
    return _dkim(f"renewal-{label}", changes, ".selectorTemplate", "needs new selectors each time")


_RSA = {"algorithm": "RSA"}
_ED25519 = {"algorithm": "Ed25519"}
_NIGHT = {"from": "01:00", "to": "05:00"}
_IMPORT = {"selector": "mail2024", "secretName": "old-keys", "secretKey": "mail2024.private"}
_HERE = {"domain": "zorg-voorbeeld.example", "providerRef": {"name": "keys"}}
_FAR = "a." * 111 + "example"
"""A domain of 229 characters: with `._domainkey.` it leaves 12 for a selector."""

DKIM_KEYS = (
    _dkim(
        "import-rsa", {"imports": [{**_IMPORT, "selector": "rsa"}]}, ".imports[0].selector", "uses the names"
    ),
    _dkim("no-keys", {"keys": []}, ".keys", "at least 1 items"),
    _dkim("five-keys", {"keys": [_RSA] * 5}, ".keys", "at most 4 items"),
    _dkim("algorithm", {"keys": [{"algorithm": "DSA"}]}, ".keys[0].algorithm", '"Ed25519"'),
    _dkim("small-key", {"keys": [{**_RSA, "size": 768}]}, ".keys[0].size", "2048"),
    _dkim("short-key", {"keys": [_ED25519, {**_RSA, "size": 1024}]}, ".keys", "allowShortKeys: true"),
    _dkim("ed25519-size", {"keys": [{**_ED25519, "size": 2048}]}, ".keys[0].size", "for RSA keys only"),
    _dkim("template-upper-case", {"selectorTemplate": "MS{date}"}, ".selectorTemplate", "lower-case letters"),
    _dkim(
        "template-placeholder", {"selectorTemplate": "ms{month}"}, ".selectorTemplate", "placeholders {date}"
    ),
    _dkim(
        "template-underscore",
        {"selectorTemplate": "ms_{random}"},
        ".selectorTemplate",
        "such as ms{date}-{random}",
    ),
    _dkim(
        "same-selectors",
        {"keys": [_RSA, _ED25519], "selectorTemplate": "ms{date}"},
        ".selectorTemplate",
        "put {random}",
    ),
    _dkim(
        "same-algorithm",
        {"keys": [_RSA, _RSA], "selectorTemplate": "{algorithm}"},
        ".selectorTemplate",
        "put {random}",
    ),
    _dkim(
        "name-too-long",
        {"domain": f"{'a.' * 115}example", "selectorTemplate": "s{date}"},
        ".selectorTemplate",
        "over 253 characters",
    ),
    _dkim("secret-name", {"secret": {"name": "My_Secret"}}, ".secret.name", "name of a Kubernetes object"),
    _dkim("secret-label", {"secret": {"labels": {"a b": "c"}}}, ".secret.labels", "write Kubernetes labels"),
    _dkim(
        "secret-label-value", {"secret": {"labels": {"a": "-"}}}, ".secret.labels", "write Kubernetes labels"
    ),
)
ROTATIONS = (
    _rotation("number-alone", {"interval": "180"}, ".interval", "write a number above 0 and a unit"),
    _rotation("no-interval", {"interval": "0d"}, ".interval", "write a number above 0 and a unit"),
    _rotation("months", {"interval": "6mo"}, ".interval", "such as 36h or 180d"),
    _rotation("two-units", {"interval": "1d12h"}, ".interval", "such as 36h or 180d"),
    _rotation("long-interval", {"interval": "1000000d"}, ".interval", "may not be more than 6"),
    _rotation("retirement", {"retireAfter": "-1d"}, ".retireAfter", "write a number and a unit"),
    _rotation("propagation", {"propagationTime": "ten"}, ".propagationTime", "write a number and a unit"),
    _rotation("jitter", {"jitterPercent": 51}, ".jitterPercent", "less than or equal to 50"),
    _rotation("confirmation", {"confirmation": "Manual"}, ".confirmation", '"Acknowledgement"'),
    _rotation("window-open", {"window": {"from": "02:00"}}, ".window.to", "Required value"),
    _rotation("hour", {"window": {"from": "24:00", "to": "04:00"}}, ".window.from", "time of day as HH:MM"),
    _rotation("minutes", {"window": {"from": "2:00", "to": "04:00"}}, ".window.from", "such as 02:00"),
    _rotation(
        "empty-window",
        {"window": {"from": "02:00", "to": "02:00"}},
        ".window.to",
        "leave window out to allow",
    ),
    _rotation(
        "window-of-the-model",
        {"window": {"opens": "02:00", "from": "02:00", "to": "04:00"}},
        ".window.opens",
        "unknown field",
    ),
    _rotation("day", {"window": {**_NIGHT, "days": ["Mon"]}}, ".window.days[0]", '"Monday"'),
    _rotation("day-twice", {"window": {**_NIGHT, "days": ["Monday"] * 2}}, ".window.days", "Duplicate value"),
    _rotation(
        "zone", {"window": {**_NIGHT, "timeZone": "CET"}}, ".window.timeZone", "such as Europe/Amsterdam"
    ),
    _rotation("zone-path", {"window": {**_NIGHT, "timeZone": "../etc/zone"}}, ".window.timeZone", "IANA"),
    _dkim("revocation", {"revocation": {"method": "Keep"}}, ".revocation.method", '"EmptyKey"'),
    _dkim("keep-for", {"revocation": {"keepFor": "1y"}}, ".revocation.keepFor", "write a number and a unit"),
    _renewal("fixed", "mail", "180d"),
    _renewal("by-algorithm", "{algorithm}", "180d"),
    _renewal("hours", "ms{date}", "36h"),
    _renewal("one-day", "ms{date}", "1d"),
    _dkim("layout", {"secret": {"layouts": ["Postfix"]}}, ".secret.layouts[0]", '"OpenDKIM"'),
    _dkim("layout-twice", {"secret": {"layouts": ["Exim"] * 2}}, ".secret.layouts", "Duplicate value"),
    _dkim("mount-relative", {"secret": {"mountPath": "keys"}}, ".secret.mountPath", "write an absolute path"),
    _dkim("mount-slash", {"secret": {"mountPath": "/keys/"}}, ".secret.mountPath", "without final slash"),
    _dkim("mount-upwards", {"secret": {"mountPath": "/a/../b"}}, ".secret.mountPath", "without . and .."),
    _dkim("mount-space", {"secret": {"mountPath": "/my keys"}}, ".secret.mountPath", "absolute path"),
    _dkim("format", {"secret": {"keyFormat": "PKCS1"}}, ".secret.keyFormat", '"Traditional"'),
    _dkim("import-twice", {"imports": [_IMPORT] * 2}, ".imports", "Duplicate value"),
    _dkim(
        "imports", {"imports": [{**_IMPORT, "selector": f"s{n}"} for n in range(5)]}, ".imports", "at most 4"
    ),
    _dkim(
        "import-name",
        {"imports": [{**_IMPORT, "selector": "x._domainkey"}]},
        ".imports[0].selector",
        "without",
    ),
    _dkim(
        "import-key", {"imports": [{**_IMPORT, "secretKey": "a/b"}]}, ".imports[0].secretKey", "Secret's data"
    ),
    _dkim("import-where", {"imports": [{"selector": "mail"}]}, ".imports[0].secretName", "Required value"),
    _dkim(
        "import-too-long",
        {"domain": _FAR, "selectorTemplate": "s{random}", "imports": [{**_IMPORT, "selector": "a" * 13}]},
        ".imports",
        "over 253 characters",
    ),
    _dkim("delegation-to-itself", {"delegation": _HERE}, ".delegation", "is the mail domain itself"),
    _dkim(
        "delegation-domain", {"delegation": {**_HERE, "domain": "keys"}}, ".delegation.domain", "two labels"
    ),
    _dkim("delegation-where", {"delegation": {"domain": "k.example"}}, ".delegation.providerRef", "Required"),
    _dkim("delegation-too-long", {"delegation": {**_HERE, "domain": _FAR}}, ".selectorTemplate", "over 253"),
    _dkim(
        "number-too-long",
        {"domain": _FAR, "selectorTemplate": "{date}x{number}"},
        ".selectorTemplate",
        "over 253",
    ),
)
DKIM_KEY_REFUSALS = (*DKIM_KEYS, *ROTATIONS)
