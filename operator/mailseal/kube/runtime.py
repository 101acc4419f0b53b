"""What the parts of the operator share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mailseal.kube.api import KubeApi
from mailseal.kube.dkim_secrets import DkimSecrets
from mailseal.kube.providers import ProviderPool
from mailseal.kube.reporter import Reporter
from mailseal.kube.settings import OperatorSettings
from mailseal.kube.store import Store


@dataclass(frozen=True, slots=True)
class Runtime:
    """One operator's settings, what it knows, and its ways to the outside."""

    settings: OperatorSettings
    operator_id: str
    clock: Callable[[], datetime]
    api: KubeApi
    store: Store
    pool: ProviderPool
    secrets: DkimSecrets
    reporter: Reporter
