"""How updates are signed, from the settings and the Secret of the rfc2136 provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mailseal.dnsio.endpoint import is_address
from mailseal.dnsio.tsig import InvalidKey, TsigKey, algorithm_of, make_key
from mailseal.providers.base import InvalidConfiguration
from mailseal.providers.rfc2136.gss import KerberosLogin

SECRET_KEY: Final = "tsig-secret"  # noqa: S105 - the name of the Secret's key
KEYTAB_KEY: Final = "keytab"
DEFAULT_ALGORITHM: Final = "hmac-sha256"
GSS_ALGORITHM: Final = "gss-tsig"


def is_gss(settings: Mapping[str, object]) -> bool:
    """True where updates are signed by Kerberos."""
    return str(settings.get("tsigAlgorithm") or "").strip().lower() == GSS_ALGORITHM


def parse_login(settings: Mapping[str, object], credentials: Mapping[str, bytes], host: str) -> KerberosLogin:
    """As whom to sign by Kerberos. Raises `InvalidConfiguration` with the name of what is wrong."""
    principal, server_name = settings.get("gssPrincipal"), settings.get("gssServerName") or host
    if not isinstance(principal, str) or "@" not in principal:
        raise InvalidConfiguration("gssPrincipal is missing: give it with its realm, as in mailseal@ZORG.NL")
    if is_address(str(server_name)):
        raise InvalidConfiguration(
            "gssServerName is missing, since server is an IP address: give the host name in the server's "
            "principal DNS/<host name>"
        )
    if settings.get("tsigKeyName") is not None:
        raise InvalidConfiguration(
            "tsigKeyName is for shared secrets: remove it, or choose another tsigAlgorithm"
        )
    if not credentials.get(KEYTAB_KEY):
        raise InvalidConfiguration(
            f"the Secret of credentialsSecretRef has no key {KEYTAB_KEY!r} with the keytab of {principal}"
        )
    return KerberosLogin(principal, str(server_name), credentials[KEYTAB_KEY])


def parse_key(settings: Mapping[str, object], credentials: Mapping[str, bytes]) -> TsigKey | None:
    """The key with a shared secret; None where updates are not signed. Raises `InvalidConfiguration`."""
    name = settings.get("tsigKeyName")
    algorithm = str(settings.get("tsigAlgorithm") or DEFAULT_ALGORITHM)
    if name is None:
        if SECRET_KEY in credentials:
            raise InvalidConfiguration(
                "tsigKeyName is missing, although there is a Secret: name the key that it holds"
            )
        return None
    if not isinstance(name, str) or not name.strip():
        raise InvalidConfiguration("tsigKeyName must be a non-empty text")
    try:
        algorithm_of(algorithm)
    except InvalidKey as error:
        raise InvalidConfiguration(f"tsigAlgorithm: {error}") from None
    if SECRET_KEY not in credentials:
        raise InvalidConfiguration(
            f"the Secret of credentialsSecretRef has no key {SECRET_KEY!r} for TSIG key {name}"
        )
    try:
        return make_key(name, credentials[SECRET_KEY], algorithm)
    except InvalidKey as error:
        raise InvalidConfiguration(f"TSIG key {name}, {SECRET_KEY!r} in the Secret: {error}") from None
