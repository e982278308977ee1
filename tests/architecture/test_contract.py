"""What the import contract can't see, or can't say: names in strings, template tags across rooms, who opens hostile bytes."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "amparo"


def order_of_rooms() -> list[str]:
    """The rooms in the order of the flow, from the contract itself."""
    contract = configparser.ConfigParser()
    contract.read(ROOT / ".importlinter")
    layers = contract["importlinter:contract:rooms"]["layers"].split()
    return layers[::-1]


ORDER = order_of_rooms()


def sources(*, of: Path = PACKAGE) -> Iterator[Path]:
    return (each for each in of.rglob("*.py") if "migrations" not in each.parts)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def may_reach(room: str, other: str) -> bool:
    return ORDER.index(other) <= ORDER.index(room)


def imports_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_every_room_of_the_contract_stands_and_no_other() -> None:
    rooms = {each.name for each in PACKAGE.iterdir() if (each / "__init__.py").exists()}
    assert rooms == set(ORDER)


def test_relations_point_to_earlier_rooms_without_a_way_back() -> None:
    wrong = []
    for model in apps.get_models():
        if not model.__module__.startswith("amparo."):
            continue
        room = model.__module__.split(".")[1]
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if not target or field.auto_created or not target.__module__.startswith("amparo."):
                continue
            other = target.__module__.split(".")[1]
            if other == room:
                continue
            if not may_reach(room, other):
                wrong.append(f"{model.__name__}.{field.name} points to the later room {other}")
            if field.remote_field.related_name != "+":
                wrong.append(f"{model.__name__}.{field.name} leaves a way back: related_name must be '+'")
    assert wrong == []


DOTTED = re.compile(r"amparo\.(\w+)\.[\w.]+")


def test_names_in_strings_reach_no_later_room() -> None:
    """`import_string`, `get_model`, job paths and the like are imports in disguise."""
    wrong = []
    for path in sources():
        room = room_of(path)
        if room in {"wiring", "__init__.py"}:
            continue
        tree = ast.parse(path.read_text())
        documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
                named = DOTTED.fullmatch(node.value)
                if named and named[1] in ORDER and not may_reach(room, named[1]):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} names {node.value}")
    assert wrong == []


TAG = re.compile(r"{%\s*(url|include|extends)\s+[\"']([\w-]+)[:/]")
REVERSED = re.compile(r"(?:reverse|redirect|resolve_url)\(\s*[\"'](\w+):")


def test_templates_and_addresses_reach_no_later_room() -> None:
    wrong = []
    for path in PACKAGE.rglob("templates/**/*.*"):
        room = room_of(path)
        for tag, other in TAG.findall(path.read_text()):
            if other in ORDER and room in ORDER and not may_reach(room, other):
                wrong.append(f"{path.relative_to(ROOT)}: {tag} of the later room {other}")
    for path in sources():
        room = room_of(path)
        wrong += [
            f"{path.relative_to(ROOT)}: an address of the later room {other}"
            for other in REVERSED.findall(path.read_text())
            if other in ORDER and not may_reach(room, other)
        ]
    assert wrong == []


# Who may import what the house must be careful with. Paths are prefixes inside the package.
GUARDED = {
    "parsers of hostile bytes": (
        {"zipfile", "tarfile", "gzip", "email", "PIL", "pdqhash", "mailbox", "lxml", "xml"},
        ("sandbox/inside/",),
        {
            "exchange/courier.py": "writes mail; reads none",
            "intake/relay_letters.py": "writes mail to reporters; reads none",
            "exchange/submission.py": "hands on mail that the courier wrote; reads none",
            "wiring/demo/": "makes synthetic mail, archives and pictures; reads none from outside",
        },
    ),
    "cryptography": (
        {"cryptography", "nacl", "pyrage", "pysequoia", "hpke"},
        ("vault/envelope.py", "exchange/"),
        {"wiring/demo/": "plays the partners, who have keys of their own"},
    ),
    "the network": (
        {"urllib.request", "http.client", "requests", "httpx", "smtplib", "imaplib", "ftplib", "aiohttp"},
        ("exchange/courier.py", "exchange/submission.py", "matching/hma/courier.py"),
        {
            "intake/mailbox_fetch.py": "reads the line's own mailbox, in a process that holds public keys alone",
            "wiring/demo/": "plays the reporter and the partners, who send mail to the house on this machine",
        },
    ),
}


@pytest.mark.parametrize("what", GUARDED)
def test_only_the_places_listed_touch(what: str) -> None:
    modules, allowed, with_reason = GUARDED[what]
    places = (*allowed, *with_reason)
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources()
        for name in imports_in(path)
        if any(name == module or name.startswith(module + ".") for module in modules)
        and not str(path.relative_to(PACKAGE)).startswith(places)
    ]
    assert wrong == []


def views() -> Iterator[tuple[str, object]]:
    def walk(patterns: list[URLPattern | URLResolver], space: str) -> Iterator[tuple[str, object]]:
        for each in patterns:
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, f"{space}{each.namespace}:" if each.namespace else space)
            else:
                yield f"{space}{each.name}", each.callback

    return walk(get_resolver().url_patterns, "")


def test_every_page_states_its_power_or_is_listed_as_open() -> None:
    wrong = [name for name, view in views() if not hasattr(view, "power") and name not in settings.OPEN_VIEWS]
    assert wrong == []


def test_every_power_asked_for_is_listed() -> None:
    from amparo.access.acts import ACTS
    from amparo.access.rules import POWERS, PROCESSES

    known = set(POWERS).union(*PROCESSES.values())
    asked = {spec.power for spec in ACTS.values() if not spec.kind.startswith("test.")}
    asked |= {view.power for _, view in views() if getattr(view, "power", "")}  # type: ignore[attr-defined]
    assert asked - known == set()


def test_every_power_of_a_role_is_described() -> None:
    from amparo.access.rules import POWERS, ROLES

    assert set().union(*ROLES.values()) - set(POWERS) == set()


def test_every_action_is_an_act() -> None:
    """A public function of an `actions.py` that takes an actor changes state: it must be recorded."""
    from importlib import import_module

    wrong = []
    for path in PACKAGE.glob("*/actions.py"):
        if path.parent.name == "custody":
            continue
        module = import_module(f"amparo.{path.parent.name}.actions")
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                takes_actor = node.args.args and node.args.args[0].arg == "by"
                if takes_actor and not hasattr(getattr(module, node.name), "act_kind"):
                    wrong.append(f"{path.parent.name}.{node.name}")
    assert wrong == []


def test_every_model_has_a_retention_class() -> None:
    wrong = [
        model.__name__
        for model in apps.get_models()
        if model.__module__.startswith("amparo.") and not isinstance(getattr(model, "retention", None), str)
    ]
    assert wrong == []


def test_the_map_names_the_rooms_in_the_contract_s_order() -> None:
    rooms = re.findall(r"^\| \d+b? \| `(\w+)`", (ROOT / "docs" / "map.md").read_text(), flags=re.MULTILINE)
    assert rooms == ORDER


@pytest.mark.django_db
def test_migrations_are_complete() -> None:
    from io import StringIO

    from django.core.management import call_command

    told = StringIO()
    call_command("makemigrations", "--check", "--dry-run", stdout=told)
    assert "No changes" in told.getvalue()


BAD_WORDS = re.compile(r"child porn|kiddie|paedophile|pedophile|child prostitut", re.IGNORECASE)


def test_the_field_s_words_are_used() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*")
        if path.suffix in {".py", ".html", ".json", ".toml", ".csv", ".md"}
        and BAD_WORDS.search(path.read_text(errors="replace"))
    ]
    assert wrong == []
