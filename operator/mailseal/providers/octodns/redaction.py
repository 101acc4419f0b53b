"""Keeping a provider's secrets out of messages and of octoDNS's log. Pure but for the loggers."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, quote_plus

HIDDEN: Final = "***"
_LONGEST_TEXT: Final = 300
_NOISY: Final = ("Plan", "Record", "Zone", "urllib3")
"""Loggers of octoDNS itself, which warn at each read of records that are not to its taste, and of the HTTP
library of most of its providers, which shows whole addresses with the secrets that some have in them."""


class Redactor:
    """Takes secrets out of texts, however they are encoded there."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)

    def plain(self, text: str) -> str:
        """`text` without secrets."""
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return text

    def shown(self, text: str) -> str:
        """`text` without secrets and control characters, on one line of bounded length."""
        line = " ".join("".join(sign if sign.isprintable() else " " for sign in self.plain(text)).split())
        return line if len(line) <= _LONGEST_TEXT else f"{line[:_LONGEST_TEXT]}…"


class RedactingFilter(logging.Filter):
    """Lets only warnings and errors of a logger pass, without secrets and tracebacks."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """See `logging.Filter`."""
        if record.levelno < logging.WARNING:
            return False
        record.msg, record.args = self._redactor.plain(record.getMessage()), None
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def guard_logger(logger: logging.Logger, redactor: Redactor) -> None:
    """Let the logger of one provider show no secrets of `redactor`; once for each."""
    logger.filters = [each for each in logger.filters if not isinstance(each, RedactingFilter)]
    logger.addFilter(RedactingFilter(redactor))


def quiet_octodns() -> None:
    """Let octoDNS itself, and its HTTP library, log errors only."""
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)


def _forms(secret: str) -> Iterable[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield b64encode(secret.encode()).decode()
