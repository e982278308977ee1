"""A mail, read as far as it can be: its text, its headers as written, its attachments, and what was wrong with it.

Cutting it into parts is mail_parts.py's business, its headers mail_headers.py's; what a part holds is read here, or by the module
for it (winmail.dat, uuencode, a calendar, a signed envelope). Whatever can't be read is an attachment with a defect.

Encrypted parts are handed on as blobs of the role "sealed": no key ever comes in here.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from amparo.sandbox.inside import charsets, cms, mail_headers, mail_parts, tnef, uuencode
from amparo.sandbox.inside.calendar_part import text_of_calendar
from amparo.sandbox.inside.charsets import lettered
from amparo.sandbox.inside.forwarded import Forwarded, forwarded_in
from amparo.sandbox.inside.frames import Facts, Sink
from amparo.sandbox.inside.language import language_of
from amparo.sandbox.inside.mail_headers import Headers, addresses, plain_name
from amparo.sandbox.inside.mail_parts import Cut, Part, cut
from amparo.sandbox.inside.mail_texts import Texts, cleartext_of, flowed
from amparo.sandbox.inside.markup import charset_of_html, text_of_html
from amparo.sandbox.inside.rtf import text_of_rtf
from amparo.sandbox.inside.transfer import decoded

TEXT_CHARACTERS = 1_000_000
DEFECTS = 50
FORWARDED_DEPTH = 3
FORWARDED_MAILS = 20
PACKED_DEPTH = 3

_TEXTS = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown"})
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
_CMS = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_MAILS = frozenset({"message/rfc822", "message/global", "message/news"})
_TEXT_BYTES = bytes(code for code in range(256) if code >= 32 or code in b"\t\n\r\f\x1b")
_ENDINGS = {
    "message/delivery-status": "delivery-status.txt",
    "message/disposition-notification": "disposition-notification.txt",
    "text/rfc822-headers": "headers.txt",
    "application/octet-stream": "bin",
    "text/plain": "txt",
    "image/jpeg": "jpg",
    "image/svg+xml": "svg",
}
_STATUS = re.compile(
    rb"^(Action|Status)[ \t]*:[ \t]*([A-Za-z]{1,20}|[245]\.\d{1,3}\.\d{1,3})\b", re.IGNORECASE | re.MULTILINE
)


# What was read otherwise than the mail says: worth knowing, and nothing that a person has to look at.
_REMARKS = frozenset(
    {
        charsets.MISLABELLED,
        charsets.GUESSED,
        mail_headers.ODD_LINE,
        mail_headers.NO_SEPARATOR,
        mail_parts.GUESSED,
    }
)


@dataclass
class _Reading:
    sink: Sink
    texts: Texts = field(default_factory=Texts)
    defects: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    attachments: int = 0
    sealed: int = 0
    delivery: list[dict[str, str]] = field(default_factory=list)
    forwarded: list[Forwarded] = field(default_factory=list)
    signed: str = ""
    mails: int = 0

    def defect(self, sentence: str) -> None:
        kept = self.remarks if sentence in _REMARKS else self.defects
        if sentence and sentence not in kept and len(kept) < DEFECTS:
            kept.append(sentence)

    def attach(self, name: str, media_type: str, disposition: str, body: bytes, role: str = "attachment") -> None:
        self.sink.begin(name=name, type=media_type[:100], disposition=disposition, role=role)
        self.sink.write(body)
        if role == "attachment":
            self.attachments += 1
        else:
            self.sealed += 1


def warm() -> None:
    """Afterwards every lazily loaded piece of the reader is loaded."""
    charsets.warm()
    email.utils.getaddresses(["a <a@example.org>"])
    read(b"Subject: =?utf-8?B?w4E=?=\r\nContent-Type: text/html\r\n\r\n<p>a&amp;b</p>\r\n", {}, _Nowhere())


class _Nowhere:
    def begin(self, **about: object) -> None: ...
    def write(self, chunk: bytes) -> None: ...
    def void(self) -> None: ...


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """The mail's text and headers as facts; each attachment a blob with `name`, `type`, `disposition`, `role`."""
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")  # a Mac of the last century
    reading = _Reading(sink)
    headers = _take_mail(data, reading, 0)
    recipients, sentence = addresses(headers, "to", "cc")
    reading.defect(sentence)
    for name in ("subject", "from", "date", "content-type"):
        if headers.count(name) > 1:
            reading.remarks.append(f"It has more than one {name.capitalize()} line; the first is shown.")
    reading.forwarded += forwarded_in(reading.texts.own())
    text, source, whole = reading.texts.joined(TEXT_CHARACTERS)
    if whole:
        reading.defect("Its text is very long; it is kept whole as an attachment and shown cut.")
        reading.attach("text.txt", "text/plain", "inline", whole.encode("utf-8", "replace"))
    return {
        "subject": headers.text("subject"),
        "date_raw": headers.text("date"),
        "sender_raw": headers.text("from"),
        "reply_to_raw": headers.text("reply-to"),
        "message_id": headers.text("message-id"),
        "recipients": recipients,
        "text": text,
        "text_source": source,
        "language": language_of(text),
        "attachments": reading.attachments,
        "sealed": reading.sealed,
        "signed": reading.signed,
        "alternatives": reading.texts.alternatives,
        "delivery": reading.delivery[:20],
        "forwarded": [_claim(each) for each in reading.forwarded[:20]],
        "defects": reading.defects,
        "remarks": reading.remarks,
    }


