"""The command line in this process."""

from __future__ import annotations

from dataclasses import dataclass

from click.testing import CliRunner

from edge.errors import UserError
from wrangler_compat.cli.main import edge as command_line


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


def edge(*arguments: str, stdin: str | bytes | None = None) -> Ended:
    """Run `edge` to its end, as `main` does."""
    result = CliRunner().invoke(command_line, arguments, input=stdin)
    if isinstance(result.exception, UserError):
        return Ended(1, result.stdout_bytes, f"{result.stderr}{result.exception}\n")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout_bytes, result.stderr)


def done(*arguments: str, stdin: str | bytes | None = None) -> str:
    """What a command printed that went well."""
    ended = edge(*arguments, stdin=stdin)
    assert ended.code == 0, ended.err + ended.text
    return ended.text


def refused(*arguments: str, stdin: str | bytes | None = None) -> str:
    """What a command said that failed."""
    ended = edge(*arguments, stdin=stdin)
    assert ended.code == 1, ended.text
    return ended.err
