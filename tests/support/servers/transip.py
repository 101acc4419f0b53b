"""The part of TransIP's API that DNS tools use, on loopback, as its documentation and its users describe it.

Source: https://api.transip.nl/rest/docs.html, "Authentication" (a signature of the body, a nonce used once, a
token that expires), "Rate limit" (1,000 requests in 15 minutes, the headers X-Rate-Limit-…), "Domains" and
"Domains: DNS" (one entry is added, changed or removed; PATCH finds it by name, expire and type and answers
406 where none or several match; PUT replaces all). The texts of errors are those in DNSControl's issues 1919,
2008, 2272, 2670 and 2794 and in certbot-dns-transip's issue 6.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA512

from support.servers.vendorapi import Reply, Request, VendorServer

LIMIT = 1000
WINDOW_SECONDS = 900
_AUTH_FIELDS = {"login", "nonce", "read_only", "expiration_time", "label", "global_key"}
_TYPES = ("A", "AAAA", "CNAME", "MX", "NS", "TXT", "SRV", "SSHFP", "TLSA", "CAA", "NAPTR", "ALIAS")
_DNS_PATH = re.compile(r"/v6/domains/(?P<domain>[^/]+)/dns")


class Problem(Exception):
    """An error answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Entry:
    """One DNS entry."""

    name: str
    expire: int
    type: str
    content: str

    def __str__(self) -> str:
        return f"{self.name} {self.expire} {self.type} {self.content}"


@dataclass
class Account:
    """One account with its domains."""

    login: str
    public_key: RSAPublicKey
    domains: dict[str, list[Entry]] = field(default_factory=dict)
    version: int = 0
    """Rises with every write."""


class TransIpServer:
    """The API for one account. `web.faults` go wrong and `web.requests` tell what was asked."""

    def __init__(self, login: str, public_key: RSAPublicKey, clock: Callable[[], float] = time.time) -> None:
        self.account = Account(login, public_key)
        self.clock = clock
        self.tokens: dict[str, float] = {}
        """When each token expires, in Unix time."""
        self.read_only = False
        """The key may only read."""
        self.limit = LIMIT
        self._nonces: set[str] = set()
        self._labels: set[str] = set()
        self._numbers = itertools.count(1)
        self.web = VendorServer(self.answer)

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"{self.web.url}/v6"

    def close(self) -> None:
        """Stop listening."""
        self.web.close()

    def revoke_tokens(self) -> None:
        """Take every token back, as the account's owner can."""
        self.tokens.clear()

    def answer(self, request: Request) -> Reply:
        """Carry one request out."""
        used = len(self.web.requests)
        headers = {
            "X-Rate-Limit-Limit": str(self.limit),
            "X-Rate-Limit-Remaining": str(max(0, self.limit - used)),
            "X-Rate-Limit-Reset": str(int(self.clock()) + WINDOW_SECONDS),
        }
        if used > self.limit:
            return Reply(429, {"error": "Rate limit exceeded"}, headers)
        try:
            status, body = self._carry_out(request)
        except Problem as problem:
            return Reply(problem.status, {"error": str(problem)}, headers)
        return Reply(status, body, headers)

    def _carry_out(self, request: Request) -> tuple[int, object]:
        if (request.method, request.path) == ("POST", "/v6/auth"):
            return 201, {"token": self._sign_in(request)}
        self._authorise(request)
        if (request.method, request.path) == ("GET", "/v6/domains"):
            return 200, {"domains": [{"name": name, "isDnsOnly": False} for name in self.account.domains]}
        found = _DNS_PATH.fullmatch(request.path)
        if found is None:
            raise Problem(404, "Resource not found")
        if found["domain"] not in self.account.domains:
            raise Problem(404, f"Domain with name '{found['domain']}' not found")
        return self._dns(request, self.account.domains[found["domain"]])

    def _sign_in(self, request: Request) -> str:
        try:
            given = base64.b64decode(request.headers.get("signature", ""), validate=True)
            self.account.public_key.verify(given, request.content, PKCS1v15(), SHA512())
        except (InvalidSignature, ValueError):
            raise Problem(401, "Invalid signature provided for request") from None
        asked = request.json()
        if set(asked) - _AUTH_FIELDS or asked.get("login") != self.account.login:
            raise Problem(401, "Your login is not correct")
        nonce, label = asked["nonce"], asked["label"]
        if not 6 <= len(nonce) <= 32 or nonce in self._nonces:
            raise Problem(401, "This nonce has been used before")
        if label in self._labels:
            raise Problem(409, "This label is in use")
        lifetime = re.fullmatch(r"([0-9]+) (second|minute|hour|day)s?", asked["expiration_time"])
        if lifetime is None:
            raise Problem(406, "The expiration_time is not correct")
        self._nonces.add(nonce)
        self._labels.add(label)
        unit = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}[lifetime[2]]
        return self._issue(int(lifetime[1]) * unit)

    def _issue(self, lifetime_seconds: int) -> str:
        expires = int(self.clock()) + lifetime_seconds
        parts = ({"typ": "JWT", "alg": "RS512"}, {"jti": str(next(self._numbers)), "exp": expires})
        encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        token = ".".join([*encoded, "signature"])
        self.tokens[token] = expires
        return token

    def _authorise(self, request: Request) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.clock() >= self.tokens.get(token, 0):
            raise Problem(401, "Your access token has been revoked or has expired")
        if self.read_only and request.method != "GET":
            raise Problem(403, "This token is read-only")

    def _dns(self, request: Request, entries: list[Entry]) -> tuple[int, object]:
        if request.method == "GET":
            return 200, {"dnsEntries": [vars(entry) for entry in entries], "_links": []}
        if request.method == "PUT":
            entries[:] = [_parsed(each) for each in _only(request.json(), "dnsEntries")]
        else:
            entry = _parsed(_only(request.json(), "dnsEntry"))
            {"POST": _add, "PATCH": _update, "DELETE": _remove}[request.method](entries, entry)
        self.account.version += 1
        return (201 if request.method == "POST" else 204), None