def _claim(each: Forwarded) -> dict[str, str]:
    return {
        "sender_raw": each.sender_raw,
        "date_raw": each.date_raw,
        "recipients_raw": each.recipients_raw,
        "subject": each.subject,
    }


def _take_mail(data: bytes, reading: _Reading, depth: int) -> Headers:
    """Reads the mail's parts; in one that came within another (`depth` above 0) its words alone."""
    found = cut(data)
    for sentence in found.defects:
        reading.defect(sentence)
    for part in found.parts:
        if depth == 0:
            _take(part, found, reading)
        elif part.says.media_type in _TEXTS and not _is_file(part):
            _take_text(part, reading)
        elif part.says.media_type in _MAILS and depth < FORWARDED_DEPTH:
            _take_words_of_mail(part, _body(part, reading), reading, depth)
    if depth == 0 and found.outside:
        reading.attach("outside-its-parts.txt", "text/plain", "attachment", found.outside)
    if depth == 0 and not reading.texts:
        _read_named_texts(found, reading)
    return found.headers


def _take(part: Part, whole: Cut, reading: _Reading) -> None:
    """One part: text for reading, an attachment, or something that holds more."""
    kind, name = part.says.media_type, part.says.name
    if part.unread:
        reading.attach(name, kind, part.says.disposition, part.body)
    elif kind in _TEXTS and not _is_file(part):
        _take_text(part, reading)
    elif kind in _MAILS:
        body = _body(part, reading)
        reading.attach(name or "forwarded.eml", kind, part.says.disposition, body)
        _take_words_of_mail(part, body, reading, 0)
    elif kind in _SIGNATURES and part.within == "multipart/signed":
        reading.signed = reading.signed or ("openpgp" if "pgp" in kind else "smime")
    elif kind in _CMS or name.lower().endswith(".p7m"):
        _take_cms(part, reading)
    elif kind == "application/pgp-encrypted" and part.body.strip().lower().startswith(b"version"):
        pass  # says only that the next part is encrypted
    elif _is_pgp_message(part, whole):
        reading.attach(
            name or "encrypted.asc", "application/pgp-encrypted", "inline", _body(part, reading), role="openpgp"
        )
    elif kind in _TNEF or name.lower() in ("winmail.dat", "win.dat"):
        _take_tnef(_body(part, reading), name or "winmail.dat", reading, 0)
    else:
        _take_other(part, reading)


def _is_file(part: Part) -> bool:
    return bool(part.says.name) or part.says.disposition == "attachment"


