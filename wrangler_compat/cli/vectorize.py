"""`edge vectorize`: make the indexes of this machine as they are on Cloudflare.

Source: wrangler "vectorize" commands; spec runtime.md section 14.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.errors import UserError
from wrangler_compat.cli.state_failure import state_failure
from wrangler_compat.cli.state_folder import persist_to

if TYPE_CHECKING:
    from edge.vectorize.logic.definition import Definition
    from edge.vectorize.store import Store

_STATE = Path(".wrangler") / "state"

_persist_to = persist_to("Where data is kept (.wrangler/state).", default=_STATE)
_as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
_property = click.option(
    "--property-name", required=True, help="A property of the metadata, such as author.name."
)


@click.group("vectorize")
def command() -> None:
    """Vectorize indexes on this machine (docs/vectorize.md).

    \b
    edge vectorize create notes --dimensions 384 --metric cosine
    edge vectorize list
    """


@command.command("create")
@click.argument("name")
@click.option("--dimensions", type=int, required=True, help="How many numbers a vector has, 1 to 1536.")
@click.option("--metric", type=click.Choice(["cosine", "euclidean", "dot-product"]), required=True,
              help="How near two vectors are.")  # fmt: skip
@_persist_to
@_as_json
def create(name: str, dimensions: int, metric: str, persist_to: Path, as_json: bool) -> None:
    """Create the index NAME. Only properties with a metadata index can be filtered in it.

    \b
    edge vectorize create notes --dimensions 384 --metric cosine
    """
    from edge.vectorize.logic.definition import Definition, Metric
    from edge.vectorize.logic.limits import DIMENSIONS_MAX

    if not 1 <= dimensions <= DIMENSIONS_MAX:
        raise UserError(f"--dimensions must be from 1 to {DIMENSIONS_MAX}, not {dimensions}")
    with _store(persist_to, name) as store:
        if store.definition is not None:
            raise UserError(
                f'the index "{name}" exists already; delete it first: edge vectorize delete {name}'
            )
        store.define(Definition(dimensions, Metric(metric), {}))
        _say(
            as_json, _shown(name, store), f'✅ Created the index "{name}": {dimensions} dimensions, {metric}'
        )


@command.command("list")
@_persist_to
@_as_json
def list_indexes(persist_to: Path, as_json: bool) -> None:
    """The indexes that are there.

    \b
    edge vectorize list --json
    """
    found = []
    for path in sorted((persist_to / "v3" / "vectorize").glob("*.sqlite")):
        with _existing(persist_to, path.stem) as store:
            found.append(_shown(path.stem, store))
    lines = [f"{one['name']}  {one['dimensions']} dimensions  {one['metric']}" for one in found]
    _say(as_json, found, "\n".join(lines) or "There is no index yet: edge vectorize create NAME …")


@command.command("info")
@click.argument("name")
@_persist_to
@_as_json
def info(name: str, persist_to: Path, as_json: bool) -> None:
    """What the index NAME is, and how many vectors it has.

    \b
    edge vectorize info notes
    """
    with _existing(persist_to, name) as store:
        about = _shown(name, store)
    _say(as_json, about, "\n".join(f"{key}: {value}" for key, value in about.items()))


@command.command("delete")
@click.argument("name")
@click.option("-y", "--force", is_flag=True, help="Do not ask.")
@_persist_to
def delete(name: str, force: bool, persist_to: Path) -> None:
    """Delete the index NAME with its vectors.

    \b
    edge vectorize delete notes --force
    """
    with _existing(persist_to, name):
        pass
    if not force:
        click.confirm(f'Delete the index "{name}" with its vectors?', abort=True)
    path = _path(persist_to, name)
    for one in path.parent.glob(f"{name}.sqlite*"):
        one.unlink()
    click.echo(f'✅ Deleted the index "{name}"')


@command.command("create-metadata-index")
@click.argument("name")
@_property
@click.option("--type", "kind", type=click.Choice(["string", "number", "boolean"]), required=True,
              help="What the property holds.")  # fmt: skip
@_persist_to
def create_metadata_index(name: str, property_name: str, kind: str, persist_to: Path) -> None:
    """Let queries of the index NAME filter by a property. Counts for vectors that come afterwards.

    \b
    edge vectorize create-metadata-index notes --property-name author.name --type string
    """
    from edge.vectorize.logic.limits import METADATA_INDEXES_MAX

    def add(properties: dict[str, str]) -> None:
        if property_name in properties:
            raise UserError(f'"{name}" has a metadata index on "{property_name}" already')
        if len(properties) >= METADATA_INDEXES_MAX:
            raise UserError(f'"{name}" has {METADATA_INDEXES_MAX} metadata indexes; there cannot be more')
        properties[property_name] = kind

    _change(persist_to, name, add)
    click.echo(f'✅ Queries of "{name}" can filter by "{property_name}" ({kind})')


@command.command("list-metadata-index")
@click.argument("name")
@_persist_to
@_as_json
def list_metadata_index(name: str, persist_to: Path, as_json: bool) -> None:
    """The properties that queries of the index NAME can filter by.

    \b
    edge vectorize list-metadata-index notes
    """
    with _existing(persist_to, name) as store:
        properties = _defined(name, store).properties
    if properties is None:
        return _say(as_json, [], f'"{name}" was made by its first vector: every property can be filtered')
    found = [{"propertyName": path, "indexType": kind} for path, kind in properties.items()]
    lines = [f"{path}  {kind}" for path, kind in properties.items()]
    _say(as_json, found, "\n".join(lines) or f'"{name}" has no metadata index')


@command.command("delete-metadata-index")
@click.argument("name")
@_property
@_persist_to
def delete_metadata_index(name: str, property_name: str, persist_to: Path) -> None:
    """Let queries of the index NAME no longer filter by a property.

    \b
    edge vectorize delete-metadata-index notes --property-name author.name
    """

    def remove(properties: dict[str, str]) -> None:
        if properties.pop(property_name, None) is None:
            raise UserError(f'"{name}" has no metadata index on "{property_name}"')

    _change(persist_to, name, remove)
    click.echo(f'✅ Queries of "{name}" no longer filter by "{property_name}"')


def _change(persist_to: Path, name: str, change: Callable[[dict[str, str]], None]) -> None:
    with _existing(persist_to, name) as store:
        definition = _defined(name, store)
        properties = dict(definition.properties or {})
        change(properties)
        store.define(replace(definition, properties=properties))


def _shown(name: str, store: Store) -> dict[str, Any]:
    definition = _defined(name, store)
    return {
        "name": name,
        "dimensions": definition.dimensions,
        "metric": definition.metric.value,
        "vectorCount": store.count(),
    }


def _defined(name: str, store: Store) -> Definition:
    if store.definition is None:
        raise UserError(f'the index "{name}" is empty')
    return store.definition


def _path(persist_to: Path, name: str) -> Path:
    from edge.vectorize.open import index_path

    if not name or "/" in name or name.startswith(".") or len(name.encode()) > 64:
        raise UserError(f'"{name}" is no name for an index: a text of 1 to 64 bytes without slashes')
    return index_path(persist_to, name)


@contextmanager
def _existing(persist_to: Path, name: str) -> Iterator[Store]:
    if not _path(persist_to, name).exists():
        raise UserError(
            f'there is no index "{name}" in {persist_to}; edge vectorize list shows what there is'
        )
    with _store(persist_to, name) as store:
        yield store


@contextmanager
def _store(persist_to: Path, name: str) -> Iterator[Store]:
    import apsw

    from edge.vectorize.store import Store

    path = _path(persist_to, name)
    store = Store(path)
    try:
        yield store
    except (apsw.Error, OSError) as error:
        raise state_failure(f'the index "{name}"', path, error) from None
    finally:
        store.close()


def _say(as_json: bool, value: Any, text: str) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False) if as_json else text)
