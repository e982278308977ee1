"""The tables of the report line, by what they serve."""

from __future__ import annotations

from amparo.intake.models.arrivals import Arrival, ArrivalState, Month, SealedIdentity, Sender, SenderDrift, SenderMonth
from amparo.intake.models.bundles import Bundle, BundleLink, BundleTrace, FoldKey, FoldLook
from amparo.intake.models.care import AddressOrder, FieldsAsked, IdentityRequest, IpEvent, StatedTime
from amparo.intake.models.doors import ArrivedMail, Batch, BatchRow, RelayAddress, ReporterMailbox, TalkMessage
from amparo.intake.models.platforms import ApiAnswer, ApiKey, ApiReport, ApiUpload, CyberTip, CyberTipFile
from amparo.intake.models.reports import (
    Duty,
    Notice,
    Ranking,
    Report,
    ReportState,
    RuleTrial,
    RuleVersion,
    SecondLook,
    Trace,
    WorkItem,
)

__all__ = [
    "AddressOrder",
    "ApiAnswer",
    "ApiKey",
    "ApiReport",
    "ApiUpload",
    "Arrival",
    "ArrivalState",
    "ArrivedMail",
    "Batch",
    "BatchRow",
    "Bundle",
    "BundleLink",
    "BundleTrace",
    "CyberTip",
    "CyberTipFile",
    "Duty",
    "FieldsAsked",
    "FoldKey",
    "FoldLook",
    "IdentityRequest",
    "IpEvent",
    "Month",
    "Notice",
    "Ranking",
    "RelayAddress",
    "Report",
    "ReportState",
    "ReporterMailbox",
    "RuleTrial",
    "RuleVersion",
    "SealedIdentity",
    "SecondLook",
    "Sender",
    "SenderDrift",
    "SenderMonth",
    "StatedTime",
    "TalkMessage",
    "Trace",
    "WorkItem",
]
