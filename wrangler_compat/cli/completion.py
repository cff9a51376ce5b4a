"""`edge completion`: the script by which a shell completes commands and flags (Click's own)."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_SHELLS = ["bash", "zsh", "fish"]


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete commands and flags.

    \b
    edge completion bash > ~/.local/share/bash-completion/completions/edge
    edge completion zsh > ~/.zfunc/_edge
    edge completion fish > ~/.config/fish/completions/edge.fish
    """
    found = get_completion_class(shell)
    assert found is not None, shell
    whole = context.find_root().command
    click.echo(found(whole, {}, "edge", "_EDGE_COMPLETE").source())