def _body(part: Part, reading: _Reading) -> bytes:
    """The part's bytes, its transfer encoding undone."""
    raw = part.headers.first("content-transfer-encoding").decode("ascii", "replace")
    body, sentence = decoded(part.body, raw)
    reading.defect(sentence)
    return body


def _take_other(part: Part, reading: _Reading) -> None:
    """A part that is kept as a file; a calendar's words and a delivery report's codes are read besides."""
    kind, body = part.says.media_type, _body(part, reading)
    if kind == "message/partial":
        reading.defect("It is a piece of a mail that was sent in several: the others are needed to read it.")
    if kind == "text/calendar":
        reading.texts.calendar.append(text_of_calendar(lettered(body, part.says.parameters.get("charset", "")).text))
    elif kind in ("text/rtf", "application/rtf") and not _is_file(part):
        reading.texts.rich.append(text_of_rtf(body))
    elif kind == "message/delivery-status":
        codes = [(found[1].lower(), found[2].decode().lower()) for found in _STATUS.finditer(body[:100_000])]
        for name, value in codes:
            if not reading.delivery or name.decode() in reading.delivery[-1]:
                reading.delivery.append({})
            reading.delivery[-1][name.decode()] = value
    if body.strip() or part.says.name:
        reading.attach(part.says.name or _made_up_name(reading, kind), kind, part.says.disposition, body)


def _take_text(part: Part, reading: _Reading) -> None:
    """A part that is read: its letters, and the files written into it."""
    body = _body(part, reading)
    charset = re.split(r"[\s(]", part.says.parameters.get("charset", "").strip("\"' "))[0]
    if _is_binary(body) and not charset.lower().startswith(("utf-16", "utf-32", "ucs")):
        reading.defect("A part says that it is text and is none; it is kept as an attachment.")
        reading.attach(_made_up_name(reading, "application/octet-stream"), part.says.media_type, "inline", body)
        return
    if part.says.media_type == "text/html":
        read_text = lettered(body, charset or charset_of_html(body))
        reading.defect(read_text.sentence)
        reading.texts.add_html(read_text.text, part.alternative)
        return
    body, files = uuencode.files_in(body)
    for file in files:
        reading.defect(file.sentence)
        name = plain_name(lettered(file.name).text)
        reading.attach(
            name or _made_up_name(reading, "application/octet-stream"), "application/octet-stream", "inline", file.data
        )
    read_text = lettered(body, charset)
    reading.defect(read_text.sentence)
    text = read_text.text
    if part.says.parameters.get("format", "").lower() == "flowed":
        text = flowed(text, part.says.parameters.get("delsp", "").lower() == "yes")
    if part.says.media_type in ("text/enriched", "text/richtext"):
        text = text_of_html(text.replace("<<", "&lt;"))
    text, messages, signed = cleartext_of(text)
    for message in messages:
        body = message.encode("utf-8", "replace")
        reading.attach("encrypted.asc", "application/pgp-encrypted", "inline", body, role="openpgp_text")
    reading.signed = reading.signed or ("openpgp" if signed else "")
    reading.texts.add_plain(text, part.alternative)


def _read_named_texts(found: Cut, reading: _Reading) -> None:
    """In a mail without text: texts that have a name but don't say that they are attached. They stay attachments, too."""
    for part in found.parts:
        named = part.says.name and part.says.disposition != "attachment"
        if named and part.says.media_type in ("text/plain", "text/html"):
            body, _ = decoded(part.body, part.headers.first("content-transfer-encoding").decode("ascii", "replace"))
            if _is_binary(body):
                continue
            text = lettered(body, part.says.parameters.get("charset", "")).text
            if part.says.media_type == "text/html":
                reading.texts.add_html(text, 0)
            else:
                reading.texts.add_plain(text, 0)


def _is_binary(body: bytes) -> bool:
    """Whether bytes stand in it that no text has."""
    return len(body[:2_000].translate(None, _TEXT_BYTES)) * 100 > len(body[:2_000])


# --- What holds more ------------------------------------------------------------------------------------------------------


