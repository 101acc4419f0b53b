"""The operator process: metrics, leadership, and the work of the leader."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any

import kopf
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient
from kubernetes.aio.config.config_exception import ConfigException
from prometheus_client import REGISTRY

from mailseal.kube.api import KubeApi
from mailseal.kube.controller import Controller, utc_now
from mailseal.kube.gauges import StatusCollector
from mailseal.kube.handlers import kopf_settings, registry_for
from mailseal.kube.httpserver import serving
from mailseal.kube.leader import LeaseTerms, lead
from mailseal.kube.settings import OperatorSettings
from mailseal.kube.store import Store

CLUSTER_ID_CHARACTERS = 8

logger = logging.getLogger(__name__)


class NoCluster(Exception):
    """There is no Kubernetes configuration to use."""


async def run_operator(
    settings: OperatorSettings, stop: asyncio.Event, clock: Callable[[], datetime] = utc_now
) -> None:
    """Run until `stop` is set.

    Raises `LeadershipLost`, `NoCluster`, `ApiError`, `OSError`.
    """
    await _load_config()
    store = Store()
    collector = StatusCollector(store)
    REGISTRY.register(collector)
    started = asyncio.Event()
    try:
        async with ApiClient() as client, serving(settings, REGISTRY, started.is_set):
            api = KubeApi(client)
            operator_id = settings.operator_id or (await api.cluster_id())[:CLUSTER_ID_CHARACTERS]
            started.set()
            logger.info("operator id %s", operator_id)
            await _until(stop, _lead(api, settings, operator_id, store, clock))
    finally:
        REGISTRY.unregister(collector)


async def _load_config() -> None:
    try:
        await config.load_config()  # type: ignore[no-untyped-call]
    except (ConfigException, OSError) as error:
        raise NoCluster(
            f"no Kubernetes configuration ({error}): run in a cluster, or set KUBECONFIG to a file"
        ) from error


async def _lead(
    api: KubeApi,
    settings: OperatorSettings,
    operator_id: str,
    store: Store,
    clock: Callable[[], datetime],
) -> None:
    async def work() -> None:
        await _work(Controller(api, settings, operator_id, store, clock), settings)

    if not settings.leader_election:
        await work()
        return
    identity = settings.identity or f"{socket.gethostname()}-{os.getpid()}"
    terms = LeaseTerms(settings.lease_namespace, settings.lease_name, identity, settings.lease_duration)
    await lead(api, terms, work)


async def _work(controller: Controller, settings: OperatorSettings) -> None:
    """Watch and work until cancelled or until one of both fails."""
    stop_flag = asyncio.Event()
    watching = kopf.operator(
        registry=registry_for(controller),
        settings=kopf_settings(settings),
        standalone=True,
        clusterwide=not settings.watch_namespaces,
        namespaces=list(settings.watch_namespaces),
        stop_flag=stop_flag,
    )
    tasks = [
        asyncio.create_task(watching, name="kopf"),
        asyncio.create_task(controller.run(), name="controller"),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop_flag.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Await `work`, or cancel it when `stop` is set."""
    running = asyncio.create_task(work, name="operator")
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not running.done():
        running.cancel()
    with suppress(asyncio.CancelledError):
        await running
