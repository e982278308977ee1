"""Mails that were forwarded within a text: who the text says wrote them. A claim in the text, never more: anybody can type it.

A forwarded mail's head is two or more lines "label: value" whose labels mean From, Date, To and Subject in one of the languages
below, From among them; quoted, starred or indented as mail programs do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FORWARDED = 20
READ_CHARACTERS = 500_000
VALUE_CHARACTERS = 500

# What mail programs write, by meaning; small letters, no accents taken away.
_LABELS = {
    "sender": (
        "from|de|von|da|de la part de|от|от кого|van|od|fra|från|gönderen|kimden|lähettäjä|feladó|de către|"
        "από|від|差出人|发件人|寄件者|보낸 사람|보낸사람|من|expéditeur|remitente|mittente|remetente|absender|remitent"
    ),
    "date": (
        "date|sent|fecha|enviado|enviado el|enviat|enviada|enviat el|data|inviato|envoyé|envoyé le|datum|"
        "gesendet|verzonden|wysłano|data wysłania|дата|отправлено|sendt|dato|skickat|tarih|gönderildi|"
        "päiväys|lähetetty|dátum|elküldve|trimis|ημερομηνία|надіслано|送信日時|日時|日期|发送时间|寄件日期|보낸 날짜|날짜|التاريخ|"
        "تاريخ الإرسال|أرسلت|تم الإرسال|enviado em|data de envio"
    ),
    "recipients": (
        "to|para|per a|a|à|an|aan|do|кому|til|till|kime|alıcı|vastaanottaja|címzett|către|προς|宛先|收件人|받는 사람|"
        "받는사람|إلى|destinataire|destinatari|destinatario|destinatário|empfänger|komu"
    ),
    "subject": (
        "subject|asunto|assumpte|assunto|objet|oggetto|betreff|onderwerp|temat|тема|emne|ämne|konu|aihe|"
        "tárgy|subiect|θέμα|件名|主题|主旨|제목|الموضوع|موضوع"
    ),
}
_MEANING = {label: meaning for meaning, labels in _LABELS.items() for label in labels.split("|")}
_HEAD_LINE = re.compile(r"[>|\s*_]{0,40}([^\W\d][^:：\n]{0,30}?)[\s*_]{0,5}[:：][\s*_]{0,5}(.*)\Z")
_QUOTED = re.compile(r"\A[>|\s]+")


@dataclass(frozen=True)
class Forwarded:
    """What a head in the text says, as written; "" where it says nothing. line: where it begins, 1 is the first."""

    line: int
    sender_raw: str = ""
    date_raw: str = ""
    recipients_raw: str = ""
    subject: str = ""


def forwarded_in(text: str) -> list[Forwarded]:
    """The heads of forwarded mails in the text, in order, at most FORWARDED."""
    found: list[Forwarded] = []
    said: dict[str, str] = {}
    began = last = 0
    for number, line in enumerate(text[:READ_CHARACTERS].split("\n"), 1):
        labelled = _labelled(line)
        if labelled and labelled[0] not in said:
            began = began if said else number
            said[labelled[0]], last = labelled[1], number
        elif said and not labelled and number - last == 1 and _goes_on(line):
            continue  # a long value on a second line, or Cc between two labels that are known
        elif said:
            found += _settled(said, began)
            said = {labelled[0]: labelled[1]} if labelled else {}
            began = last = number
        if len(found) >= FORWARDED:
            return found
    return found + _settled(said, began)


def _labelled(line: str) -> tuple[str, str] | None:
    """(meaning, value) of a line of a forwarded head; None for any other."""
    if ":" not in line[:80] and "：" not in line[:80]:
        return None
    match = _HEAD_LINE.match(line[:2_000])
    meaning = _MEANING.get(" ".join(match[1].lower().split())) if match else None
    if not match or not meaning:
        return None
    return meaning, match[2].strip().strip("*_").strip()[:VALUE_CHARACTERS]


def _goes_on(line: str) -> bool:
    bare = _QUOTED.sub("", line)
    return bool(bare.strip()) and (bare != line or ":" in bare[:30] or line[:1] in " \t")


def _settled(said: dict[str, str], line: int) -> list[Forwarded]:
    """The head, where it is one: a sender and at least two more, or a sender that is an address and one more."""
    sender = said.get("sender", "")
    if not sender or len(said) < (2 if "@" in sender else 3):
        return []
    return [Forwarded(line, sender, said.get("date", ""), said.get("recipients", ""), said.get("subject", ""))]
