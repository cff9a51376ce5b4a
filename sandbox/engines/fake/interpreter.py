"""A small shell: runs what `bashlex` reads. What it does not know it refuses in words, never in silence."""

from __future__ import annotations

import asyncio
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import bashlex
from bashlex.errors import ParsingError

from sandbox.engines.fake.builtins import BUILTINS, Return, ShellExit
from sandbox.engines.fake.pipe import Borrowed, Collecting, Discarding, Filled, Pipe
from sandbox.engines.fake.process import FakeProcess
from sandbox.engines.fake.shell_files import appending
from sandbox.engines.fake.shell_words import Unsupported, Words, variables

if TYPE_CHECKING:
    from sandbox.engines.fake.instance import FakeInstance

NOT_FOUND = 127
_PLAIN_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_SYNTAX = 2


@dataclass
class State:
    """What persists from one command of a shell to the next."""

    cwd: str
    variables: dict[str, str]
    exported: set[str]
    status: int = 0
    last_background: int = 0
    positional: list[str] = field(default_factory=list)
    name: str = "sh"
    jobs: dict[int, FakeProcess] = field(default_factory=dict)
    functions: dict[str, tuple[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, cwd: str, env: Mapping[str, str]) -> State:
        return cls(cwd, dict(env), set(env))

    def environment(self) -> dict[str, str]:
        """What programs get."""
        return {name: self.variables[name] for name in self.exported if name in self.variables} | {
            "PWD": self.cwd
        }

    def copy(self) -> State:
        """For a subshell: what it changes is its own."""
        return replace(
            self, variables=dict(self.variables), exported=set(self.exported), functions=dict(self.functions)
        )


@dataclass(frozen=True)
class Streams:
    """Where a command reads and writes."""

    stdin: Pipe
    stdout: Pipe
    stderr: Pipe


class Interpreter:
    """Runs command lines in a container."""

    def __init__(self, instance: FakeInstance, state: State, pid: int = 1) -> None:
        self.instance = instance
        self.state = state
        self.pid = pid
        self._source = ""

    async def run(self, source: str, streams: Streams) -> int:
        """Run a command line; its exit code. Raises ShellExit for `exit`."""
        if not source.strip():
            return 0
        try:
            trees = bashlex.parse(source)
        except (ParsingError, NotImplementedError) as mistake:
            await streams.stderr.write(f"sh: syntax error: {mistake}\n".encode())
            return _SYNTAX
        outer, self._source = self._source, source
        try:
            for tree in trees:
                self.state.status = await self._node(tree, streams)
        except Unsupported as gap:
            await streams.stderr.write(f"sh: the fake engine's shell: {gap}\n".encode())
            self.state.status = _SYNTAX
        finally:
            self._source = outer
        return self.state.status

    async def _node(self, node: Any, streams: Streams) -> int:
        run = getattr(self, f"_{node.kind}", None)
        if run is None:
            raise Unsupported(f"{node.kind} is not supported")
        code: int = await run(node, streams)
        self.state.status = code
        return code

    # -- lists and pipelines

    async def _list(self, node: Any, streams: Streams) -> int:
        code, skip = 0, False
        parts = node.parts
        for index, part in enumerate(parts):
            if part.kind == "operator":
                skip = (part.op == "&&" and code != 0) or (part.op == "||" and code == 0)
                continue
            following = parts[index + 1] if index + 1 < len(parts) else None
            if skip:
                continue
            if following is not None and following.kind == "operator" and following.op == "&":
                code = self._start_background(part, streams)
            else:
                code = await self._node(part, streams)
        return code

    def _start_background(self, node: Any, streams: Streams) -> int:
        """A subshell that nobody waits for; it holds on to the output as bash's would."""
        child = Interpreter(self.instance, self.state.copy(), self.pid)
        child._source = self._source
        kept = Streams(Filled(), streams.stdout, streams.stderr)

        async def program(process: FakeProcess) -> int:
            child.pid = process.pid
            try:
                return await child._node(node, kept)
            except ShellExit as leave:
                return leave.code

        env = self.state.environment()
        process = FakeProcess(
            self.instance, ("sh",), env, self.state.cwd, Filled(), Discarding(), Discarding()
        )
        process.hidden = True
        process.run(program)
        self.state.last_background = process.pid
        self.state.jobs[process.pid] = process
        return 0

    async def _pipeline(self, node: Any, streams: Streams) -> int:
        commands = [part for part in node.parts if part.kind not in ("pipe", "reservedword")]
        negated = any(part.kind == "reservedword" and part.word == "!" for part in node.parts)
        if len(commands) == 1:
            code = await self._node(commands[0], streams)
            return int(code == 0) if negated else code
        stages, stdin = [], streams.stdin
        for index, command in enumerate(commands):
            last = index == len(commands) - 1
            out = streams.stdout if last else Pipe()
            stages.append(self._stage(command, Streams(stdin, out, streams.stderr), last=last))
            stdin = out
        codes = await asyncio.gather(*stages)
        return int(codes[-1] == 0) if negated else codes[-1]

    async def _stage(self, command: Any, streams: Streams, *, last: bool) -> int:
        child = Interpreter(self.instance, self.state.copy(), self.pid)
        child._source = self._source
        try:
            return await child._node(command, streams)
        except ShellExit as leave:
            return leave.code
        except BrokenPipeError:
            return 141
        finally:
            if not last:
                streams.stdout.end()
            streams.stdin.drop()

    # -- compounds

    async def _compound(self, node: Any, streams: Streams) -> int:
        redirected = await self._redirect(node.redirects, streams)
        if isinstance(redirected, int):
            return redirected
        first = node.list[0]
        if first.kind == "reservedword" and first.word == "(":
            child = Interpreter(self.instance, self.state.copy(), self.pid)
            child._source = self._source
            try:
                return await child._all(node.list[1:-1], redirected)
            except ShellExit as leave:
                return leave.code
        return await self._all(node.list, redirected)

    async def _all(self, nodes: Any, streams: Streams) -> int:
        code = 0
        for node in nodes:
            if node.kind != "reservedword":
                code = await self._node(node, streams)
        return code

    async def _if(self, node: Any, streams: Streams) -> int:
        parts = list(node.parts)
        while parts:
            word = parts.pop(0)
            if word.kind != "reservedword" or word.word in ("fi", "then"):
                continue
            if word.word == "else":
                return await self._node(parts.pop(0), streams)
            condition = await self._node(parts.pop(0), streams)
            parts.pop(0)  # then
            branch = parts.pop(0)
            if condition == 0:
                return await self._node(branch, streams)
        return 0

    async def _for(self, node: Any, streams: Streams) -> int:
        words = [part for part in node.parts if part.kind == "word"]
        body = next(part for part in reversed(node.parts) if part.kind not in ("reservedword", "word"))
        name, code = words[0].word, 0
        for word in words[1:]:
            for value in await self._fields(word):
                self.state.variables[name] = value
                code = await self._node(body, streams)
        return code

    async def _while(self, node: Any, streams: Streams) -> int:
        return await self._loop(node, streams, while_zero=True)

    async def _until(self, node: Any, streams: Streams) -> int:
        return await self._loop(node, streams, while_zero=False)

    async def _loop(self, node: Any, streams: Streams, *, while_zero: bool) -> int:
        condition, body = (part for part in node.parts if part.kind != "reservedword")
        code = 0
        while (await self._node(condition, streams) == 0) is while_zero:
            code = await self._node(body, streams)
            await asyncio.sleep(0)  # noqa: TID251 (gives way; takes no time)
        return code

    async def _function(self, node: Any, streams: Streams) -> int:
        self.state.functions[node.name.word] = (self._source, node.body)
        return 0

    # -- simple commands

    async def _command(self, node: Any, streams: Streams) -> int:
        assignments: dict[str, str] = {}
        words: list[str] = []
        redirects = []
        for part in node.parts:
            if part.kind == "assignment" and not words:
                name, _, _ = part.word.partition("=")
                assignments[name] = (await self._words().text(part)).partition("=")[2]
            elif part.kind == "redirect":
                redirects.append(part)
            else:
                words += await self._fields(part)
        redirected = await self._redirect(redirects, streams)
        if isinstance(redirected, int):
            return redirected
        if not words:
            self.state.variables |= assignments
            return 0
        return await self._call(words, assignments, redirected)

    async def _call(self, words: list[str], assignments: dict[str, str], streams: Streams) -> int:
        if words[0] in self.state.functions:
            source, body = self.state.functions[words[0]]
            outer, self.state.positional = self.state.positional, words[1:]
            here, self._source = self._source, source
            try:
                return await self._node(body, streams)
            except Return as back:
                return back.code
            finally:
                self.state.positional, self._source = outer, here
        builtin = BUILTINS.get(words[0])
        if builtin is not None:
            self.state.variables |= assignments
            return await builtin(self, words, streams)
        return await self.external(words, assignments, streams)

    async def external(self, words: list[str], assignments: Mapping[str, str], streams: Streams) -> int:
        """Run a program and wait for it."""
        env = {**self.state.environment(), **assignments}
        program = self.instance.program(tuple(words), env.get("PATH", ""), self.state.cwd)
        if program is None:
            await streams.stderr.write(f"sh: {words[0]}: command not found\n".encode())
            return NOT_FOUND
        process = FakeProcess(
            self.instance,
            tuple(words),
            env,
            self.state.cwd,
            Borrowed(streams.stdin),
            Borrowed(streams.stdout),
            Borrowed(streams.stderr),
        )
        process.run(program)
        try:
            return await process.wait()
        except asyncio.CancelledError:
            process.signal(9)
            raise

    # -- words and redirections

    def _words(self) -> Words:
        special = {
            "?": str(self.state.status),
            "$": str(self.pid),
            "!": str(self.state.last_background or ""),
            "#": str(len(self.state.positional)),
            "@": " ".join(self.state.positional),
            "*": " ".join(self.state.positional),
            "0": self.state.name,
            "PWD": self.state.cwd,
        }
        special |= {str(index): value for index, value in enumerate(self.state.positional, 1)}
        home = self.state.variables.get("HOME", "/root")
        return Words(self._source, variables(self.state.variables, special), self._substituted, home)

    async def _fields(self, node: Any) -> list[str]:
        return await self._words().fields(node, self.instance.tree, self.state.cwd)

    async def _substituted(self, command: Any) -> str:
        child = Interpreter(self.instance, self.state.copy(), self.pid)
        child._source = self._source
        out = Collecting()
        try:
            self.state.status = await child._node(command, Streams(Filled(), out, Discarding()))
        except ShellExit as leave:
            self.state.status = leave.code
        return out.content.decode(errors="replace").rstrip("\n")

    async def _redirect(self, redirects: list[Any], streams: Streams) -> Streams | int:
        """The streams of a command; an exit code when a file cannot be opened."""
        for redirect in redirects:
            try:
                streams = await self._redirected(redirect, streams)
            except OSError as problem:
                text = f"sh: {problem.filename}: {problem.strerror}\n"
                await streams.stderr.write(text.encode())
                return 1
        return streams

    async def _redirected(self, node: Any, streams: Streams) -> Streams:
        kind, fd = node.type, node.input
        if kind in ("<<", "<<-", "<<<"):
            text = node.heredoc.value if kind != "<<<" else await self._words().text(node.output)
            body = (
                text.rpartition(node.output.word)[0]
                if kind != "<<<" and node.output is not None
                else text + "\n"
            )
            quoted = kind != "<<<" and self._source[node.output.pos[0]] in "'\"\\"
            if kind != "<<<" and not quoted:
                body = _PLAIN_VARIABLE.sub(lambda m: self.state.variables.get(m[1] or m[2], ""), body)
            return replace(streams, stdin=Filled(body.encode()))
        if kind == ">&" and isinstance(node.output, int):
            target = {1: streams.stdout, 2: streams.stderr}.get(node.output)
            if target is None:
                raise Unsupported(f"redirection to descriptor {node.output} is not supported")
            return replace(streams, **{"stderr" if fd == 2 else "stdout": target})
        path = posixpath.join(self.state.cwd, await self._words().text(node.output))
        if kind == "<":
            content = b"" if path == "/dev/null" else self.instance.tree.read(path)
            return replace(streams, stdin=Filled(content))
        if kind not in (">", ">>", "&>", ">|"):
            raise Unsupported(f"the redirection {kind} is not supported")
        sink = self._sink(path, append=kind == ">>")
        if kind == "&>":
            return replace(streams, stdout=sink, stderr=sink)
        return replace(streams, **{"stderr" if fd == 2 else "stdout": sink})

    def _sink(self, path: str, *, append: bool) -> Pipe:
        if path == "/dev/null":
            return Discarding()
        return appending(self.instance.tree, path, self.instance.clock, keep=append)
