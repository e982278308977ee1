"""Mail to the house's own mail server (SMTP submission, RFC 6409): the only way by which a mail leaves.

    AMPARO_SMARTHOST            host:port; port 465 speaks TLS from the start, any other by STARTTLS
    AMPARO_SMARTHOST_USER       the name to log in with, where the server wants one
    AMPARO_SMARTHOST_PASSWORD   its password; never sent without TLS

A server on this machine may do without TLS; no other may.
"""

from __future__ import annotations

import ipaddress
import os
import smtplib
import socket
import ssl
from email.message import EmailMessage

from amparo.foundation.errors import Refused, Unreachable

TIMEOUT_S = 60
TLS_FROM_THE_START = 465


def is_configured() -> bool:
    return bool(os.environ.get("AMPARO_SMARTHOST"))


def submit(letter: EmailMessage, *, called: str, sender: str | None = None, recipient: str | None = None) -> None:
    """The server has taken the mail. called: the recipient as a sentence may name it; an address only where anybody may read it.

    sender, recipient: the envelope's, else those of the headers. Raises Refused where trying again can't help, else Unreachable.
    """
    host, port = _server()
    try:
        with _connected(host, port) as server:
            server.send_message(letter, from_addr=sender, to_addrs=[recipient] if recipient else None)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as answer:
        raise _answered(answer, called) from answer
    except smtplib.SMTPAuthenticationError as answer:
        raise Unreachable(
            f"The mail server {host} does not take the password: set AMPARO_SMARTHOST_USER and _PASSWORD."
        ) from answer
    except smtplib.SMTPNotSupportedError as answer:  # an address with accents, and a server that knows none
        raise Refused(f"The mail server can't send to the address of {called}.") from answer
    except (OSError, smtplib.SMTPException) as fault:
        raise Unreachable(f"The mail server {host} did not take the mail: it is tried again.") from fault


def _server() -> tuple[str, int]:
    smarthost = os.environ.get("AMPARO_SMARTHOST", "")
    if not smarthost:
        raise Refused("No mail server is set: set AMPARO_SMARTHOST, or have the package handed over by an officer.")
    host, _, port = smarthost.rpartition(":") if ":" in smarthost else (smarthost, "", "25")
    if not port.isdecimal():
        raise Refused(f"AMPARO_SMARTHOST={smarthost} is no address: write it as mail.example.org:587.")
    return host.strip("[]"), int(port)


def _connected(host: str, port: int) -> smtplib.SMTP:
    """A conversation that is encrypted, or with a server on this machine; logged in where that is set."""
    context = ssl.create_default_context()
    # The machine's own name and address are nobody's business: it says hello as the house's domain would.
    name = os.environ.get("AMPARO_MAIL_FROM", "").rpartition("@")[2] or "localhost"
    if port == TLS_FROM_THE_START:
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, local_hostname=name, timeout=TIMEOUT_S, context=context)
        encrypted = True
    else:
        server = smtplib.SMTP(host, port, local_hostname=name, timeout=TIMEOUT_S)
        encrypted = False
    try:
        server.ehlo()
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
            encrypted = True
        if not encrypted and not _on_this_machine(host):
            raise Refused(f"The mail server {host} offers no encryption: nothing goes there.")
        _log_in(server, encrypted)
    except BaseException:
        server.close()
        raise
    return server


def _log_in(server: smtplib.SMTP, encrypted: bool) -> None:
    user, password = os.environ.get("AMPARO_SMARTHOST_USER", ""), os.environ.get("AMPARO_SMARTHOST_PASSWORD", "")
    if not user:
        return
    if not encrypted:
        raise Refused("The mail server offers no encryption: the password is not sent there.")
    server.login(user, password)


def _answered(answer: smtplib.SMTPException, called: str) -> Refused | Unreachable:
    """A 4xx answer is worth another try; after a 5xx somebody has to look."""
    codes = (
        [code for code, _ in answer.recipients.values()] if isinstance(answer, smtplib.SMTPRecipientsRefused) else []
    )
    code = min(codes) if codes else getattr(answer, "smtp_code", 0)
    if 400 <= code < 500:
        return Unreachable(f"The mail server put the mail to {called} off ({code}): it is tried again.")
    return Refused(f"The mail server refused the mail to {called} ({code}).", code=code)


def _on_this_machine(host: str) -> bool:
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(str(each).partition("%")[0]).is_loopback for each in found)
