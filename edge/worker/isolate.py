"""One version of a Worker's code, loaded and ready to make entrypoints."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.config import WorkerConfig
from edge.errors import WorkerLoadError
from edge.http.host import Host, HttpCompat, enter_host, leave_host
from edge.worker.dialect import Dialect, Exports
from edge.worker.modules import ModuleSpace, Provided

_SRC_NOTE = (
    "If your main module is inside the 'src' directory then your import statement shouldn't include a "
    "'src.' prefix"
)


class Isolate:
    """The loaded code of a Worker with its environment (spec python-workers.md section 2.1)."""

    __slots__ = ("config", "dialect", "env", "exports", "host", "loopback", "space", "startup_s")

    def __init__(
        self,
        config: WorkerConfig,
        dialect: Dialect,
        env: Any,
        host: Host | None = None,
        *,
        views: Mapping[str, Provided] | None = None,
    ) -> None:
        """`host` is the world around the code, `views` what it sees in the place of host modules. Raises
        WorkerLoadError, naming file and line, when the code does not load."""
        self.config = config
        self.dialect = dialect
        self.env = env
        #: `ctx.exports`, from the world; None for a Worker that has none.
        self.loopback: Any = None
        #: How long the code took to load, as its world measured it.
        self.startup_s = 0.0
        self.host = host or Host(HttpCompat.of(config))
        tokens = enter_host(self.host)
        try:
            self.space = ModuleSpace(_roots(config), {**(views or {}), **dialect.modules(config, env)})
            self.exports = Exports() if config.main is None else self._load_or_close(config.main)
        finally:
            leave_host(tokens)

    def _load_or_close(self, main: Path) -> Exports:
        try:
            return self._load(main)
        except WorkerLoadError:
            self.close()
            raise

    def _load(self, main: Path) -> Exports:
        if main.suffix != ".py":
            raise WorkerLoadError("Main module needs to end with a .py file extension", file=main)
        if not main.is_file():
            raise WorkerLoadError("the main module of this Worker does not exist", file=main)
        try:
            return self.dialect.exports(self.space.load_main(main), self.config)
        except WorkerLoadError:
            raise
        except SyntaxError as error:
            where = Path(error.filename) if error.filename else main
            raise WorkerLoadError(f"SyntaxError: {error.msg}", file=where, line=error.lineno) from error
        except (Exception, SystemExit) as error:
            raise _load_error(error, main) from error

    def durable_class(self, name: str) -> type | None:
        return self.exports.durable.get(name)

    def require_durable_class(self, name: str) -> None:
        """Raises WorkerLoadError when the main module has no such Durable Object class."""
        if self.durable_class(name) is None:
            raise WorkerLoadError(
                f"There is no '{name}' class defined in the Python Worker's main module",
                file=self.config.main,
            )

    def close(self) -> None:
        self.space.close()


def _roots(config: WorkerConfig) -> list[Path]:
    roots = [] if config.main is None else [config.main.parent]
    vendored = config.root / "python_modules"
    if config.has_flag("python_process_pth_files", "2026-05-26"):
        return [*roots, vendored, *_named_in_pth_files(vendored)]
    return [*roots, vendored]


def _named_in_pth_files(folder: Path) -> list[Path]:
    """The folders that `.pth` files add to the path (Python's `site`); their `import` lines are not run."""
    lines = [line.strip() for file in sorted(folder.glob("*.pth")) for line in file.read_text().splitlines()]
    named = [folder / line for line in lines if line and not line.startswith(("#", "import ", "import\t"))]
    return [path for path in named if path.is_dir()]


def _load_error(error: BaseException, main: Path) -> WorkerLoadError:
    """The user's error with the innermost line of the user's own code."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(main.parent)]
    message = "".join(traceback.format_exception_only(error)).strip()
    if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] == "src":
        message += f"\n{_SRC_NOTE}"
    if own:
        return WorkerLoadError(message, file=Path(own[-1].filename), line=own[-1].lineno)
    return WorkerLoadError(message, file=main)
