"""handling.json: what the receiver may do with the package, for a program to obey."""

from __future__ import annotations

import json

from amparo.exchange.formats.contents import PackageContents
from amparo.foundation import clock

FORMAT = "amparo-handling/1"


def handling_json(contents: PackageContents) -> bytes:
    """UTF-8 JSON with sorted keys. Codes are Europol's (H0 to H3) and 4x4; they bind every file of the package."""
    document = {
        "format": FORMAT,
        "package": {
            "reference": contents.reference,
            "version": contents.version,
            "made_at": clock.as_text(contents.made_at),
        },
        "handling": [
            {"scheme": "europol-handling", "code": each.code, **({"text": each.text} if each.text else {})}
            for each in contents.handling
        ],
        "evaluation": {
            "scheme": "europol-4x4",
            "source": contents.evaluation.source,
            "information": contents.evaluation.information,
        },
        "legal_basis": contents.legal_basis,
        "limits_of_use": contents.limits_of_use,
        "addressee": {"country": contents.addressee.country, "authority": contents.addressee.authority},
        "answer_by": clock.as_text(contents.answer_by) if contents.answer_by else None,
        "reply_to": contents.reply_to,
    }
    return (json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode("utf-8")
