"""A real Dovecot for tests: one user, one mailbox, on loopback, of no privileged user, gone when the test is."""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from maintenance.houses import free_port
from tests.exchange import certificates

PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
ABSENT = "Dovecot is not installed: apt install dovecot-imapd"
USER, PASSWORD = "line", "pässword"

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
ssl_cert = <{folder}/loopback.pem
ssl_key = <{folder}/loopback.key
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail
mailbox_list_index = no
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service imap {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running one. certificate: trusted where SSL_CERT_FILE names it."""

    plain: int
    tls: int
    certificate: Path
    folder: Path

    @contextmanager
    def conversation(self) -> Iterator[imaplib.IMAP4]:
        server = imaplib.IMAP4("127.0.0.1", self.plain)
        server.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
        yield server
        server.logout()

    def deliver(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Puts mails into the mailbox, line ends as IMAP has them."""
        with self.conversation() as server:
            for mail in mails:
                answer, told = server.append(folder, "", imaplib.Time2Internaldate(time.time()), mail)
                assert answer == "OK", told

    def flags(self, folder: str = "INBOX") -> list[bytes]:
        """The flags of each mail in a folder; empty for a folder that is none."""
        with self.conversation() as server:
            answer, _ = server.select(f'"{folder}"', readonly=True)
            if answer != "OK":
                return []
            _, told = server.fetch("1:*", "(FLAGS)") if int(server.response("EXISTS")[1][0] or 0) else ("OK", [])
            return [each for each in told if isinstance(each, bytes)]


@contextmanager
def running(folder: Path, *, tls: str = "yes") -> Iterator[Dovecot]:
    """One with its files in `folder`, whose parents anybody may pass. tls: "yes", or "no" for a server that offers none."""
    assert PROGRAM
    folder.mkdir(parents=True, exist_ok=True)
    certificate, _ = certificates.make(folder)
    # Root drops its rights first: Dovecot as a test runs it must need none.
    own = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    group = subprocess.run(["id", "-gn", own.pw_name], capture_output=True, text=True, check=True).stdout.strip()
    plain, secure = free_port(), free_port()
    for name in ("run", "mail", "home"):
        (folder / name).mkdir(exist_ok=True)
    told = CONFIG.format(
        folder=folder, user=own.pw_name, group=group, plain=plain, tls=secure, password=PASSWORD,
        uid=own.pw_uid, gid=own.pw_gid, ssl=tls,
    )  # fmt: skip
    (folder / "dovecot.conf").write_text(told)
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, own.pw_uid, own.pw_gid)
    process = subprocess.Popen(
        [PROGRAM, "-F", "-c", str(folder / "dovecot.conf")],
        user=own.pw_uid if os.geteuid() == 0 else None,
        group=own.pw_gid if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(plain, process, folder)
        yield Dovecot(plain, secure, certificate, folder)
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if process.poll() is not None:
            log = folder / "log"
            raise RuntimeError(f"Dovecot ended: {log.read_text() if log.exists() else 'it wrote no log'}")
        try:
            imaplib.IMAP4("127.0.0.1", port, timeout=2).logout()
        except (OSError, imaplib.IMAP4.error, ssl.SSLError):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("Dovecot did not get ready")
