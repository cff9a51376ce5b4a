"""What is not documented fails here: keys, commands, flags, errors."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import edge
import wrangler_compat
from edge.errors import EdgeError
from wrangler_compat.cli.document import examples, walk, with_commands
from wrangler_compat.cli.main import edge as command_line
from wrangler_compat.config.document import DOCUMENT, with_table

ROOT = Path(__file__).parent.parent
PAGES = {path.name: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
TOP_PAGES = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md")


def test_the_table_of_keys_is_the_schemas() -> None:
    text = DOCUMENT.read_text()
    assert with_table(text) == text, "run: python -m wrangler_compat.config.document"


#: The page that explains a command, with all its flags.
HOME = {
    "completion": "cli.md",
    "whoami": "cli.md",
    "versions": "cli.md",
    "tail": "cli.md",
    "secret": "cli.md",
    "rollback": "cli.md",
    "deployments": "cli.md",
    "check": "check.md",
    "cloud": "cloud.md",
    "deploy": "deploy.md",
    "dev": "dev.md",
    "init": "init.md",
    "containers": "cli.md",
    "d1": "cli.md",
    "kv": "cli.md",
    "lab": "lab.md",
    "profile": "latency-model.md",
    "r2": "cli.md",
    "sim": "simulation.md",
    "trace": "tracing.md",
    "types": "types.md",
    "vectorize": "vectorize.md",
}
ALL_COMMANDS = [(name, command) for name, command in walk(command_line, "edge") if name != "edge"]


@pytest.mark.parametrize(("name", "command"), ALL_COMMANDS, ids=[name for name, _ in ALL_COMMANDS])
def test_commands_and_flags_are_documented(name: str, command: click.Command) -> None:
    page = HOME[name.split()[1]]
    assert f"`{name}" in PAGES[page] or f"    {name}" in PAGES[page], f"docs/{page} does not mention `{name}`"
    flags = [
        option
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts[-1:]
        if option not in ("--help", "--version")
    ]
    assert [flag for flag in flags if flag not in PAGES[page]] == []


def test_the_page_of_the_command_line_is_its_own_help() -> None:
    text = PAGES["cli.md"]
    assert with_commands(text, command_line) == text, "run: python -m wrangler_compat.cli.document"


@pytest.mark.parametrize(("name", "command"), ALL_COMMANDS, ids=[name for name, _ in ALL_COMMANDS])
def test_commands_have_examples_that_they_understand(name: str, command: click.Command) -> None:
    lines = examples(command)
    assert lines, f"the help of `{name}` has no example (a paragraph that begins with a backspace)"
    for line in lines:
        words = shlex.split(re.split(r"[|<>#]", line)[0])
        assert words[0] == "edge", line
        called: click.Command = command_line
        context = click.Context(called)
        arguments = words[1:]
        while isinstance(called, click.Group):
            _, found, arguments = called.resolve_command(context, arguments)
            assert found is not None, line
            called = found
        called.make_context("edge", arguments)  # raises for flags and values that it does not know


def modules(package: object) -> Iterator[str]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):  # type: ignore[attr-defined]
        yield found.name


def error_classes() -> set[type]:
    found: set[type] = set()
    for name in [*modules(edge), *modules(wrangler_compat)]:
        if name.endswith("__main__"):
            continue
        for _, member in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if issubclass(member, EdgeError):
                found.add(member)
    return found


def test_every_error_of_ours_is_documented() -> None:
    missing = [cls.__name__ for cls in error_classes() if f"`{cls.__name__}`" not in PAGES["errors.md"]]
    assert sorted(missing) == []


LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)#?([^)\s]*)\)")
EXAMPLE_PAGES = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("examples/*/README.md"))]


def prose(path: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """What its headings are called in links."""
    titles = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize(
    "page", [*TOP_PAGES, *(f"docs/{name}" for name in PAGES), "docs/decisions/README.md", *EXAMPLE_PAGES]
)
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    broken = []
    for name, anchor in LINK.findall(prose(path)):
        target = path.parent / name if name else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(f"{name}#{anchor}")
    assert broken == []


def test_the_readme_leads_to_every_page() -> None:
    named = {name for name, _ in LINK.findall((ROOT / "README.md").read_text())}
    assert {f"docs/{name}" for name in PAGES} - named == set()


def test_paths_in_the_architecture_exist() -> None:
    named = set(
        re.findall(r"`((?:edge|wrangler_compat|tests)/[\w/.]*)`", (ROOT / "ARCHITECTURE.md").read_text())
    )
    assert named
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_pages_that_are_named_are_linked() -> None:
    named = [
        f"{name}: {page}" for name, text in PAGES.items() for page in re.findall(r"`([\w-]+\.md)`", text)
    ]
    assert named == []
