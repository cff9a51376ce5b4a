"""`edge profile`: look at latency profiles, and fit one to what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.errors import UserError

if TYPE_CHECKING:
    from edge.network.fit import Sample


@click.group("profile")
def command() -> None:
    """Latency profiles: how far apart things are, as data (docs/latency-model.md).

    \b
    edge profile list
    """


@command.command("list")
def list_profiles() -> None:
    """The profiles that come with the package.

    \b
    edge profile list
    """
    from edge.network.profile import builtin_profiles

    for name in builtin_profiles():
        click.echo(name)


@command.command("show")
@click.argument("name", metavar="NAME|FILE")
def show(name: str) -> None:
    """Print a profile as TOML: the start of one of your own.

    \b
    edge profile show edge > mine.toml
    """
    from edge.network.profile import load_profile
    from edge.network.profile_text import profile_text

    profile = load_profile(name)
    if profile is None:
        raise UserError('the profile "none" has no figures: there is no distance')
    click.echo(profile_text(profile), nl=False)


@command.command("fit")
@click.argument("trace", metavar="TRACE", type=click.Path(path_type=Path))
@click.option("--base", default="edge", show_default=True, metavar="NAME|FILE",
              help="Where figures come from that the trace says nothing about.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write it there.")
def fit(trace: Path, base: str, out: Path | None) -> None:
    """Fit a profile to a TRACE file (`edge dev --trace`, `edge sim --trace`).

    \b
    edge profile fit trace.jsonl --out mine.toml
    """
    from edge.network.fit import fit_profile
    from edge.network.profile import load_profile
    from edge.network.profile_text import profile_text
    from wrangler_compat.cli.files import write_text

    start = load_profile(base)
    if start is None:
        raise UserError('the profile "none" is no base: it has no figures')
    fitted = fit_profile(_samples(trace), start, (out or trace).stem)
    if not fitted.samples:
        raise UserError(f"the trace {trace} has nothing to fit: no ways between places, no modelled waits")
    text = profile_text(fitted.profile)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_text(out, text)
    for key, count in sorted(fitted.samples.items()):
        click.echo(f"{key}: {count} samples", err=True)


def _samples(trace: Path) -> Iterator[Sample]:
    from edge.network.fit import Sample
    from edge.trace.lines import read_trace

    for span in read_trace(trace):
        source, target, what = (str(span.tags.get(key, "")) for key in ("source", "target", "what"))
        yield Sample(span.name, span.duration_s * 1000, source, target, what)
