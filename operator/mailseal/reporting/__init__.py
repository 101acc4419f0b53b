"""The evidence report: what the checks found and what the cluster keeps, as one HTML file for an audit.

Everything here is pure; the template and the style sheet are data of the package.
"""

from mailseal.reporting.build import build_report
from mailseal.reporting.model import Report, ReportHead
from mailseal.reporting.render import render_report, stream_report
from mailseal.reporting.resources import Resources, read_bodies

__all__ = [
    "Report",
    "ReportHead",
    "Resources",
    "build_report",
    "read_bodies",
    "render_report",
    "stream_report",
]
