"""The part of the Cloudflare API that DNS tools use, on 127.0.0.1, as its documentation describes it.

Pages: https://developers.cloudflare.com/api/resources/zones/methods/list/ and
…/api/resources/dns/subresources/records/methods/list/ (parameters, paging), …/methods/batch/ with
https://developers.cloudflare.com/dns/manage-dns-records/how-to/batch-record-changes/ (order, limits, one
transaction), https://developers.cloudflare.com/dns/manage-dns-records/reference/dns-record-types/ (4,096
bytes for a record, 8,192 characters for a name and type), …/reference/ttl/, and
https://developers.cloudflare.com/fundamentals/api/reference/limits/ (429 with Retry-After). Error codes are
those that users report.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

BASE = "/client/v4"
MOST_ZONES_PER_PAGE = 50
MOST_OPERATIONS = 200
_QUOTED = re.compile(r'"((?:[^"\\]|\\[0-9]{3}|\\[^0-9])*)"\s*', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9]{3})|(.))", re.DOTALL)
_WRITABLE = {"name", "type", "content", "ttl", "priority", "proxied", "comment", "tags", "settings"}
_ADDRESS_TYPES = {"A", "AAAA", "CNAME"}


class Problem(Exception):
    """An error answer."""

    def __init__(self, status: int, code: int, message: str, chain: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"code": code, "message": message}
        if chain:
            self.error["error_chain"] = [{"code": chain, "message": message}]


@dataclass
class Zone:
    """One zone of an account."""

    identifier: str
    name: str
    account: str
    status: str = "active"
    type: str = "full"
    records: list[dict[str, Any]] = field(default_factory=list)
    version: int = 0


@dataclass(frozen=True)
class Fault:
    """What happens to a request instead of a good answer."""

    status: int = 0
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    delay_seconds: float = 0.0
    cut: str = ""
    """`before` or `after` the request is carried out the connection ends without an answer."""
    only: str = ""
    """For requests of this method only."""


class CloudflareServer:
    """The API with its accounts; use it as a context manager or `close` it."""

    def __init__(self) -> None:
        self.zones: dict[str, Zone] = {}
        self.tokens: dict[str, set[str]] = {}
        """What each token may do: `zone:read`, `dns:read`, `dns:edit`."""
        self.faults: deque[Fault] = deque()
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self._identifiers = itertools.count(1)
        self._lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}{BASE}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add_token(self, token: str, *rights: str) -> str:
        self.tokens[token] = set(rights) or {"zone:read", "dns:read", "dns:edit"}
        return token

    def add_zone(self, name: str, account: str = "a" * 32, **fields: str) -> Zone:
        zone = Zone(self.new_id(), name, account, **fields)
        with self._lock:
            self.zones[zone.identifier] = zone
        return zone

    def zone(self, name: str) -> Zone:
        return next(zone for zone in self.zones.values() if zone.name == name)

    def put(self, zone: Zone, **fields: Any) -> dict[str, Any]:
        """Store a record as it is, such as one of the time before contents were quoted."""
        record = {
            "id": self.new_id(),
            "proxied": False,
            "comment": None,
            "tags": [],
            "settings": {},
            **fields,
        }
        with self._lock:
            zone.records.append(record)
            zone.version += 1
        return record

    def remove(self, zone: Zone, name: str, type_name: str) -> None:
        with self._lock:
            zone.records = [
                record for record in zone.records if (record["name"], record["type"]) != (name, type_name)
            ]
            zone.version += 1

    def new_id(self) -> str:
        return f"{next(self._identifiers):032x}"

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        """The status and the body of a good or an error answer."""
        parts = urlsplit(target)
        with self._lock:
            try:
                rights = self._rights(headers)
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                return 200, self._route(method, parts.path.removeprefix(BASE), query, body, rights)
            except Problem as problem:
                errors = [problem.error]
                return problem.status, {"success": False, "errors": errors, "messages": [], "result": None}

    def _rights(self, headers: dict[str, str]) -> set[str]:
        if any(name.startswith("x-auth-") for name in headers):
            raise Problem(400, 6003, "Invalid request headers", 6103)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or len(token) < 20:
            raise Problem(400, 6003, "Invalid request headers", 6111)
        if token not in self.tokens:
            raise Problem(401, 1000, "Invalid API Token")
        return self.tokens[token]

    def _route(
        self, method: str, path: str, query: dict[str, str], body: bytes, rights: set[str]
    ) -> dict[str, Any]:
        if (method, path) == ("GET", "/zones"):
            return self._list_zones(query, rights)
        found = re.fullmatch(r"/zones/([0-9a-f]{32})/dns_records(/batch)?", path)
        if found is None:
            raise Problem(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")
        zone = self.zones.get(found[1])
        if zone is None:
            raise Problem(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")
        if (method, found[2]) == ("GET", None):
            _require(rights, "dns:read")
            return _page(zone.records, query, {"page", "per_page"}, 5_000_000, 100)
        if (method, found[2]) == ("POST", "/batch"):
            _require(rights, "dns:edit")
            return self._batch(zone, _json(body))
        raise Problem(405, 10405, "Method not allowed for this authentication scheme")

    def _list_zones(self, query: dict[str, str], rights: set[str]) -> dict[str, Any]:
        zones = [
            {"id": each.identifier, "name": each.name, "status": each.status, "type": each.type,
             "account": {"id": each.account, "name": "An account"}}
            for each in self.zones.values()
            if query.get("name", each.name) == each.name
            and query.get("account.id", each.account) == each.account
        ]  # fmt: skip
        visible = zones if "zone:read" in rights else []
        return _page(visible, query, {"page", "per_page", "name", "account.id"}, MOST_ZONES_PER_PAGE, 20)

    def _batch(self, zone: Zone, body: Any) -> dict[str, Any]:
        if zone.type == "secondary":
            raise Problem(400, 1000, "DNS records of a secondary zone cannot be changed")
        if not isinstance(body, dict) or not set(body) <= {"deletes", "patches", "puts", "posts"}:
            raise Problem(400, 9207, "Request body is invalid")
        if sum(map(len, body.values())) > MOST_OPERATIONS:
            raise Problem(400, 9303, f"A batch may have at most {MOST_OPERATIONS} operations")
        records = [dict(record) for record in zone.records]
        deleted = [_take(records, each) for each in body.get("deletes", ())]
        patched = []
        for each in body.get("patches", ()):
            old = _take(records, each)
            patched.append(_added(records, {**old, **_fields(each, {"id"})}))
        posted = []
        for each in body.get("posts", ()):
            fields = _fields(each, set())
            if not {"name", "type", "content", "ttl"} <= set(fields):
                raise Problem(400, 9207, "Request body is invalid: a field is missing")
            new = {
                "id": self.new_id(),
                "proxied": False,
                "comment": None,
                "tags": [],
                "settings": {},
                **fields,
            }
            posted.append(_added(records, new))
        zone.records = records
        zone.version += 1
        result = {"deletes": deleted, "patches": patched, "puts": [], "posts": posted}
        return {"success": True, "errors": [], "messages": [], "result": result}


def strings_of(content: str) -> list[bytes]:
    """The character-strings that a TXT record's content stands for when it is served."""
    if not content.startswith('"'):
        raw = [content.encode()]
    else:
        raw = [_unescaped(string) for string in _split(content)]
    return [piece for string in raw for piece in _chunks(string)]


