"""Reads the banks of an HMA over its interface: content by content, because it has no other way to read them.

A bank's contents have numbers that rise; numbers of contents that were removed are missing. What comes is kept as it came, and
only looked at through patterns of plain letters and digits: taking it apart is the sandbox's business. The one process that may
use the network outwards runs this. Redirects are not followed, and no proxy of the environment is asked.
"""

from __future__ import annotations

import http.client
import re
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlsplit

from amparo.foundation.errors import Refused, Unreachable
from amparo.matching.hma.address import obstacles_to_address

TIMEOUT_S = 30
ANSWER_BYTES = 4 << 20
AT_ONCE = 4
STEP_CONTENTS = 400
# So many numbers in a row without a content are the end, once as many contents were found as the largest bank's signals need;
# before that, so many are a hole that nobody's removals explain.
END_MISSES, HOLE_MISSES = 1_000, 200_000

_BANK = re.compile(rb'"name"\s*:\s*"([A-Z_][A-Z0-9_]{0,254})"')
_SIZES = re.compile(rb'"([a-z0-9_]{1,40})"\s*:\s*\{([^{}]{0,400})\}')
_SIZE = re.compile(rb'"db_size"\s*:\s*(\d{1,12})\b')
_SIGNALS = re.compile(rb'"signals"\s*:\s*\{([^{}]*)\}')
_SIGNAL = re.compile(rb'"([a-z0-9_]{1,40})"\s*:\s*"')


class Server:
    """One HMA. Each thread has a connection of its own, kept open."""

    def __init__(self, address: str, token: str = "") -> None:
        """Raises Refused for an address that may not be asked."""
        if obstacles := obstacles_to_address(address):
            raise Refused(*obstacles)
        parts = urlsplit(address)
        self._host, self._port, self._secure = str(parts.hostname), parts.port, parts.scheme == "https"
        self._path = parts.path.rstrip("/")
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._own = threading.local()

    def banks(self) -> list[str]:
        """The names of its banks. Raises Unreachable, Refused."""
        return sorted({name.decode() for name in _BANK.findall(self._must("/c/banks"))})

    def sizes(self) -> dict[str, int]:
        """How many hashes of each signal it says that it holds. Raises Unreachable, Refused."""
        found = {}
        for name, inside in _SIZES.findall(self._must("/c/signal_type/index")):
            if size := _SIZE.search(inside):
                found[name.decode()] = int(size[1])
        return found

    def content(self, banks: Sequence[str], number: int) -> bytes | None:
        """A content with its signals, as it came; None where no bank has one of this number. Raises Unreachable, Refused."""
        for bank in banks:
            status, answer = self._ask(
                f"/c/bank/{quote(bank)}/content/{number}?include_signals=true&include_metadata=true"
            )
            if status == 200:
                return answer
            if status != 404:
                raise self._answered(status)
        return None

    def contents(self, banks: Sequence[str], numbers: Sequence[int]) -> Iterator[bytes | None]:
        """The contents of these numbers, in order, several asked for at once."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hma") as pool:
            yield from pool.map(lambda number: self.content(banks, number), numbers)

    def _must(self, path: str) -> bytes:
        status, answer = self._ask(path)
        if status != 200:
            raise self._answered(status)
        return answer

    def _answered(self, status: int) -> Refused | Unreachable:
        if status in {401, 403}:
            return Refused("This HMA, or what stands before it, does not let us in: check the token.")
        if status >= 500 or status == 429:
            return Unreachable(f"This HMA can't answer now ({status}): it is asked again.")
        return Refused(f"What stands at this address does not answer as HMA does ({status}): check the address.")

    def _ask(self, path: str) -> tuple[int, bytes]:
        """Status and body. A connection that the other side closed meanwhile is opened again, once."""
        for again in (True, False):
            connection = self._connection()
            try:
                connection.request("GET", self._path + path, headers=self._headers)
                response = connection.getresponse()
                answer = response.read(ANSWER_BYTES + 1)
            except (http.client.RemoteDisconnected, ConnectionError) as error:
                self._drop(connection)
                if not again:
                    raise Unreachable("This HMA does not answer: it is asked again.") from error
                continue
            except (OSError, http.client.HTTPException) as error:
                self._drop(connection)
                raise Unreachable("This HMA does not answer: it is asked again.") from error
            if len(answer) > ANSWER_BYTES:
                self._drop(connection)
                raise Refused("What stands at this address answers more than any content of HMA has.")
            return response.status, answer
        raise AssertionError("unreachable")

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            if self._secure:
                context = ssl.create_default_context()
                connection = http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_S, context=context)
            else:
                connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
            self._own.connection = connection
        return connection

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        connection.close()
        self._own.connection = None


def signals_in(content: bytes) -> list[str]:
    """The names of a content's signals."""
    found = _SIGNALS.search(content)
    return [name.decode() for name in _SIGNAL.findall(found[1])] if found else []


def is_over(found: int, misses: int, said: Mapping[str, int]) -> bool:
    """Whether everything was found: enough contents for the signals that the server says it has, and none for a long while."""
    enough = found >= max(said.values(), default=0)
    return misses >= (END_MISSES if enough else HOLE_MISSES)


def obstacle_to_trust(found: Mapping[str, int], said_before: Mapping[str, int], said_after: Mapping[str, int]) -> str:
    """Why what was read is not all there is, in a sentence; empty where it is.

    found: hashes by signal. A bank that was changed while it was read may have less at the end than at the beginning.
    """
    for name in sorted(said_before.keys() & said_after.keys()):
        least, read = min(said_before[name], said_after[name]), found.get(name, 0)
        if read < least:
            return f"This HMA says it holds {least:,} of {name}, but only {read:,} could be read. Nothing was imported."
    return ""
