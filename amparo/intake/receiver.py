"""The mail door: takes mail by SMTP and LMTP, seals it, has it on disk, and only then answers 250.

A process of its own, without Django, without database and without a single private key: whoever breaks in here can read
what arrives from then on, and nothing that arrived before. It logs identifiers, never addresses, and keeps no peer's address.

    python -m amparo.intake.receiver

`Desk` is our own thin interface: it knows nothing of SMTP. Everything about aiosmtpd (1.4.6, of 2024) is in `_Conversation`
and `_Door`, so that another server can take its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from amparo.foundation.clock import now
from amparo.foundation.confinement import code_folders, confine
from amparo.foundation.errors import AmparoError, Refused, Unreachable
from amparo.foundation.home import Home
from amparo.intake.spool import Mail, Spool
from amparo.vault.keys import check_keys

log = logging.getLogger("amparo.receiver")

MIB = 1024 * 1024
BLOCK_BYTES = 256 * 1024  # how much of a mail is looked at at once, whatever its lines are like
END_OF_MAIL = (
    b"\r\n.\r\n"  # with CRLF only: a bare LF before the dot is how mail is smuggled (CVE-2023-51764 and others)
)
_ANGLED = re.compile(r'\s*<(?:@[^:<>]*:)?((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>\s*(.*)', re.DOTALL)
_BARE = re.compile(r"\s*([^\s<>]+)\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Limits:
    """What the door takes. Lines and headers have no limit of their own: a huge line is kept like any other."""

    mail_bytes: int = 50 * MIB
    recipients: int = 100
    connections: int = 200
    waiting_bytes: int = 256 * MIB  # of all mails being received at this moment, in memory


@dataclass(frozen=True)
class Answer:
    """What the sender is told: an SMTP code and a sentence in ASCII."""

    code: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.code} {self.sentence}"


class Desk:
    """Decides what is taken, and takes it. One for all doors of the process."""

    def __init__(self, spool: Spool, domains: frozenset[str], limits: Limits) -> None:
        self._spool, self._domains, self.limits = spool, domains, limits
        self._writers = ThreadPoolExecutor(8, thread_name_prefix="spool")  # syncs of several mails share one disk flush
        self.connections = self.waiting_bytes = 0

    @property
    def too_big(self) -> Answer:
        """The sentence for an oversized mail."""
        limit = self.limits.mail_bytes
        size = f"{limit // MIB} MiB" if limit >= MIB else f"{limit} bytes"
        return Answer(
            552,
            f"5.3.4 Not taken: this mail is larger than our limit of {size}. "
            "Send the files in several mails, or write without them and we will offer another way.",
        )

    def recipient(self, address: str, already: int) -> Answer | None:
        """None where mail for this address is taken. `already` recipients were named before."""
        if already >= self.limits.recipients:
            return Answer(452, f"4.5.3 At most {self.limits.recipients} recipients; send the others another mail.")
        local, at, domain = address.rpartition("@")
        if (local and at and domain.lower() in self._domains) or address.lower() == "postmaster":
            return None
        return Answer(550, "5.7.1 We take mail for our own addresses only, and pass none on.")

    async def take(self, raw: bytes, sender: str, recipients: tuple[str, ...], via: str) -> Answer:
        """250 once the mail is sealed and on disk; 451 where the disk refuses, and then the sender keeps it."""
        mail = Mail(raw, sender, recipients, now(), via)
        try:
            arrival = await asyncio.get_running_loop().run_in_executor(self._writers, self._spool.put, mail)
        except OSError as error:
            log.error("a mail of %d bytes could not be kept: errno %s", len(raw), error.errno)
            return Answer(451, "4.3.1 Not taken: we could not store it just now. Please try again later.")
        log.info("kept %s: %d bytes, %d recipients, by %s", arrival, len(raw), len(recipients), via)
        return Answer(250, f"2.0.0 Kept as {arrival}")

    def close(self) -> None:
        """Afterwards every mail whose writing had begun is on disk, or nothing of it is."""
        self._writers.shutdown(wait=True)


class _Door:
    """aiosmtpd's handler: hooks that ask the desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def handle_EHLO(  # noqa: N802  # the library's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = "-"  # may be an address; it is never kept
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.desk.recipient(address, len(envelope.rcpt_tos)):
            return str(answer)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        log.error("a conversation failed: %s", type(error).__name__)  # the message may quote the mail
        return "451 4.3.0 Something failed here. Please try again later."