def content_of(strings: list[bytes]) -> str:
    """The quoted content of character-strings."""
    return " ".join(f'"{"".join(map(_escaped, string))}"' for string in strings)


def _split(content: str) -> Iterator[str]:
    position = 0
    while position < len(content):
        found = _QUOTED.match(content, position)
        if found is None:
            raise Problem(400, 1004, "DNS Validation Error", 9000)
        yield found[1]
        position = found.end()


def _unescaped(string: str) -> bytes:
    parts, position = [], 0
    for found in _ESCAPE.finditer(string):
        parts += [string[position : found.start()].encode()]
        parts += [bytes([int(found[1])]) if found[1] else found[2].encode()]
        position = found.end()
    return b"".join([*parts, string[position:].encode()])


def _escaped(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{chr(byte)}"
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03d}"


def _chunks(string: bytes) -> list[bytes]:
    return [string[start : start + 255] for start in range(0, len(string), 255)] or [b""]


def _require(rights: set[str], right: str) -> None:
    if right not in rights:
        raise Problem(403, 10000, "Authentication error")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise Problem(400, 9207, "Request body is invalid") from None


def _page(
    entries: list[dict[str, Any]], query: dict[str, str], known: set[str], most: int, usual: int
) -> dict[str, Any]:
    if not set(query) <= known:
        raise Problem(400, 6007, f"Unknown parameters: {sorted(set(query) - known)}")
    number, size = int(query.get("page", 1)), int(query.get("per_page", usual))
    if number < 1 or not 1 <= size <= most:
        raise Problem(400, 6007, "Malformed page or per_page")
    shown = entries[(number - 1) * size : number * size]
    info = {"page": number, "per_page": size, "count": len(shown), "total_count": len(entries),
            "total_pages": -(-len(entries) // size)}  # fmt: skip
    return {"success": True, "errors": [], "messages": [], "result": shown, "result_info": info}


def _take(records: list[dict[str, Any]], each: dict[str, Any]) -> dict[str, Any]:
    found = next((record for record in records if record["id"] == each.get("id")), None)
    if found is None:
        raise Problem(400, 81044, "Record does not exist.")
    records.remove(found)
    return found


def _fields(each: dict[str, Any], besides: set[str]) -> dict[str, Any]:
    unknown = set(each) - _WRITABLE - besides
    if unknown:
        raise Problem(400, 9207, f"Request body is invalid: {sorted(unknown)}")
    return {name: value for name, value in each.items() if name in _WRITABLE}


def _added(records: list[dict[str, Any]], record: dict[str, Any]) -> dict[str, Any]:
    record = {**record, "name": record["name"].lower(), "content": _normal(record)}
    if record["ttl"] != 1 and not 60 <= record["ttl"] <= 86400:
        message = "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic."
        raise Problem(400, 1004, message, 9021)
    others = [other for other in records if other["name"] == record["name"]]
    for other in others:
        if (other["type"], other["content"]) == (record["type"], record["content"]):
            raise Problem(400, 81058, "An identical record already exists.")
        if other["type"] == "CNAME" and record["type"] in _ADDRESS_TYPES:
            raise Problem(400, 81054, "A CNAME record with that host already exists.")
        if other["type"] in _ADDRESS_TYPES and record["type"] == "CNAME":
            raise Problem(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
    same = [record, *(other for other in others if other["type"] == record["type"])]
    if record["type"] == "TXT" and sum(len(b"".join(strings_of(each["content"]))) for each in same) > 8192:
        raise Problem(400, 1004, "The combined content of these TXT records exceeds 8192 characters.", 9207)
    records.append(record)
    return record


def _normal(record: dict[str, Any]) -> str:
    content = record["content"]
    if not isinstance(content, str) or not content:
        raise Problem(400, 1004, "DNS Validation Error", 9207)
    if record["type"] != "TXT":
        return content.lower() if content == "." else content.lower().removesuffix(".")
    strings = strings_of(content)
    if not all(strings) or sum(len(string) + 1 for string in strings) > 4096:
        raise Problem(400, 1004, "Content for TXT record is invalid.", 9207)
    return content_of(strings)


def _handler(api: CloudflareServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Quiet."""

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            api.requests.append((self.command, self.path))
            api.headers.append(headers)
            fault = self._fault()
            time.sleep(fault.delay_seconds)
            if fault.cut != "before" and not fault.status:
                status, answer = api.answer(self.command, self.path, headers, body)
                content = json.dumps(answer).encode()
            else:
                status, content = fault.status, fault.body
            if fault.cut:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in (("Content-Type", "application/json"), *fault.headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _fault(self) -> Fault:
            if api.faults and api.faults[0].only in {"", self.command}:
                return api.faults.popleft()
            return Fault()

    return Handler
