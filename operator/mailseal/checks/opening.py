"""The tools of a run, opened together and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from mailseal.checks.https.fetcher import open_fetcher
from mailseal.checks.resolving import open_resolver
from mailseal.checks.settings import CheckSettings
from mailseal.checks.smtp.prober import open_prober
from mailseal.checks.tools import Tools


class InvalidSettings(ValueError):
    """The settings name something that cannot be used. The message says what."""


@asynccontextmanager
async def open_tools(settings: CheckSettings, now: datetime) -> AsyncIterator[Tools]:
    """The tools of one run at `now`. Raises `InvalidSettings`."""
    async with AsyncExitStack() as stack:
        try:
            resolver = await stack.enter_async_context(open_resolver(settings, now))
            smtp = await stack.enter_async_context(open_prober(settings, resolver))
            policies = await stack.enter_async_context(open_fetcher(settings, resolver))
        except (ValueError, OSError) as error:
            raise InvalidSettings(str(error)) from error
        yield Tools(resolver, smtp, policies, now)