class _Conversation(SMTP):  # type: ignore[misc]  # no types there
    """One connection. Reads mails in blocks, so that neither a line's length nor a mail's number of lines matters."""

    command_size_limit = 4096
    line_length_limit = BLOCK_BYTES
    via = "smtp"

    def __init__(self, door: _Door) -> None:
        limits = door.desk.limits
        super().__init__(
            door, data_size_limit=limits.mail_bytes, enable_SMTPUTF8=True, hostname="amparo", ident="ready", timeout=300
        )
        self.command_size_limits = _NoLimits(self.command_size_limit)  # the library shares one among all connections
        self._desk = door.desk

    async def _handle_client(self) -> None:
        if self._desk.connections >= self._desk.limits.connections:
            await self.push("421 4.3.2 Too many connections just now. Please try again later.")
            assert self.transport is not None
            self.transport.close()
            return
        self._desk.connections += 1
        try:
            await super()._handle_client()
        finally:
            self._desk.connections -= 1

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Takes any address that stands in angle brackets: a reporter's odd one must not cost the report."""
        found = _ANGLED.fullmatch(arg) or _BARE.fullmatch(arg)
        return (found[1] or "<>", found[2]) if found else (None, None)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        size = re.search(r"\sSIZE=(\d{1,20})(?:\s|\Z)", arg or "", re.IGNORECASE)
        if size and int(size[1]) > self._desk.limits.mail_bytes:
            await self.push(str(self._desk.too_big))
        else:
            await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        if await self.check_helo_needed():
            return
        assert self.envelope is not None
        if arg or not self.envelope.rcpt_tos:
            await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        sender, recipients = str(self.envelope.mail_from), tuple(self.envelope.rcpt_tos)
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        reserved = [0]
        try:
            raw = await self._read_mail(reserved)
            answer = raw if isinstance(raw, Answer) else await self._desk.take(raw, sender, recipients, self.via)
        except Exception:
            # Where in the mail we are is not known any more: its rest must not be read as commands.
            assert self.transport is not None
            self.transport.close()
            raise
        finally:
            self._desk.waiting_bytes -= reserved[0]
        self._set_post_data_state()
        await self.push(self._final(answer, len(recipients)))

    def _final(self, answer: Answer, recipients: int) -> str:
        return str(answer)

    async def _read_mail(self, reserved: list[int]) -> bytes | Answer:
        """The mail, dots removed; or why not, once it was read to its end. reserved[0]: bytes counted as waiting."""
        # The CRLF that ended the DATA line counts as the one before the dot: an empty mail ends like any other.
        self._reader._buffer[:0] = b"\r\n"  # noqa: SLF001
        limits = self._desk.limits
        mail, size, refusal = bytearray(), -len(END_OF_MAIL), None
        while True:
            try:
                block, ended = await self._reader.readuntil(END_OF_MAIL), True
            except asyncio.LimitOverrunError as error:
                block, ended = await self._reader.read(error.consumed), False
            self._reset_timeout()
            size += len(block)
            if size > limits.mail_bytes:
                refusal = self._desk.too_big
            elif not refusal:
                mail += block
                reserved[0] += len(block)
                self._desk.waiting_bytes += len(block)
                if self._desk.waiting_bytes > limits.waiting_bytes:
                    refusal = Answer(452, "4.3.1 We are receiving too much at once. Please try again later.")
            if refusal:
                mail.clear()
                self._desk.waiting_bytes -= reserved[0]
                reserved[0] = 0
            if ended:
                del mail[-3:]
                return refusal or bytes(mail.replace(b"\r\n.", b"\r\n")[2:])


