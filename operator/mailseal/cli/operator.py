"""`mailseal operator`: keep the resources of a cluster."""

from __future__ import annotations

import asyncio
import logging
import signal
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from mailseal.checks.settings import CheckSettings
from mailseal.cli import operatorchecks as options
from mailseal.cli import operatortenancy as tenancy
from mailseal.cli.logs import LogFormat, set_up_logging

if TYPE_CHECKING:
    from mailseal.kube.settings import OperatorSettings

logger = logging.getLogger("mailseal")


def operator(  # noqa: PLR0913 - one argument for each option
    operator_id: Annotated[
        str,
        typer.Option(
            envvar="MAILSEAL_OPERATOR_ID", help="Marks our values in DNS. Default: the cluster's id."
        ),
    ] = "",
    heritage: Annotated[
        bool, typer.Option(help="Publish _mailseal.<domain> records that tell what is ours.")
    ] = True,
    resync_seconds: Annotated[
        int, typer.Option(min=5, help="How often every record is looked up again.")
    ] = 600,
    verify_seconds: Annotated[
        float, typer.Option(min=0.1, help="How long a sync waits for all servers before it says Propagating.")
    ] = 3.0,
    resolver: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS[:PORT]",
            help="Resolver for what other name servers answer, such as a vendor's, and for the checks. "
            "Repeatable. Default: the system's.",
        ),
    ] = None,
    watch_namespace: Annotated[
        list[str] | None, typer.Option(help="Serve this namespace only. Repeatable.")
    ] = None,
    leader_election: Annotated[bool, typer.Option(help="Work only while holding the Lease.")] = True,
    lease_namespace: Annotated[
        str,
        typer.Option(
            envvar="POD_NAMESPACE", help="The operator's namespace: its Lease, cluster-wide Secrets."
        ),
    ] = "mailseal-system",
    lease_name: Annotated[str, typer.Option(help="Name of the Lease.")] = "mailseal",
    lease_seconds: Annotated[int, typer.Option(min=7, help="How long a silent leader is believed in.")] = 15,
    identity: Annotated[str, typer.Option(envvar="POD_NAME", help="This process' name in the Lease.")] = "",
    listen: Annotated[
        str, typer.Option(help="Address and port of /metrics, /healthz, /readyz.")
    ] = "127.0.0.1:8080",
    checks: options.Enabled = True,
    check_interval: options.Interval = "6h",
    check_concurrency: options.DomainsAtOnce = 16,
    check_domain_seconds: options.DomainSeconds = 60.0,
    trust_anchor: options.TrustAnchors = None,
    check_ca_file: options.CaFiles = None,
    check_allow_private: options.AllowPrivate = False,
    check_smtp_port: options.SmtpPort = 25,
    check_https_port: options.HttpsPort = 443,
    check_helo_name: options.HeloName = "",
    namespaced_ambient_credentials: tenancy.AmbientCredentials = False,
    namespaced_provider_network: tenancy.OpenNetworks = None,
    namespaced_provider_closed_network: tenancy.ClosedNetworks = None,
    log_format: Annotated[LogFormat, typer.Option(help="How to log.")] = LogFormat.TEXT,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
) -> None:
    """Run the operator until it is told to stop."""
    # Here, since the clients of Kubernetes take longer to load than the other commands to run.
    from mailseal.kube.settings import OperatorSettings, TenancySettings, WatchSettings
    from mailseal.observing.resolving import resolver_at

    set_up_logging(log_format, verbose=verbose)
    host, _, port = listen.rpartition(":")
    if not port.isdigit():
        raise typer.BadParameter(f"{listen!r} is not address:port", param_hint="--listen")
    try:
        resolver_at(resolver or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--resolver") from None
    watch = WatchSettings(
        enabled=checks,
        interval=options.interval_of(check_interval),
        domains_at_once=check_concurrency,
        run=CheckSettings(
            resolvers=tuple(resolver or ()),
            trust_anchors=tuple(trust_anchor or ()),
            certificate_authorities=tuple(str(path) for path in check_ca_file or ()),
            allow_private=check_allow_private,
            smtp_port=check_smtp_port,
            https_port=check_https_port,
            helo_name=check_helo_name,
            domain_within=timedelta(seconds=check_domain_seconds),
        ),
    )
    if checks:
        options.ensure_usable(watch.run)
    settings = OperatorSettings(
        operator_id=operator_id,
        heritage=heritage,
        resync=timedelta(seconds=resync_seconds),
        verify_within=timedelta(seconds=verify_seconds),
        resolvers=tuple(resolver or ()),
        watch_namespaces=tuple(watch_namespace or ()),
        leader_election=leader_election,
        lease_namespace=lease_namespace,
        lease_name=lease_name,
        lease_duration=timedelta(seconds=lease_seconds),
        identity=identity,
        listen_host=host or "127.0.0.1",
        listen_port=int(port),
        checks=watch,
        tenancy=TenancySettings(
            ambient_credentials=namespaced_ambient_credentials,
            open_networks=tenancy.open_networks(namespaced_provider_network),
            closed_networks=tenancy.closed_networks(namespaced_provider_closed_network),
        ),
    )
    _run_to_the_end(settings)


def _run_to_the_end(settings: OperatorSettings) -> None:
    from mailseal.kube.api import ApiError
    from mailseal.kube.leader import LeadershipLost
    from mailseal.kube.operator import NoCluster

    try:
        asyncio.run(_run(settings))
    except (ApiError, LeadershipLost, NoCluster, OSError) as error:
        logger.error("%s", error)  # noqa: TRY400 - a traceback would not help the user
        raise typer.Exit(1) from None


async def _run(settings: OperatorSettings) -> None:
    from mailseal.kube.operator import run_operator

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def listen() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)

    await run_operator(settings, stop, listen)
