"""A small shell: runs what `bashlex` reads. What it does not know it refuses in words, never in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import bashlex
from bashlex.errors import ParsingError

from sandbox.engines.fake.builtins import BUILTINS, Leave, Return, ShellExit
from sandbox.engines.fake.pipe import Borrowed, Collecting, Discarding, Filled, Pipe
from sandbox.engines.fake.process import FakeProcess
from sandbox.engines.fake.shell_redirects import Place, Streams, redirected
from sandbox.engines.fake.shell_state import State
from sandbox.engines.fake.shell_traps import Signals
from sandbox.engines.fake.shell_words import Unbound, Unsupported, Variables, Words

if TYPE_CHECKING:
    from sandbox.engines.fake.instance import FakeInstance

NOT_FOUND = 127
_SYNTAX = 2


class Interpreter:
    """Runs command lines in a container."""

    def __init__(self, instance: FakeInstance, state: State, pid: int = 1) -> None:
        self.instance = instance
        self.state = state
        self.pid = pid
        self._source = ""
        #: How many conditions are being looked at: `set -e` does not hold there.
        self._conditions = 0
        #: How the last command within the words of this one ended.
        self._substitution = 0
        self.signals = Signals(self)

    def _child(self) -> Interpreter:
        """For a subshell: what it changes is its own."""
        child = Interpreter(self.instance, self.state.copy(), self.pid)
        child._source, child._conditions = self._source, self._conditions
        return child

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
        except Unbound as missing:
            await streams.stderr.write(f"sh: {missing}\n".encode())
            raise ShellExit(1) from None
        finally:
            self._source = outer
        return self.state.status

    async def _node(self, node: Any, streams: Streams) -> int:
        run = getattr(self, f"_{node.kind}", None)
        if run is None:
            raise Unsupported(f"{node.kind} is not supported")
        code: int = await run(node, streams)
        self.state.status = code
        if self.signals.came:
            await self.signals.handle(streams)
        failed = code != 0 and node.kind in ("command", "pipeline") and not _is_negated(node)
        if failed and "errexit" in self.state.options and not self._conditions:
            raise ShellExit(code)
        return code

    async def _condition(self, node: Any, streams: Streams) -> int:
        self._conditions += 1
        try:
            return await self._node(node, streams)
        finally:
            self._conditions -= 1

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
            elif following is not None and following.op in ("&&", "||"):
                code = await self._condition(part, streams)
            else:
                code = await self._node(part, streams)
        return code

    def _start_background(self, node: Any, streams: Streams) -> int:
        """A subshell that nobody waits for; it holds on to the output as bash's would."""
        child = self._child()
        kept = Streams(Filled(), streams.stdout, streams.stderr)

        async def program(process: FakeProcess) -> int:
            process.on_signal = child.signals.receive
            try:
                code = await child._node(node, kept)
            except ShellExit as leave:
                code = leave.code
            return await child.signals.end(code, kept)

        env = self.state.environment()
        process = FakeProcess(
            self.instance, ("sh",), env, self.state.cwd, Filled(), Discarding(), Discarding()
        )
        process.hidden = True
        self._share_group(process)
        process.run(program)
        self.state.last_background = process.pid
        self.state.jobs[process.pid] = process
        return 0

    async def _pipeline(self, node: Any, streams: Streams) -> int:
        commands = [part for part in node.parts if part.kind not in ("pipe", "reservedword")]
        if len(commands) == 1:  # then it is negated
            return int(await self._condition(commands[0], streams) == 0)
        stages, stdin = [], streams.stdin
        for index, command in enumerate(commands):
            last = index == len(commands) - 1
            out = streams.stdout if last else Pipe()
            inside = Streams(stdin, out, streams.stderr)
            stages.append(self._stage(command, inside, first=index == 0, last=last))
            stdin = out
        codes = await asyncio.gather(*stages)
        code = codes[-1]
        if "pipefail" in self.state.options:
            code = next((one for one in reversed(codes) if one != 0), 0)
        return int(code == 0) if _is_negated(node) else code

    async def _stage(self, command: Any, streams: Streams, *, first: bool, last: bool) -> int:
        child = self._child()
        try:
            return await child._node(command, streams)
        except ShellExit as leave:
            return leave.code
        except BrokenPipeError:
            return 141
        finally:
            if not last:
                streams.stdout.end()
            if not first:
                streams.stdin.drop()

    # -- compounds

    async def _compound(self, node: Any, streams: Streams) -> int:
        if self._source.startswith("((", node.pos[0]):
            raise Unsupported("arithmetic is not supported")
        inside = await self._redirect(node.redirects, streams)
        if isinstance(inside, int):
            return inside
        first = node.list[0]
        if first.kind == "reservedword" and first.word == "(":
            child = self._child()
            try:
                return await child._all(node.list[1:-1], inside)
            except ShellExit as leave:
                return leave.code
        return await self._all(node.list, inside)

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
            condition = await self._condition(parts.pop(0), streams)
            parts.pop(0)  # then
            branch = parts.pop(0)
            if condition == 0:
                return await self._node(branch, streams)
        return 0

    async def _for(self, node: Any, streams: Streams) -> int:
        words = [part for part in node.parts if part.kind == "word"]
        body = next(part for part in reversed(node.parts) if part.kind not in ("reservedword", "word"))
        name, code = words[0].word, 0
        given = any(part.kind == "reservedword" and part.word == "in" for part in node.parts)
        values = [] if given else list(self.state.positional)
        for word in words[1:]:
            values += await self._fields(word, streams)
        for value in values:
            self.state.variables[name] = value
            code, goes_on = await self._turn(body, streams)
            if not goes_on:
                break
        return code

    async def _turn(self, body: Any, streams: Streams) -> tuple[int, bool]:
        """One turn of a loop: its exit code, and whether there is a next one."""
        try:
            return await self._node(body, streams), True
        except Leave as leave:
            if leave.passes_on():
                raise
            return 0, not leave.ends

    async def _while(self, node: Any, streams: Streams) -> int:
        return await self._loop(node, streams, while_zero=True)

    async def _until(self, node: Any, streams: Streams) -> int:
        return await self._loop(node, streams, while_zero=False)

    async def _loop(self, node: Any, streams: Streams, *, while_zero: bool) -> int:
        condition, body = (part for part in node.parts if part.kind != "reservedword")
        code = 0
        while (await self._condition(condition, streams) == 0) is while_zero:
            code, goes_on = await self._turn(body, streams)
            if not goes_on:
                break
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
        before, self._substitution = self.state.status, 0
        for part in node.parts:
            if part.kind == "assignment" and not words:
                name, _, _ = part.word.partition("=")
                if name == "IFS" or not name.isidentifier():
                    raise Unsupported(f"{part.word}: this assignment is not supported")
                assignments[name] = (await self._words(streams).text(part)).partition("=")[2]
            elif part.kind == "redirect":
                redirects.append(part)
            else:
                words += await self._fields(part, streams)
        inside = await self._redirect(redirects, streams)
        if isinstance(inside, int):
            return inside
        if not words:
            self.state.variables |= assignments
            return self._substitution
        self.state.status = before  # for `exit` and `return` without a number
        return await self._call(words, assignments, inside)

    async def _call(self, words: list[str], assignments: dict[str, str], streams: Streams) -> int:
        if words[0] in self.state.functions:
            source, body = self.state.functions[words[0]]
            outer, self.state.positional = self.state.positional, words[1:]
            here, self._source = self._source, source
            self.state.outside.append({})
            try:
                return await self._node(body, streams)
            except Return as back:
                return back.code
            finally:
                self.state.positional, self._source = outer, here
                self._restore(self.state.outside.pop())
        builtin = BUILTINS.get(words[0])
        if builtin is not None:
            own = {name: self.state.variables.get(name) for name in assignments}
            self.state.variables |= assignments
            try:
                return await builtin(self, words, streams)
            except Unsupported as gap:
                raise Unsupported(f"{words[0]}: {gap}") from gap
            except (OSError, ValueError, IndexError) as problem:
                text = problem.strerror if isinstance(problem, OSError) else "wrong arguments"
                await streams.stderr.write(f"sh: {' '.join(words)}: {text}\n".encode())
                return _SYNTAX if words[0] in ("test", "[") else 1
            finally:
                self._restore(own)
        return await self.external(words, assignments, streams)

    def _restore(self, before: Mapping[str, str | None]) -> None:
        """Give variables the values they had."""
        for name, value in before.items():
            if value is None:
                self.state.variables.pop(name, None)
            else:
                self.state.variables[name] = value

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
        self._share_group(process)
        process.run(program)
        try:
            return await process.wait()
        except asyncio.CancelledError:
            process.signal(9)
            raise

    def _share_group(self, process: FakeProcess) -> None:
        """What a shell that is a program starts is of its process group, and on its terminal."""
        own = self.instance.processes.get(self.pid)
        if own is not None:
            process.group, process.terminal = own.group, own.terminal

    # -- words and redirections

    def _words(self, streams: Streams) -> Words:
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
        filling = Variables(
            self.state.variables, special, self.state.positional, "nounset" in self.state.options
        )

        async def substitute(command: Any) -> str:
            return await self._substituted(command, streams)

        return Words(self._source, filling, substitute)

    async def _fields(self, node: Any, streams: Streams) -> list[str]:
        return await self._words(streams).fields(node, self.instance.tree, self.state.cwd)

    async def _substituted(self, command: Any, streams: Streams) -> str:
        child = self._child()
        child.state.options.discard("errexit")  # as bash does
        out = Collecting()
        try:
            code = await child._node(command, Streams(streams.stdin, out, streams.stderr))
        except ShellExit as leave:
            code = leave.code
        self.state.status = self._substitution = code
        return out.content.decode(errors="replace").rstrip("\n")

    async def _redirect(self, redirects: list[Any], streams: Streams) -> Streams | int:
        """The streams of a command; an exit code when a file cannot be opened."""
        place = Place(self.instance.tree, self.instance.clock, self.state.cwd)
        for redirect in redirects:
            try:
                streams = await redirected(redirect, streams, self._words(streams), self._source, place)
            except OSError as problem:
                text = f"sh: {problem.filename}: {problem.strerror}\n"
                await streams.stderr.write(text.encode())
                return 1
        return streams


def _is_negated(node: Any) -> bool:
    return any(part.kind == "reservedword" and part.word == "!" for part in getattr(node, "parts", []))
