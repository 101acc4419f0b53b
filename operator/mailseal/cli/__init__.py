"""The command line: the operator itself, and the same core without a cluster."""

from mailseal.cli.app import main

__all__ = ["main"]
