"""Applying a Dockerfile to the host's userland: all but FROM and RUN.

What is not done is said, once an image: no base image is fetched, no RUN line is run.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from edge.containers.engine import Image
from edge.errors import UserError
from sandbox.engines.process import userland
from sandbox.engines.process.dockerfile import Instruction, expand, json_form, pairs, parse
from sandbox.engines.process.image_tree import Ignored, ImageTree, find_sources, layer_path

_NO_EFFECT = {"EXPOSE", "LABEL", "MAINTAINER", "VOLUME", "HEALTHCHECK", "STOPSIGNAL", "ONBUILD"}
_DEFAULT_SHELL = ["/bin/sh", "-c"]


@dataclass
class Stage:
    """What the instructions since a FROM have made."""

    name: str
    tree: ImageTree
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = "/"
    entrypoint: list[str] | None = None
    #: The entrypoint was a line for the shell, which takes no arguments from CMD.
    closed: bool = False
    cmd: list[str] = field(default_factory=list)
    shell: list[str] = field(default_factory=lambda: list(_DEFAULT_SHELL))
    not_done: list[Instruction] = field(default_factory=list)

    @property
    def command(self) -> tuple[str, ...]:
        if self.entrypoint is None:
            return tuple(self.cmd)
        return tuple(self.entrypoint if self.closed else [*self.entrypoint, *self.cmd])


class DockerfileBuild:
    """One run through a Dockerfile."""

    def __init__(self, image: Image, folder: Path, skeleton: Path) -> None:
        """`folder`: an empty directory for the stages' trees."""
        assert image.dockerfile is not None
        self._file = image.dockerfile
        self._context = (image.build_context or image.dockerfile.parent).resolve()
        self._ignored = Ignored(self._context)
        self._folder = folder
        self._skeleton = skeleton
        self._given = dict(image.build_args)
        self._args: dict[str, str] = {}
        self._stages: list[Stage] = []
        self._do: dict[str, Callable[[Instruction, str], None]] = {
            "FROM": self._from,
            "ARG": self._arg,
            "ENV": lambda _, rest: self._stage.env.update(pairs(rest)),
            "WORKDIR": self._workdir,
            "COPY": self._copy,
            "ADD": self._copy,
            "CMD": self._cmd,
            "ENTRYPOINT": self._entrypoint,
            "SHELL": self._shell,
        }

    def run(self) -> Stage:
        """The last stage. Raises UserError with file and line."""
        for instruction in parse(self._file):
            try:
                self._apply(instruction)
            except UserError as error:
                if error.file is not None:
                    raise
                raise UserError(error.message, file=self._file, line=instruction.line) from None
        if not self._stages:
            raise UserError("no build stage: FROM is missing", file=self._file)
        return self._stages[-1]

    @property
    def _stage(self) -> Stage:
        if not self._stages:
            raise UserError("no build stage in current context")
        return self._stages[-1]

    def _apply(self, instruction: Instruction) -> None:
        keyword = instruction.keyword
        if keyword in self._do:
            rest = expand(instruction.rest, self._variables()) if instruction.expands else instruction.rest
            self._do[keyword](instruction, rest)
        elif keyword in ("RUN", "USER"):
            self._stage.not_done.append(instruction)
        elif keyword not in _NO_EFFECT:
            raise UserError(f"unknown instruction: {keyword}")

    def _variables(self) -> dict[str, str]:
        own = self._stages[-1].env if self._stages else {}
        return {**userland.environment(), **self._args, **own}

    def _from(self, _instruction: Instruction, rest: str) -> None:
        words = rest.split()
        name = words[2] if len(words) == 3 and words[1].upper() == "AS" else str(len(self._stages))
        root = self._folder / str(len(self._stages))
        root.mkdir()
        root.chmod(0o755)
        stage = Stage(name, ImageTree(root, self._skeleton))
        base = next((one for one in self._stages if one.name == words[0]), None)
        if base is not None:
            shutil.copytree(base.tree.root, root, symlinks=True, dirs_exist_ok=True)
            stage.env, stage.cwd, stage.shell = dict(base.env), base.cwd, list(base.shell)
            stage.entrypoint, stage.closed, stage.cmd = base.entrypoint, base.closed, list(base.cmd)
            stage.not_done = list(base.not_done)
        self._stages.append(stage)

    def _arg(self, _instruction: Instruction, rest: str) -> None:
        for word in rest.split() if "=" not in rest else [rest]:
            name, given, value = word.partition("=")
            default = next(iter(pairs(word).values()), value) if given else self._args.get(name, "")
            self._args[name] = self._given.get(name, default)

    def _workdir(self, _instruction: Instruction, rest: str) -> None:
        self._stage.cwd = layer_path(rest.strip().strip("\"'"), self._stage.cwd)
        self._stage.tree.directory(self._stage.cwd)

    def _copy(self, instruction: Instruction, rest: str) -> None:
        *sources, target = json_form(rest) or rest.split()
        stage = self._stage
        path = layer_path(target, stage.cwd)
        into = target.endswith(("/", "/.")) or target == "." or len(sources) > 1
        mode = int(instruction.flags["chmod"], 8) if "chmod" in instruction.flags else None
        if instruction.heredocs:
            for heredoc in instruction.heredocs:
                content = expand(heredoc.content, self._variables()) if heredoc.expands else heredoc.content
                stage.tree.write(f"{path}/{heredoc.name}" if into else path, content, mode)
            return
        context = self._context
        if "from" in instruction.flags:
            origin = self._origin(instruction.flags["from"])
            if origin is None:
                stage.not_done.append(instruction)
                return
            context = origin.tree.root
        for source in sources:
            if source.startswith(("http://", "https://", "git@")):
                stage.not_done.append(instruction)
                continue
            found = find_sources(context, source, self._ignored)
            stage.tree.copy(found, path, into or len(found) > 1, self._ignored, mode)

    def _origin(self, name: str) -> Stage | None:
        if name.isdigit() and int(name) < len(self._stages):
            return self._stages[int(name)]
        return next((stage for stage in self._stages if stage.name == name), None)

    def _command(self, rest: str) -> tuple[list[str], bool]:
        words = json_form(rest)
        return (words, False) if words is not None else ([*self._stage.shell, rest], True)

    def _cmd(self, _instruction: Instruction, rest: str) -> None:
        self._stage.cmd, _ = self._command(rest)

    def _entrypoint(self, _instruction: Instruction, rest: str) -> None:
        self._stage.entrypoint, self._stage.closed = self._command(rest)

    def _shell(self, _instruction: Instruction, rest: str) -> None:
        self._stage.shell = json_form(rest) or self._stage.shell
