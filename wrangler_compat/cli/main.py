"""The `edge` command. Each subcommand lives in its own module and is imported only when it is called."""

from __future__ import annotations

import errno
import gc
import sys

import click

from edge.errors import EdgeError, UserError
from wrangler_compat.cli.lazy import LazyGroup

_COMMANDS = {
    "check": ("wrangler_compat.cli.check", "Find what would not run on Cloudflare."),
    "cloud": ("wrangler_compat.cli.cloud", "Answer as Cloudflare's API on this machine."),
    "completion": ("wrangler_compat.cli.completion", "Print the script by which a shell completes."),
    "containers": (
        "wrangler_compat.cli.containers.command",
        "See container applications and images, and push images.",
    ),
    "d1": ("wrangler_compat.cli.d1.command", "Work with D1 databases."),
    "deploy": (
        "wrangler_compat.cli.deploy",
        "Upload a project to Cloudflare, or show what would be uploaded.",
    ),
    "deployments": ("wrangler_compat.cli.deployments", "See what of a Worker is live, and was."),
    "dev": ("wrangler_compat.cli.dev", "Run Workers on this machine."),
    "init": ("wrangler_compat.cli.init", "Make a new project from a template."),
    "kv": ("wrangler_compat.cli.kv.command", "Read and write Workers KV."),
    "lab": ("wrangler_compat.cli.lab", "Measure what a project's optimisations bring."),
    "profile": ("wrangler_compat.cli.profile", "Look at latency profiles, or fit one to a trace."),
    "r2": ("wrangler_compat.cli.r2.command", "Read and write R2 buckets."),
    "rollback": ("wrangler_compat.cli.versions:rollback", "Make an earlier version of a Worker live again."),
    "secret": ("wrangler_compat.cli.secret", "Set secrets of a deployed Worker."),
    "sim": ("wrangler_compat.cli.sim", "Simulate many users of Workers."),
    "tail": ("wrangler_compat.cli.tail.command", "Print what happens in a deployed Worker."),
    "trace": ("wrangler_compat.cli.trace", "Look at what a run recorded."),
    "types": ("wrangler_compat.cli.types", "Write types of `env` for editors."),
    "vectorize": ("wrangler_compat.cli.vectorize", "Make Vectorize indexes on this machine."),
    "versions": ("wrangler_compat.cli.versions", "See and choose the versions of a Worker."),
    "whoami": ("wrangler_compat.cli.whoami", "See whose token it is, and its accounts."),
}


#: What a disk or the rights of this user answer; any other OSError that gets this far is a mistake of edge.
_DISK_REFUSES = {
    *(errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT),
    *(errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, "-v", "--version", package_name="cortex-edge", message="%(package)s %(version)s")
def edge() -> None:
    """Cloudflare's edge on your own machine, for Workers written in Python."""


def main() -> None:
    """Entry point: a user's mistake is one message and exit code 1."""
    gc.disable()  # nothing of what start-up makes is garbage; long runs switch it on again
    try:
        edge.main(prog_name="edge")
    except UserError as error:
        _fail(str(error))
    except EdgeError as error:
        _fail(f"{error}\nThis is a bug of cortex-edge: please report it.")
    except OSError as error:
        if error.errno not in _DISK_REFUSES:
            raise
        _fail(f"{error.filename or 'a file'} cannot be used: {error.strerror}")


def _fail(message: str) -> None:
    sys.stdout.flush()
    click.echo(f"{click.style('✘ [ERROR]', fg='red')} {message}", err=True)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
