"""The options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_OPERATOR_ID = "cli"
DEFAULT_OPERATOR_NAMESPACE = "mailseal-system"


class Output(StrEnum):
    """Who reads the output."""

    TEXT = "text"
    JSON = "json"


Files = Annotated[
    list[str],
    typer.Option(
        "--file",
        "-f",
        metavar="FILE|DIR",
        help="Manifests: a file, a directory, or - for standard input. Repeatable.",
    ),
]
OperatorId = Annotated[
    str,
    typer.Option(
        envvar="MAILSEAL_OPERATOR_ID",
        help="Marks in DNS which values are this command line's. Keep it the same from run to run.",
    ),
]
SecretsDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where further Secrets are, each in <namespace>.<name>.yaml; apply writes new keys there.",
    ),
]
OperatorNamespace = Annotated[str, typer.Option(help="The namespace of the Secrets of ClusterDnsProviders.")]
OutputFormat = Annotated[Output, typer.Option("--output", "-o", help="For people or for programs.")]
Delete = Annotated[
    bool,
    typer.Option("--delete", help="Treat the resources in the files as deleted: remove what is published."),
]