def _take_words_of_mail(part: Part, body: bytes, reading: _Reading, depth: int) -> None:
    """The words of a mail that was attached, under a head that says whose they are claimed to be. Its files are examined later."""
    if reading.mails >= FORWARDED_MAILS:
        return
    reading.mails += 1
    inner = cut(body[: TEXT_CHARACTERS * 4]).headers if body else Headers()
    recipients, _ = addresses(inner, "to", "cc")
    claim = Forwarded(0, inner.text("from"), inner.text("date"), ", ".join(recipients[:20]), inner.text("subject"))
    if any((claim.sender_raw, claim.date_raw, claim.subject)):
        reading.forwarded.append(claim)
    outer, reading.texts = reading.texts, Texts()
    _take_mail(body[: TEXT_CHARACTERS * 4], reading, depth + 1)
    text, _, _ = reading.texts.joined(TEXT_CHARACTERS)
    reading.texts = outer
    heads = {"From": claim.sender_raw, "Date": claim.date_raw, "Subject": claim.subject}
    lines = [f"{name}: {value}" for name, value in heads.items() if value]
    if text or lines:
        outer.forwarded.append("\n".join(["[Forwarded mail]", *lines, "", text]).strip())


def _take_cms(part: Part, reading: _Reading) -> None:
    """S/MIME in one piece: what was only signed is read, what is encrypted is handed on."""
    body = _body(part, reading)
    kind = cms.kind_of(body)
    name = part.says.name or "smime.p7m"
    if kind == "enveloped":
        reading.attach(name, "application/pkcs7-mime", "inline", body, role="smime")
        return
    if kind == "signed":
        try:
            content = cms.signed_content(body)
        except cms.Malformed:
            reading.defect("A signed envelope is damaged; it is kept as an attachment.")
        else:
            reading.signed = "smime"
            for inner in cut(content).parts:
                if inner.says.media_type in _CMS and cms.kind_of(_body(inner, reading)) == "signed":
                    _take_other(inner, reading)  # signed twice: read once
                else:
                    _take(inner, Cut(inner.headers, [inner]), reading)
            return
    reading.attach(name, part.says.media_type, part.says.disposition, body)


def _is_pgp_message(part: Part, whole: Cut) -> bool:
    """Whether this part is the encrypted one of PGP/MIME (RFC 3156), also where a server made a plain attachment of it."""
    if part.within == "multipart/encrypted":
        return True
    named = (
        part.says.name.lower().endswith((".asc", ".pgp", ".gpg")) or part.says.media_type == "application/pgp-encrypted"
    )
    if part.body.lstrip()[:27] == b"-----BEGIN PGP MESSAGE-----":
        return True
    return (
        named
        and any(each.says.media_type == "application/pgp-encrypted" for each in whole.parts)
        and bool(part.body.strip())
    )


def _take_tnef(body: bytes, name: str, reading: _Reading, depth: int) -> None:
    """The text and files of a winmail.dat; it is kept itself where it is damaged."""
    found = tnef.read(body)
    for sentence in found.defects:
        reading.defect(sentence)
    if found.defects or not (found.files or found.text.strip() or found.html.strip()):
        reading.attach(name, "application/ms-tnef", "attachment", body)
    if found.text.strip():
        reading.texts.packed.append(found.text)
    elif found.html.strip():
        reading.texts.packed.append(text_of_html(found.html))
    for file in found.files:
        if file.is_message and depth < PACKED_DEPTH:
            _take_tnef(file.data, file.name or "message.dat", reading, depth + 1)
        else:
            file_name = plain_name(file.name) or _made_up_name(reading, file.media_type or "application/octet-stream")
            reading.attach(file_name, file.media_type or "application/octet-stream", "attachment", file.data)


def _made_up_name(reading: _Reading, media_type: str) -> str:
    ending = "bin" if media_type.startswith("multipart/") else _ENDINGS.get(media_type)
    ending = ending or re.sub(r"[^a-z0-9]", "", media_type.rsplit("/", 1)[-1].lower())[:10]
    return ending if "." in ending else f"attachment-{reading.attachments + 1}.{ending or 'bin'}"
