"""A client for the platforms' door of an Amparo: reports, files, what is missing. No dependency, typed.

from amparo_client import Client

door = Client("https://reports.example.org", key)
answer = door.send({"text": "...", "accounts": [{"service": "Example Live", "identifier": "u-1001"}]})
for lack in answer.missing:
    print(lack.grade, lack.pointer, lack.why)
door.upload("item.bin", report=answer.id)
"""

from __future__ import annotations

from amparo_client.client import (
    Client,
    Completeness,
    Feedback,
    File,
    Key,
    Lack,
    Problem,
    Reported,
    Status,
    Supplemented,
    Unreachable,
)
from amparo_client.report import Report

__all__ = [
    "Client",
    "Completeness",
    "Feedback",
    "File",
    "Key",
    "Lack",
    "Problem",
    "Report",
    "Reported",
    "Status",
    "Supplemented",
    "Unreachable",
]
__version__ = "1.0.0"