class _LocalConversation(_Conversation, LMTP):  # type: ignore[misc]
    """LMTP: one answer for each recipient that was accepted (RFC 2033, 4.2), where aiosmtpd would send one for all."""

    via = "lmtp"

    def _final(self, answer: Answer, recipients: int) -> str:
        return "\r\n".join([str(answer)] * recipients)


class _NoLimits(dict[str, int]):
    """The same limit for every command; takes the library's own changes and forgets them."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def __getitem__(self, command: str) -> int:
        return self._limit

    def __setitem__(self, command: str, limit: int) -> None:
        return None


# --- The process ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Doors:
    """Where to listen and for whom. An empty address: not at all. Port 0: any free one, told when ready."""

    smtp: str = "127.0.0.1:2525"
    lmtp: str = "127.0.0.1:2524"
    domains: frozenset[str] = frozenset({"report.example.org"})
    limits: Limits = Limits()

    @classmethod
    def from_env(cls) -> Doors:
        """AMPARO_SMTP, AMPARO_LMTP, AMPARO_MAIL_DOMAINS (commas) and AMPARO_MAIL_LIMIT_MIB. Refused where one is odd."""
        limit = os.environ.get("AMPARO_MAIL_LIMIT_MIB", "50")
        if not limit.isdecimal() or not int(limit):
            raise Refused("AMPARO_MAIL_LIMIT_MIB must be a whole number of MiB, such as 50.")
        domains = os.environ.get("AMPARO_MAIL_DOMAINS", "report.example.org").lower().split(",")
        return cls(
            os.environ.get("AMPARO_SMTP", cls.smtp),
            os.environ.get("AMPARO_LMTP", cls.lmtp),
            frozenset(domain.strip() for domain in domains if domain.strip()),
            Limits(mail_bytes=int(limit) * MIB, waiting_bytes=max(256, int(limit) * 2) * MIB),
        )


def run(home: Home, doors: Doors) -> None:
    """Receives until SIGTERM or SIGINT. Refused where the keys don't allow a start, Unreachable where a port is taken."""
    check_keys(home, "receiver")
    spool = Spool.of_process(home, "receiver")
    # Before any thread starts: from here on a break-in reaches the spool and two public keys, and no other file of the house.
    confine(readable=(*code_folders(), home.keys / "receiver"), writable=(home.spool,))
    if swept := spool.sweep():
        log.info("swept %d unfinished files of an earlier run; none of them was acknowledged", swept)
    logging.getLogger("mail.log").disabled = True  # aiosmtpd writes addresses there
    desk = Desk(spool, doors.domains, doors.limits)
    try:
        asyncio.run(_serve(desk, doors))
    finally:
        desk.close()


async def _serve(desk: Desk, doors: Doors) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.set_exception_handler(
        lambda _, what: log.info("a conversation ended: %s", type(what.get("exception")).__name__)
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as open_doors:
        for address, conversation in ((doors.smtp, _Conversation), (doors.lmtp, _LocalConversation)):
            if address:
                server = await _listen(loop, address, conversation, desk)
                open_doors.callback(server.close)
        await stop.wait()


async def _listen(
    loop: asyncio.AbstractEventLoop, address: str, conversation: type[_Conversation], desk: Desk
) -> asyncio.Server:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdecimal():
        raise Refused(f"{address!r} is no address to listen at: write it as 127.0.0.1:2525.")
    try:
        server = await loop.create_server(lambda: conversation(_Door(desk)), host, int(port))
    except OSError as error:
        raise Unreachable(f"Cannot listen at {address}: {error.strerror}. Is another one running?") from error
    print(  # noqa: T201  # whoever started us waits for this line
        f"ready {conversation.via} {host}:{server.sockets[0].getsockname()[1]}", flush=True
    )
    return server


def main() -> int:
    """Runs as the environment says; 1 with a sentence on the error output where it can't."""
    logging.basicConfig(
        level=os.environ.get("AMPARO_LOG", "INFO"), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    try:
        run(Home.from_env(), Doors.from_env())
    except AmparoError as error:
        sys.stderr.write("\n".join(getattr(error, "obstacles", (error.sentence,))) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
