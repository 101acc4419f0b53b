"""What kopf calls: each handler hands on to the controller and returns."""

from __future__ import annotations

from typing import Any

import kopf

from mailseal.domain.common import GROUP, VERSION
from mailseal.engine.dkimsecret import MANAGED_BY, MANAGER
from mailseal.engine.objectkey import ObjectKey
from mailseal.kube.controller import Controller
from mailseal.kube.objects import PLURALS
from mailseal.kube.settings import OperatorSettings


def registry_for(controller: Controller) -> kopf.OperatorRegistry:
    """The handlers of all kinds, bound to `controller`."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    async def login(**arguments: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_service_account(**arguments) or kopf.login_with_kubeconfig(**arguments)

    async def remember(body: kopf.Body, **_: Any) -> None:
        controller.remember(body)

    async def changed(event: kopf.RawEvent, body: kopf.Body, **_: Any) -> None:
        key = ObjectKey(body["kind"], body["metadata"].get("namespace", ""), body["metadata"]["name"])
        if event["type"] == "DELETED":
            controller.deleted(key, body["metadata"]["uid"])
        else:
            controller.changed(key)

    async def secret_changed(event: kopf.RawEvent, meta: kopf.Meta, **_: Any) -> None:
        controller.secret_changed(meta, exists=event["type"] != "DELETED")

    for plural in PLURALS.values():
        # Indices are filled before any handler runs, all kinds together: nothing is planned on half a list.
        kopf.index(GROUP, VERSION, plural, id=f"remember-{plural}", registry=registry)(remember)
        kopf.on.event(GROUP, VERSION, plural, id=f"changed-{plural}", registry=registry)(changed)
    kopf.on.event("", "v1", "secrets", registry=registry)(secret_changed)
    return registry


def kopf_settings(settings: OperatorSettings) -> kopf.OperatorSettings:
    """kopf as a plain watcher: no peering, no posting, no state of its own in the resources."""
    chosen = kopf.OperatorSettings()
    chosen.peering.standalone = True
    chosen.posting.enabled = False
    chosen.watching.chunk_size = 500
    chosen.watching.label_selectors["", "v1", "secrets"] = f"{MANAGED_BY}={MANAGER}"
    chosen.queueing.idle_timeout = 1.0
    chosen.scanning.disabled = bool(settings.watch_namespaces)
    return chosen
