"""Chat exports: messages a second and memory, by size, beside the parsers a user would find on PyPI.

    python benchmarks/chats.py [--sizes 10000,100000] [--formats whatsapp,iphone,telegram,discord] [--peers FOLDER] [--repeats 3]
    python benchmarks/chats.py --sizes 200000 --formats telegram --again 25
    python benchmarks/chats.py --sizes 200000 --in-turns

Every run is a process of its own, so its peak of memory is its own; ours also through the locked-down child, as `amparo read` runs
it, with the processor time and the peaks of all its processes. The best of some interleaved repeats; ratios are of one run. "mixed"
is WhatsApp with files left out, several lines and little pictures among the words; "group" is Telegram with pictures, stickers,
reactions, answers, links and services in a fifth of the messages. --again: the messages that many times, the clock going on, so
that the making of a large file costs little. --in-turns: our readers alone, in one process, the formats in turns; best and median.
Peers are not installed by Amparo:

    pip install --target /tmp/peers whatstk chat-miner      then      --peers /tmp/peers

Without a folder, or where a peer isn't in it, the script says so and goes on. The messages are drawn from a few neutral words.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WORDS = [
    "item",
    "shared",
    "see",
    "you",
    "at",
    "hora",
    "nos",
    "vemos",
    "mañana",
    "ok",
    "thanks",
    "the",
    "group",
    "later",
    "21:00",
]
NAMES = ["Ana", "Luis", "Marta", *(f"+34 600 000 {number:03}" for number in range(200))]
# Days above 12 come within the first weeks of any of these, so nobody has to guess.
BEGIN = datetime(2019, 5, 1, 9)  # noqa: DTZ001 - a wall clock
PEERS = {
    "whatsapp": ("whatstk", "chat-miner"),
    "iphone": ("whatstk", "chat-miner"),
    "mixed": ("whatstk", "chat-miner"),
    "telegram": ("chat-miner",),
    "group": ("chat-miner",),
}


def messages(count: int, again: int = 1) -> Iterator[tuple[datetime, str, str]]:
    """Moment, sender, text; the same for the same count. again: all of it so many times, the clock going on."""
    at = BEGIN
    for _ in range(again):
        chance = random.Random(count)
        for _ in range(count):
            at += timedelta(seconds=chance.randrange(1, 90))
            yield at, chance.choice(NAMES), " ".join(chance.choices(WORDS, k=chance.randrange(1, 15)))


def android(count: int, again: int = 1) -> Iterator[str]:
    for at, sender, text in messages(count, again):
        yield f"{at:%d/%m/%Y, %H:%M} - {sender}: {text}\n"


def iphone(count: int, again: int = 1) -> Iterator[str]:
    for at, sender, text in messages(count, again):
        yield f"[{at:%d/%m/%Y, %H:%M:%S}] {sender}: {text}\n"


def mixed(count: int, again: int = 1) -> Iterator[str]:
    """One message in ten without its file, one in ten of two lines, one in seven with a little picture."""
    for number, line in enumerate(android(count, again)):
        stamp, _, words = line.partition(": ")
        if number % 10 == 3:
            yield f"{stamp}: <Media omitted>\n"
        elif number % 10 == 7:
            yield f"{line}{words}"
        else:
            yield line.replace("\n", " 🌻\n") if number % 7 == 0 else line


def telegram(count: int, again: int = 1) -> Iterator[str]:
    return _of_telegram(count, again, lambda _, said: said)


def group(count: int, again: int = 1) -> Iterator[str]:
    """One message in five is more than words: a picture, a sticker, a reaction, a service, a link; one in ten answers another."""
    return _of_telegram(count, again, _more)


def _of_telegram(count: int, again: int, more: Callable[[int, dict[str, Any]], dict[str, Any]]) -> Iterator[str]:
    yield '{\n "name": "Meeting",\n "type": "private_group",\n "id": 1,\n "messages": [\n'
    for number, (at, sender, text) in enumerate(messages(count, again)):
        seconds = int((at - datetime(1970, 1, 1)).total_seconds()) - 7200  # noqa: DTZ001
        said = {
            "id": number, "type": "message", "date": at.isoformat(), "date_unixtime": str(seconds), "from": sender,
            "from_id": f"user{number % 97}", "text": text, "text_entities": [{"type": "plain", "text": text}],
        }  # fmt: skip
        # Indented by one blank, as Telegram Desktop writes it.
        yield (",\n" if number else "") + json.dumps(more(number, said), ensure_ascii=False, indent=1)
    yield "\n ]\n}"


def _more(number: int, said: dict[str, Any]) -> dict[str, Any]:
    """This message with what its number gives it."""
    text, sender = said["text"], said["from"]
    if number % 10 == 4:
        return said | {"reply_to_message_id": max(1, number - 3)}
    kind = number % 25
    if kind == 0:
        return said | {"photo": f"photos/photo_{number}.jpg", "photo_file_size": 81_000, "width": 1280, "height": 960}
    if kind == 5:
        return said | {
            "file": f"stickers/sticker_{number}.webp", "file_size": 20_000, "media_type": "sticker", "sticker_emoji": "🌻",
            "width": 512, "height": 512, "text": "", "text_entities": [],
        }  # fmt: skip
    if kind == 10:
        by = [{"from": sender, "from_id": said["from_id"], "date": said["date"]}]
        return said | {"reactions": [{"type": "emoji", "count": 1, "emoji": "👍", "recent": by}]}
    if kind == 15:
        known = {name: said[name] for name in ("id", "date", "date_unixtime")}
        return known | {
            "type": "service", "actor": sender, "actor_id": said["from_id"], "action": "invite_members", "members": ["Ana"],
            "text": "", "text_entities": [],
        }  # fmt: skip
    if kind == 20:
        link = {"type": "link", "text": "https://example.org/a"}
        return said | {"text": [f"{text} ", link], "text_entities": [{"type": "plain", "text": f"{text} "}, link]}
    return said


def discord(count: int, again: int = 1) -> Iterator[str]:
    yield '{"guild": {"id": "1", "name": "Meeting"}, "channel": {"id": "2", "type": "GuildTextChat"},\n"messages": ['
    for number, (at, sender, text) in enumerate(messages(count, again)):
        said = {
            "id": str(number), "type": "Default", "timestamp": f"{at.isoformat()}.123+02:00", "timestampEdited": None,
            "callEndedTimestamp": None, "isPinned": False, "content": text,
            "author": {"id": str(number % 97), "name": sender, "discriminator": "0000", "nickname": sender, "color": None,
                       "isBot": False, "roles": [], "avatarUrl": "https://example.org/a.png"},
            "attachments": [], "embeds": [], "stickers": [], "reactions": [], "mentions": [], "inlineEmojis": [],
        }  # fmt: skip
        yield (",\n" if number else "") + json.dumps(said, ensure_ascii=False, indent=2)
    yield "\n]}"


def signal(count: int, again: int = 1) -> Iterator[str]:
    """A line a message, as signal-export writes it."""
    for at, sender, text in messages(count, again):
        said = {"date": f"{at:%Y-%m-%d %H:%M:%S}", "sender": sender, "body": text, "quote": "", "sticker": None,
                "reactions": [], "attachments": []}  # fmt: skip
        yield json.dumps(said, ensure_ascii=False) + "\n"


FORMATS: dict[str, Callable[[int, int], Iterator[str]]] = {
    "whatsapp": android, "iphone": iphone, "mixed": mixed, "telegram": telegram, "group": group,
    "discord": discord, "signal": signal,
}  # fmt: skip


# --- What is measured, each in a process of its own -----------------------------------------------------------------------


class Counted:
    """A sink that only counts."""

    def __init__(self) -> None:
        self.size = 0

    def begin(self, **about: object) -> None: ...
    def void(self) -> None: ...

    def write(self, chunk: bytes) -> None:
        self.size += len(chunk)


def reader(path: Path, form: str) -> int:
    from amparo.sandbox.inside import chat

    with path.open("rb") as file:
        found = chat.read(file, {}, Counted())["messages"]
    return int(str(found))


def sandbox(path: Path, form: str) -> int:
    """As `amparo read` does: in the child, written to a file, every line looked at."""
    import io

    from amparo.foundation.ids import new_id
    from amparo.sandbox.readings import ChatReading
    from amparo.sandbox.warden import Warden
    from amparo.wiring.read_printing import print_reading

    class Nowhere(io.TextIOBase):
        def write(self, text: str) -> int:
            return len(text)

    warden = Warden(1)
    try:
        with warden.boundary(new_id()) as box, path.open("rb") as file, tempfile.TemporaryFile() as found:
            reading = box.examine("chat", file, into=found, limit_s=3600)  # type: ignore[arg-type]
            found.seek(0)
            print_reading(found, Nowhere())  # type: ignore[arg-type]
    finally:
        warden.close()
    assert isinstance(reading, ChatReading)
    return reading.messages


def whatstk(path: Path, form: str) -> int:
    from whatstk import WhatsAppChat  # type: ignore[import-not-found]

    return len(WhatsAppChat.from_source(str(path)).df)


def chat_miner(path: Path, form: str) -> int:
    from chatminer import chatparsers  # type: ignore[import-not-found]

    kind = chatparsers.TelegramJsonParser if form in {"telegram", "group"} else chatparsers.WhatsAppParser
    parser = kind(str(path))
    parser.parse_file()
    return len(parser.parsed_messages.get_df())


RUNS: dict[str, Callable[[Path, str], int]] = {
    "amparo": reader, "amparo, sandboxed": sandbox, "whatstk": whatstk, "chat-miner": chat_miner,
}  # fmt: skip
MODULES = {"whatstk": "whatstk", "chat-miner": "chatminer"}


def measured(run: str, path: Path, form: str, before: str) -> None:
    """In its own process: prints the result as JSON."""
    if before:
        sys.path.insert(0, before)
    if run == "amparo":
        from amparo.sandbox.inside import chat

        chat.warm()
    elif run in MODULES:
        importlib.import_module(MODULES[run])
    wall, start = time.perf_counter(), time.process_time()
    with watched() as others:
        found = RUNS[run](path, form)
    seconds, wall = time.process_time() - start, time.perf_counter() - wall
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(
        json.dumps(
            {
                "messages": found,
                "seconds": seconds + sum(each.seconds for each in others.values()),
                "wall": wall,
                "peaks_mb": [peak_mb, *sorted((each.peak_mb for each in others.values()), reverse=True)],
            }
        )
    )


@dataclass
class Seen:
    """What a process had used when it was looked at last."""

    seconds: float = 0.0
    peak_mb: int = 0


@contextmanager
def watched() -> Iterator[dict[int, Seen]]:
    """The processes below this one, looked at twenty times a second: the sandbox's child is nobody's to ask for else."""
    seen: dict[int, Seen] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            for process in _below(os.getpid()):
                with suppress(OSError, ValueError, IndexError):
                    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                    status = Path(f"/proc/{process}/status").read_text().partition("VmHWM:")[2]
                    used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
                    seen[process] = Seen(used, int(status.split()[0]) >> 10)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _below(process: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_below(int(child))]
    return found


def once(run: str, path: Path, form: str, peers: str) -> dict[str, Any]:
    # -P: what lies beside this file is no library.
    command = [sys.executable, "-P", __file__, "--measure", run, str(path), form, peers if run in MODULES else ""]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1][:90] if done.stderr.strip() else str(done.returncode)}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


# --- The report ---------------------------------------------------------------------------------------------------------------


def there(peer: str, folder: str) -> bool:
    if folder and (Path(folder) / MODULES[peer]).is_dir():
        return True
    return importlib.util.find_spec(MODULES[peer]) is not None


def made(form: str, count: int, again: int, folder: Path) -> Path:
    path = folder / f"{form}-{count}.txt"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(FORMATS[form](count, again))
    return path


def in_turns(forms: list[str], count: int, again: int, folder: Path, repeats: int) -> None:
    """Our readers in this process, one after another, as many times as `repeats`: what a core reads a second."""
    from amparo.sandbox.inside import chat

    chat.warm()
    paths = {form: made(form, count, again, folder) for form in forms}
    seconds: dict[str, list[float]] = {form: [] for form in forms}
    for _ in range(repeats):
        for form, path in paths.items():
            start = time.process_time()
            reader(path, form)
            seconds[form].append(time.process_time() - start)
    for form, taken in seconds.items():
        best, median = (count * again / each for each in (min(taken), statistics.median(taken)))
        print(f"{form:10} {count * again:>10,} messages in turns: {best:>9,.0f}/s at best, {median:>9,.0f}/s median")


def compared(form: str, count: int, again: int, folder: Path, peers: str, repeats: int) -> None:
    path = made(form, count, again, folder)
    runs = ["amparo", "amparo, sandboxed", *(peer for peer in PEERS.get(form, ()) if there(peer, peers))]
    best: dict[str, dict[str, Any]] = {}
    for _ in range(repeats):
        for run in runs:
            result = once(run, path, form, peers)
            if run not in best or result.get("seconds", 1e9) < best[run].get("seconds", 1e9):
                best[run] = result
    ours = best["amparo"]
    times = f" (the first {count:,}, {again} times)" if again > 1 else ""
    print(f"{form}, {count * again:,} messages{times}, {path.stat().st_size / 1e6:.1f} MB")
    for run in runs:
        result = best[run]
        if "failed" in result:
            print(f"  {run:18} failed: {result['failed']}")
            continue
        ratio = result["seconds"] / ours["seconds"]
        print(
            f"  {run:18} {result['messages']:>10,} read {result['seconds']:8.2f} s"
            f" {result['messages'] / result['seconds']:>10,.0f}/s, {result['wall']:8.2f} s by the clock,"
            f" {' + '.join(map(str, result['peaks_mb']))} MB   {ratio:5.2f} times ours",
            flush=True,
        )
    path.unlink()


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        sys.path.insert(0, str(ROOT))
        measured(sys.argv[2], Path(sys.argv[3]), sys.argv[4], sys.argv[5])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000", help="messages, with commas; up to 10000000")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--peers", default="", metavar="FOLDER", help="where pip put the peers")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--again", type=int, default=1, help="each file holds its messages this many times")
    parser.add_argument("--in-turns", action="store_true", help="our readers alone, in one process")
    given = parser.parse_args()
    forms, sizes = given.formats.split(","), list(map(int, given.sizes.split(",")))
    with tempfile.TemporaryDirectory() as folder:
        if given.in_turns:
            sys.path.insert(0, str(ROOT))
            for count in sizes:
                in_turns(forms, count, given.again, Path(folder), given.repeats)
            return
        for peer in MODULES:
            if not there(peer, given.peers):
                print(
                    f"{peer} is not installed: pip install --target FOLDER {peer}, then --peers FOLDER. Going on without it."
                )
        for form in forms:
            for count in sizes:
                compared(form, count, given.again, Path(folder), given.peers, given.repeats)


if __name__ == "__main__":
    main()
