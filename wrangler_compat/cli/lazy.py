"""Groups of commands that are imported only when they are called: `--help` of the group costs nothing."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import click

#: Where a command is (a module with a click object named `command`, or `module:name`), and what it does.
Commands = Mapping[str, tuple[str, str]]


class _Misuse(click.UsageError):
    exit_code = 1


class LazyGroup(click.Group):
    """Knows its commands by name. A mistake in the usage exits with 1, as wrangler's do."""

    def __init__(self, *args: Any, lazy: Commands, **more: Any) -> None:
        super().__init__(*args, **more)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._lazy:
            return None
        module, _, name = self._lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name or "command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = [] if args[0] in self._lazy else get_close_matches(args[0], self._lazy)
        if near and not ctx.resilient_parsing:
            ctx.fail(f"No such command '{args[0]}'. Did you mean {' or '.join(near)}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._lazy[name][1]) for name in self.list_commands(ctx)])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as mistake:
            raise _Misuse(mistake.format_message(), mistake.ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as mistake:
            raise _Misuse(mistake.format_message(), mistake.ctx) from None
