"""The fake engine itself: images, instances, and the programs that a project registers."""

from __future__ import annotations

import re
from collections.abc import Callable

from edge.containers.engine import Image, InstanceSpec
from edge.kernel.spans import modelled_span
from sandbox.engines.context import EngineContext
from sandbox.engines.fake.images import FakeImage, load_image
from sandbox.engines.fake.instance import FakeInstance
from sandbox.engines.fake.process import FakeProcess, Program


class FakeEngine:
    """Implements `edge.containers.engine.Engine`."""

    name = "fake"

    def __init__(self, context: EngineContext) -> None:
        self.context = context
        #: The containers that run.
        self.instances: list[FakeInstance] = []
        #: Called before each start; raises StartFailed to make it fail.
        self.before_start: Callable[[InstanceSpec], None] | None = None
        self._programs: list[tuple[re.Pattern[str], Program]] = []
        self._images: dict[str, FakeImage] = {}

    # -- what runs in the containers

    def program(self, pattern: str, program: Program) -> None:
        """Run `program` for command lines that the regular expression `pattern` finds itself in; the last one
        registered comes first."""
        self._programs.insert(0, (re.compile(pattern), program))

    def on(
        self, command: str, *, stdout: str = "", stderr: str = "", exit_code: int = 0, takes_s: float = 0.0
    ) -> None:
        """Script the result of exactly this command line."""

        async def scripted(process: FakeProcess) -> int:
            await process.clock.sleep(takes_s)
            await process.say(stdout)
            await process.complain(stderr)
            return exit_code

        self.program(f"^{re.escape(command)}$", scripted)

    def registered(self, argv: tuple[str, ...]) -> Program | None:
        line = " ".join(argv)
        return next((program for pattern, program in self._programs if pattern.search(line)), None)

    # -- the engine

    def isolation(self) -> str:
        return "Containers are scripted: nothing real runs in them."

    async def open(self) -> None: ...

    async def prepare(self, image: Image) -> None:
        await self._image(image)

    async def start(self, spec: InstanceSpec) -> FakeInstance:
        if self.before_start is not None:
            self.before_start(spec)
        image = await self._image(spec.image)
        await self._passes("boot", spec)
        instance = FakeInstance(self, spec, image.tree.copy(), dict(image.env))
        self.instances.append(instance)
        # A sandbox runs the programs it is told to; its image's command is the server, which is ours.
        command = () if "sandbox-server" in spec.labels else image.command
        instance.begin(spec.entrypoint or command, image.cwd)
        return instance

    async def _image(self, image: Image) -> FakeImage:
        key = repr(image)
        if key not in self._images:
            await self._passes("image_pull", None)
            self._images[key] = load_image(image, self.context.clock.now())
        return self._images[key]

    async def _passes(self, phase: str, spec: InstanceSpec | None) -> None:
        network = self.context.network
        if network is not None and (delay_s := network.phase_s(phase)):
            name = "" if spec is None else spec.name
            with modelled_span("container.phase", phase=phase, container=name):
                await self.context.clock.sleep(delay_s)

    def forget(self, instance: FakeInstance) -> None:
        if instance in self.instances:
            self.instances.remove(instance)

    async def close(self) -> None:
        for instance in list(self.instances):
            await instance.destroy()
