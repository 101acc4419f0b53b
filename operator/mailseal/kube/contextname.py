"""How the kubeconfig calls the cluster that commands talk to."""

from __future__ import annotations

from kubernetes.aio.config import kube_config
from kubernetes.aio.config.config_exception import ConfigException


def context_name() -> str:
    """The name of the current context; empty within a pod and where there is no kubeconfig."""
    try:
        _, current = kube_config.list_kube_config_contexts()  # type: ignore[no-untyped-call]
    except (ConfigException, OSError):
        return ""
    name = current.get("name") if isinstance(current, dict) else None
    return name if isinstance(name, str) else ""