def _add(entries: list[Entry], entry: Entry) -> None:
    if entry in entries:
        raise Problem(406, f"Duplicate DNS entry: {entry}")
    _check([*entries, entry], entry)
    entries.append(entry)


def _update(entries: list[Entry], entry: Entry) -> None:
    same = [
        number
        for number, held in enumerate(entries)
        if (held.name, held.expire, held.type) == (entry.name, entry.expire, entry.type)
    ]
    described = f"'{entry.name} {entry.expire} {entry.type}'"
    if not same:
        raise Problem(406, f"Could not find match for DNS entry {described}")
    if len(same) > 1:
        raise Problem(406, f"Multiple matches found for DNS entry {described}")
    _check([held for held in entries if held is not entries[same[0]]] + [entry], entry)
    entries[same[0]] = entry


def _remove(entries: list[Entry], entry: Entry) -> None:
    if entry not in entries:
        raise Problem(404, f"Dns entry '{entry}' not found")
    entries.remove(entry)


def _only(body: Any, name: str) -> Any:
    if not isinstance(body, Mapping) or set(body) != {name}:
        raise Problem(406, f"The parameter {name} is missing, or another one is unknown")
    return body[name]


def _parsed(described: Any) -> Entry:
    if not isinstance(described, Mapping) or set(described) != {"name", "expire", "type", "content"}:
        raise Problem(406, "A DNS entry has the attributes name, expire, type and content")
    entry = Entry(**described)
    if not isinstance(entry.expire, int) or entry.expire <= 0 or entry.type not in _TYPES:
        raise Problem(406, f"the expire or the type is not correct: {entry}")
    return entry


def _check(entries: list[Entry], entry: Entry) -> None:
    """Everything that TransIP checks when an entry comes."""
    sets = [held for held in entries if held.name == entry.name]
    if any(held.type == entry.type and held.expire != entry.expire for held in sets):
        raise Problem(406, f"the expire of all records in an rrset must be all the same: {entry}")
    if any(held.type == "CNAME" for held in sets) and len(sets) > 1:
        raise Problem(406, f"a CNAME record cannot stand beside other records: {entry}")
    if not entry.content:
        raise Problem(406, f"record content cannot be empty: {entry}")
    if entry.content != entry.content.strip():
        raise Problem(
            406, f"whitespace at the end or start of the content of a record is not allowed: {entry}"
        )
    if entry.type == "TXT" and re.search(r"[^ -~]|[`\\]", entry.content):
        raise Problem(406, f"the content of a TXT record cannot contain invalid characters: {entry}")
    if entry.type == "TXT" and len(entry.content) > 1024:
        raise Problem(500, "Error setting Dns Entries")
    _check_host(entry)


def _check_host(entry: Entry) -> None:
    if entry.type == "MX" and not re.fullmatch(r"[0-9]{1,5} \S+", entry.content):
        raise Problem(406, f'the content of an MX record must be in the format "priority target": {entry}')
    if entry.type in {"MX", "CNAME"}:
        host = entry.content.split()[-1]
        if not host.strip(".") or (host != "@" and not host.endswith(".")):
            raise Problem(
                406,
                "A hostname for a CNAME, NS, MX or SRV record was not found (external hostnames need a "
                f'trailing dot, eg. "example.com."): {entry}',
            )
