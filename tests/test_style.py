"""The house rules that a machine can check: floors, file and function lengths, words that mean unfinished."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("edge", "sandbox", "wrangler_compat")
FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 60
POSITIONAL_MAX = 6

#: Floors from the ground up; a module imports from its own floor or below (ARCHITECTURE.md).
FLOORS = [
    {"edge.errors", "edge.config", "edge.limits", "edge.kernel"},
    {"edge.js", "edge.network"},
    {"edge.http", "edge.sql"},
    {"edge.worker"},
    {
        *("edge.kv", "edge.durable", "edge.assets", "edge.d1", "edge.r2", "edge.ratelimit"),
        *("edge.analytics", "edge.cache", "edge.containers", "edge.vectorize", "edge.queues"),
    },
    {"edge.trace", "edge.world", "edge.products"},
    {"edge.server", "edge.testing", "edge.simulator"},
    {"sandbox"},
    {"wrangler_compat"},
]


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(module: str) -> int | None:
    for level, floor in enumerate(FLOORS):
        if any(module == name or module.startswith(name + ".") for name in floor):
            return level
    return None


def imports_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name


def test_imports_point_downwards() -> None:
    wrong = []
    for path in sources(*PACKAGES):
        own = floor_of(module_name(path))
        for line, target in imports_of(ast.parse(path.read_text())):
            level = floor_of(target)
            if own is not None and level is not None and level > own:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {target}, which is above it")
    assert wrong == []


def test_every_module_stands_on_a_floor() -> None:
    lost = [
        str(path.relative_to(ROOT))
        for path in sources(*PACKAGES)
        if module_name(path) != "edge" and floor_of(module_name(path)) is None
    ]
    assert lost == []


def test_products_do_not_know_each_other() -> None:
    products = (
        "edge.kv",
        "edge.durable",
        "edge.assets",
        "edge.d1",
        "edge.r2",
        "edge.ratelimit",
        "edge.analytics",
        "edge.cache",
        "edge.containers",
        "edge.vectorize",
        "edge.queues",
    )
    wrong = []
    for path in sources("edge"):
        own = next((name for name in products if module_name(path).startswith(name)), None)
        for line, target in imports_of(ast.parse(path.read_text())):
            other = next((name for name in products if target.startswith(name)), None)
            if own and other and own != other:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {target}")
    assert wrong == []


def test_pure_logic_has_no_io() -> None:
    impure = (
        "asyncio",
        "sqlite3",
        "aiosqlite",
        "time",
        "random",
        "os",
        "threading",
        "edge.kernel",
        "logging",
    )
    wrong = []
    for path in sources("edge"):
        if "logic" not in path.parts:
            continue
        for line, target in imports_of(ast.parse(path.read_text())):
            if any(target == name or target.startswith(name + ".") for name in impure):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {target}")
    assert wrong == []


def test_files_are_short() -> None:
    limits = [(path, FILE_LINES_MAX) for path in sources(*PACKAGES, "benchmarks")]
    limits += [(path, TEST_FILE_LINES_MAX) for path in sources("tests")]
    long = [
        f"{path.relative_to(ROOT)}: {count} lines, at most {limit}"
        for path, limit in limits
        if (count := path.read_text().count("\n")) > limit
    ]
    assert long == []


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_functions_are_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}: {length} lines"
        for path in sources(*PACKAGES)
        for function in functions(path)
        if (length := (function.end_lineno or function.lineno) - function.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_nothing_is_left_unfinished() -> None:
    word = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sources(*PACKAGES, "examples", "benchmarks")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if word.search(line)
    ]
    assert found == []


def test_no_exception_is_swallowed() -> None:
    wrong = []
    for path in sources(*PACKAGES):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.ExceptHandler)
                and len(node.body) == 1
                and isinstance(node.body[0], ast.Pass)
            ):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


@pytest.mark.parametrize("folder", ["tests"])
def test_every_test_can_fail(folder: str) -> None:
    checks = (ast.Assert, ast.With, ast.AsyncWith, ast.Call)
    idle = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in sources(folder)
        for function in functions(path)
        if function.name.startswith("test_")
        and not any(isinstance(node, checks) for node in ast.walk(function))
    ]
    assert idle == []
