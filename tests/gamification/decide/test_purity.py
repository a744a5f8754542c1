"""F13: what decides has nothing at hand that could differ the next time: no clock, no chance, no surroundings."""

import ast
from pathlib import Path

from apps.gamification import decide

SOURCES = sorted(Path(decide.__file__).parent.rglob("*.py"))
# What a decision may need of the standard library; the import contract names what else is forbidden.
ALLOWED = {
    "abc", "bisect", "calendar", "collections", "dataclasses", "datetime", "enum", "functools", "hashlib", "itertools", "math",
    "operator", "re", "typing", "uuid", "zoneinfo",
    "apps", "msgspec",
}  # fmt: skip
ASKS = {"now", "today", "utcnow", "uuid1", "uuid4", "uuid7", "id", "hash", "random", "time", "getenv", "open", "input"}


def test_it_imports_nothing_that_asks_the_surroundings() -> None:
    imported = {}
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            imported |= {name.partition(".")[0]: source.name for name in names}
    assert {name: file for name, file in imported.items() if name not in ALLOWED} == {}


def test_it_calls_nothing_that_asks_the_surroundings() -> None:
    found = [
        f"{source.name}:{node.lineno}"
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) in ASKS
    ]
    assert found == []


def test_it_goes_through_no_set_whose_order_is_chance() -> None:
    """Sets may be asked; whoever goes through one sorts it first."""
    found = []
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            over = node.iter if isinstance(node, ast.For | ast.comprehension) else None
            made = isinstance(over, ast.Set | ast.SetComp) or (
                isinstance(over, ast.Call) and getattr(over.func, "id", "") in ("set", "frozenset")
            )
            if made:
                found.append(f"{source.name}:{over.lineno}")
    assert found == []
