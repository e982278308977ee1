"""What is answered in NCMEC's form: a code, a sentence, and the report's number. Pure.

The HTTP status is 200 wherever the code says what is wrong, because clients read the code from the body and some take any other
status for a broken line; 401 without a key that is known, 403 for one that may not, 500 where it is this house's fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

SUCCESS = 0
SERVER_ERROR, UPLOAD_FAILED = 1000, 1110
UNKNOWN_DOOR = 1210
NOT_KNOWN, NOT_ALLOWED = 2000, 3000
INVALID, INVALID_REPORT, MALFORMED_XML, MALFORMED_FILE = 4000, 4100, 4110, 4200
NO_REPORT, NO_FILE = 5001, 5002
RETRACTED, FINISHED = 5101, 5102
SENTENCES = {
    SUCCESS: "Success",
    SERVER_ERROR: "Server error: nothing was taken; send it again.",
    UPLOAD_FAILED: "The file could not be kept: send it again.",
    UNKNOWN_DOOR: "There is nothing at this address.",
    NOT_KNOWN: "Authentication required: the platform's key as the password.",
    NOT_ALLOWED: "This key may not do this.",
    INVALID: "Invalid request",
    INVALID_REPORT: "The report says nothing that can be followed.",
    MALFORMED_XML: "Malformed XML",
    MALFORMED_FILE: "Malformed file submittal",
    NO_REPORT: "There is no such report of this key.",
    NO_FILE: "There is no such file of this report.",
    RETRACTED: "This report was retracted already.",
    FINISHED: "This report was finished already.",
}


@dataclass(frozen=True)
class Answer:
    """sentence: in place of the code's own. files: of a finished report; then it is a reportDoneResponse, in which a sentence has
    no place but a comment's."""

    code: int
    report: int | None = None
    sentence: str = ""
    file: str = ""
    md5: str = ""
    files: tuple[str, ...] | None = None

    @property
    def status(self) -> int:
        if self.code == UNKNOWN_DOOR:
            return 404
        return {1: 500, 2: 401, 3: 403}.get(self.code // 1000, 200)

    def xml(self) -> bytes:
        root, lines = self._lines()
        body = "".join(f"    {each}\n" for each in lines)
        return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<{root}>\n{body}</{root}>\n'.encode()

    def _lines(self) -> tuple[str, list[str]]:
        code = _element("responseCode", str(self.code))
        sentence = self.sentence or SENTENCES[self.code]
        if self.files is not None:
            files = "".join(_element("fileId", each) for each in self.files)
            lines = [code, _element("reportId", str(self.report or 0)), f"<files>{files}</files>"]
            return "reportDoneResponse", lines + (
                [f"<!-- {_plain(sentence).replace('-', ' ')} -->"] if self.code else []
            )
        lines = [code, _element("responseDescription", sentence)]
        lines += [_element("reportId", str(self.report))] if self.report is not None else []
        lines += [_element("fileId", self.file)] if self.file else []
        return "reportResponse", lines + ([_element("hash", self.md5)] if self.md5 else [])


def success(score: int | None, missing: Iterable[tuple[str, str]]) -> str:
    """The sentence of a report or file that was taken: how complete it is, and what it lacks, the worst first.

    missing: (grade in words, why), in the order of their grades.
    """
    found: dict[str, list[str]] = {}
    for grade, why in missing:
        found.setdefault(grade, []).append(why.strip().rstrip("."))
    said = [f"{grade[0].upper()}{grade[1:]}: {'; '.join(dict.fromkeys(whys))}." for grade, whys in found.items()]
    return " ".join(["Success." if score is None else f"Success. Completeness {score} of 100.", *said])[:4_000]


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(_plain(text), quote=False)}</{name}>"


def _plain(text: str) -> str:
    """Without what XML 1.0 has no place for: it can come in from a sender's names."""
    plain = "".join(each if each >= " " and each not in "\ufffe\uffff" else " " for each in text)
    return plain.encode("utf-8", "replace").decode()
