"""Answers the sandboxes that want to install something, and installs what nobody has installed yet."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.containers.engine import ContainerGone, Image, InstanceSpec, InstanceType, StartFailed
from edge.kernel.clock import Clock
from edge.kernel.tasks import spawn_outside
from edge.kernel.threads import offload
from sandbox.engines.process import userland
from sandbox.engines.process.images import Built
from sandbox.engines.process.inside import install
from sandbox.engines.process.packages.changes import Area, NotShareable, changes, has_python_packages
from sandbox.engines.process.packages.store import SHOWN, Kept, Store
from sandbox.engines.process.packages.wanted import SETTINGS, Wanted, telling, wanted

if TYPE_CHECKING:
    import socket

    from sandbox.engines.process.instance import ProcessInstance

_log = logging.getLogger("edge.containers")

BIN = f"{SHOWN}/bin"
PORT = install.PORT
#: How long a name without a version keeps its meaning.
UNPINNED_S = 3600.0
INSTALL_LIMIT_S = 600.0
_TYPE = InstanceType("packages", 1, 2048, 8000)
_AT_ONCE = 2
_OUTPUT_CHARS = 64 * 1024
_QUESTION_BYTES = 1024 * 1024
_REGISTRY_SETTINGS = (
    "/usr/lib/node_modules",
    "/usr/local/lib/node_modules",
    "/usr/lib/python3/dist-packages",
)

#: Starts a sandbox that asks nobody.
Start = Callable[[InstanceSpec], Awaitable["ProcessInstance"]]


class PackageCache:
    """What the sandboxes of an engine share."""

    def __init__(self, clock: Clock, folder: Path, start: Start) -> None:
        self._clock = clock
        self._store = Store(folder)
        self._start = start
        self._making: dict[str, asyncio.Future[Kept | None]] = {}
        #: What cannot be shared, and until when nobody tries again.
        self._refused: dict[str, float] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)

    @property
    def shown(self) -> Path:
        """What every sandbox sees at `SHOWN`."""
        return self._store.shown

    def open(self) -> None:
        """Raises OSError."""
        python = os.path.realpath(sys.executable)
        text = f"#!{python} -ISE\n" + Path(install.__file__).read_text()
        path = userland.environment()["PATH"]
        self._store.open({name: text for name in ("npm", "pip", "pip3") if shutil.which(name, path=path)})

    async def serve(
        self,
        instance: ProcessInstance,
        image: Image,
        built: Built,
        env: Mapping[str, str],
        listener: socket.socket,
    ) -> None:
        """Answer what `instance` asks through `listener`, until it ends; its programs start with `env`."""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                question = json.loads(await reader.readline())
                with self._clock.hold("an installation of packages"):
                    found = await self._answer(instance, image, built, env, question)
                writer.write(json.dumps(found).encode() + b"\n")
                await writer.drain()
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                _log.debug("a sandbox asked for packages in vain: %s", error)  # the real program runs there
            finally:
                writer.close()

        server = await asyncio.start_server(answer, sock=listener, limit=_QUESTION_BYTES)

        async def close() -> None:
            server.close()

        instance.at_end.append(close)

    async def _answer(
        self, instance: ProcessInstance, image: Image, built: Built, env: Mapping[str, str], question: Any
    ) -> dict[str, object] | None:
        """The links that repeat an installation; None when the sandbox has to install by itself."""
        want = wanted(question["tool"], question["path"], question["arguments"])
        if want is None or not _is_usual(built, env, question):
            return None
        if want.tool == "pip" and await offload(self._clock, lambda: has_python_packages(instance.areas)):
            return None  # what is there has a say in what is to come
        kept = await self._kept(want, image, built)
        if kept is None:
            return None
        links = self._links(want, kept, question["linked"])
        return None if links is None else {"links": links, "output": kept.output}

    def _links(self, want: Wanted, kept: Kept, linked: Mapping[str, str]) -> list[tuple[str, str]] | None:
        """What to link where; None when it does not go with what is linked already."""
        links = list(kept.symlinks.items())
        for path, digest in kept.units.items():
            before = linked.get(path)
            if before is not None and want.tool == "pip":
                tree = before.removeprefix(f"{SHOWN}/trees/").partition("/")[0]
                if not path.endswith(".dist-info") and self._store.units_of(tree).get(path) != digest:
                    return None
            else:
                links.append((path, f"{SHOWN}/trees/{kept.tree}{path}"))
        return links

    async def _kept(self, want: Wanted, image: Image, built: Built) -> Kept | None:
        key = _key(want, built)
        kept = self._store.find(key)
        if kept is not None and (want.is_pinned or self._clock.now() - kept.kept_at_s < UNPINNED_S):
            return kept
        if self._refused.get(key, 0.0) > self._clock.now():
            return None
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = spawn_outside(self._make(key, want, image), name="packages")
            making.add_done_callback(lambda _: self._making.pop(key))
        return await asyncio.shield(making)

    async def _make(self, key: str, want: Wanted, image: Image) -> Kept | None:
        try:
            async with self._turn, asyncio.timeout(INSTALL_LIMIT_S):
                spec = InstanceSpec("packages", image, _TYPE, entrypoint=(), enable_internet=True)
                instance = await self._start(spec)
                try:
                    return await self._keep(key, instance.areas, await _output(instance, want))
                finally:
                    await instance.destroy()
        except (StartFailed, ContainerGone, NotShareable, OSError, TimeoutError) as error:
            _log.info("%s is not shared among sandboxes: %s", " ".join(want.argv), error)
            self._refused[key] = self._clock.now() + UNPINNED_S
            return None

    async def _keep(self, key: str, where: Sequence[Area], output: str) -> Kept:
        now_s = self._clock.now()
        return await offload(self._clock, lambda: self._store.keep(key, changes(where), output, now_s))


async def _output(instance: ProcessInstance, want: Wanted) -> str:
    """What an installation printed. Raises NotShareable when it failed."""
    program = await instance.spawn(want.argv, cwd="/root")
    printed: list[bytes] = []

    async def read(stream: Any, into: list[bytes] | None) -> None:
        try:
            while data := await stream.read():
                if into is not None:
                    into.append(data)
        finally:
            stream.release()

    await asyncio.gather(read(program.io, printed), read(program.stderr, None))
    code = await program.wait()
    if code != 0:
        raise NotShareable(f"it ended with {code}")
    return b"".join(printed).decode(errors="replace")[:_OUTPUT_CHARS]


def _is_usual(built: Built, env: Mapping[str, str], question: Any) -> bool:
    """Whether the sandbox would install as any other of its image."""
    if telling(question["env"]) != telling(env):
        return False
    return all(question["settings"].get(path, "") == _in_image(built, path) for path in SETTINGS)


def _in_image(built: Built, path: str) -> str:
    for layer in built.layers:
        file = layer / path.lstrip("/")
        if file.is_file():
            return file.read_text(errors="replace")[:65536]
    return ""


def _key(want: Wanted, built: Built) -> str:
    """All that the outcome depends on: what is asked for, the image, the programs of this machine."""
    *own_layers, _skeleton = built.layers
    real = next(
        (found for layer in own_layers if (found := layer / want.path.lstrip("/")).is_file()), Path(want.path)
    )
    packages = [*real.parent.parent.glob("lib/python*/site-packages"), *map(Path, _REGISTRY_SETTINGS)]
    stamps = [(str(path), path.stat().st_mtime_ns) for path in [real, *packages] if path.exists()]
    parts = [want.argv, [str(layer) for layer in own_layers], built.env, stamps, os.uname().machine]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:40]
