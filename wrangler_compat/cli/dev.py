"""`edge dev`: serve Workers on this machine, and reload them when they change."""

from __future__ import annotations

from pathlib import Path

import click

from edge.errors import UserError
from wrangler_compat.cli.state_folder import persist_to
from wrangler_compat.dev.options import DevOptions

_SERVERS = ["uvicorn", "hypercorn"]
_LOG_LEVELS = ["none", "error", "warn", "info", "log", "debug"]


@click.command("dev")
@click.argument("directory", default=".", metavar="[DIR]")
@click.option("-c", "--config", "configs", multiple=True, metavar="FILE",
              help="A configuration file. Several times: several Workers, the first answers.")  # fmt: skip
@click.option("-e", "--env", "environment", metavar="NAME", help="The environment of the configuration.")
@click.option("--port", type=click.IntRange(0, 65535), help="8787 unless configured; 0 picks a free one.")
@click.option("--host", "--ip", "host", help="The address to listen on; loopback unless given.")
@persist_to("Where data is kept (.wrangler/state).")
@click.option("--server", type=click.Choice(_SERVERS), default="uvicorn", show_default=True,
              help="hypercorn speaks HTTP/2, HTTP/3 and TLS.")  # fmt: skip
@click.option(
    "--https", is_flag=True, help="Serve TLS, with a self-signed certificate unless --cert is given."
)
@click.option("--cert", metavar="FILE", help="Certificate chain (PEM).")
@click.option("--key", metavar="FILE", help="Its private key (PEM).")
@click.option("--durability", type=click.Choice(["full", "relaxed"]), default="full", show_default=True,
              help="relaxed: acknowledged writes survive a killed process, but not a power cut.")  # fmt: skip
@click.option("--var", "variables", multiple=True, metavar="KEY:VALUE", help="A variable; may be repeated.")
@click.option(
    "--env-file", "env_files", multiple=True, metavar="FILE", help="Read secrets from here instead."
)
@click.option("--allow-unsupported", is_flag=True, help="Leave out bindings that are not emulated.")
@click.option("--reload/--no-reload", default=True, show_default=True, help="Reload when files change.")
@click.option("--place", help="Where requests enter: IATA code or city. X-Edge-Place says it for one.")
@click.option("--profile", help="How far apart things are: none, edge, streaming-seed, or a TOML file.")
@click.option("--faults", metavar="FILE", help="What goes wrong, and when: a TOML file.")
@click.option("--engine", help="What runs containers: auto, process, docker, podman or fake.")
@click.option("--package-cache/--no-package-cache", default=True, show_default=True,
              help="Whether sandboxes share what npm and pip install (process engine).")  # fmt: skip
@click.option("--subrequests", type=click.IntRange(0), metavar="N",
              help="What an invocation may make, whatever is configured; 0: any number.")  # fmt: skip
@click.option("--strict-ffi", "strict_ffi", flag_value="bindings",
              help="Values cross to JavaScript as raw proxies do.")  # fmt: skip
@click.option("--strict-calls", "strict_ffi", flag_value="calls",
              help="The same where the SDK converts nothing: functions and buffers.")  # fmt: skip
@click.option("--trace", metavar="FILE", help="Write a span a line, for `edge trace FILE`.")
@click.option("--inspector/--no-inspector", default=None,
              help="Pages under /cdn-cgi/edge; on unless others can reach the server.")  # fmt: skip
@click.option("--log-level", type=click.Choice(_LOG_LEVELS), default="log", show_default=True)
def command(directory: str, configs: tuple[str, ...], port: int | None, variables: tuple[str, ...],
            **rest: object) -> None:  # fmt: skip
    """Run the Workers of DIR (the current folder) with their KV namespaces, Durable Objects and assets.

    \b
    edge dev
    edge dev my-worker --port 0 --env staging
    edge dev --place syd --profile edge
    """
    from wrangler_compat.dev.session import run

    paths = config_paths(Path(directory), configs)
    run(DevOptions.of(paths=paths, port=port, variables=dict(map(variable, variables)), rest=rest))


def config_paths(folder: Path, configs: tuple[str, ...]) -> tuple[Path, ...]:
    """The configurations named, else the one of the folder. Raises UserError, ConfigError."""
    from wrangler_compat.config.search import find_config

    if not folder.exists():
        raise UserError(f'the folder "{folder}" does not exist')
    return tuple(_config_path(folder, name) for name in configs) or (find_config(folder),)


def _config_path(folder: Path, name: str) -> Path:
    """A file, or a folder that has one; relative to DIR."""
    from wrangler_compat.config.search import find_config

    path = folder / name
    return find_config(path) if path.is_dir() else path.resolve()


def variable(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name:
        raise click.BadParameter(f'expected KEY:VALUE, got "{text}"', param_hint="--var")
    return name, value
