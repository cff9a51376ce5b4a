"""The process engine: each container is a process 1 on this machine with a world of its own around it."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from edge.containers.engine import ContainerGone, EngineUnavailable, Image, InstanceSpec, StartFailed
from edge.kernel.clock import VirtualClock
from edge.kernel.threads import offload
from sandbox.engines.context import EngineContext
from sandbox.engines.process import egress, layout, userland
from sandbox.engines.process.authority import CA_FILE, Authority
from sandbox.engines.process.images import Built, Images
from sandbox.engines.process.inside.plan import Plan
from sandbox.engines.process.instance import ProcessInstance
from sandbox.engines.process.limits import Groups, rlimits
from sandbox.engines.process.packages import cache as packages
from sandbox.engines.process.packages.cache import PackageCache
from sandbox.engines.process.packages.changes import areas
from sandbox.engines.process.packages.store import SHOWN
from sandbox.engines.process.pool import Pool
from sandbox.engines.process.registry import Registry, engine_name, remove_tree
from sandbox.engines.process.spawner import Spawner
from sandbox.engines.process.users import UserRanges

_log = logging.getLogger("edge.containers")

_engines = itertools.count(1)

#: The ways to build a sandbox, the best first: see `inside/plan.py`.
STYLES = ("overlay", "copy", "plain")
#: Sandboxes started ahead of the first call, for each image; one takes about 3 MB.
POOL_SIZE = 2
_TRIES = 100
_TRY_AGAIN_S = 0.005


class ProcessEngine:
    """Implements `edge.containers.engine.Engine`."""

    name = "process"

    def __init__(
        self,
        context: EngineContext,
        *,
        styles: tuple[str, ...] = STYLES,
        as_root: bool | None = None,
        pool_size: int = POOL_SIZE,
        warm_python: bool = True,
    ) -> None:
        """`styles`: the ways to try, in this order. `as_root`: give sandboxes users of their own, which only
        root can; None: when we are root. `pool_size`: how many sandboxes of an image are started ahead.
        `warm_python`: run plain Python scripts in a fork of process 1."""
        self._clock = context.clock
        state = context.state_dir or _temporary_state()
        self._id = engine_name(next(_engines))
        self._registry = Registry(state / "sandboxes", self._id)
        self._groups = Groups(self._id)
        self._styles = styles
        self._warm_python = warm_python
        self._as_root = os.geteuid() == 0 if as_root is None else as_root
        self._users = UserRanges(self._as_root, os.getpid())
        # A sandbox that runs holds virtual time, also one that nobody has asked for yet.
        self._pool = Pool(0 if isinstance(context.clock, VirtualClock) else pool_size, self._boot)
        # Without a state directory nothing is kept, images neither.
        kept = self._registry.folder / "images" if context.state_dir is None else state / "sandbox-images"
        self._images = Images(kept, self._registry.folder / "skeleton")
        #: Made when the first container has HTTPS requests answered by a Worker.
        self._authority: Authority | None = None
        self._packages: PackageCache | None = None
        if context.package_cache:
            kept = self._registry.folder if context.state_dir is None else state
            self._packages = PackageCache(
                self._clock, kept / "sandbox-packages", partial(self._start, shares=False)
            )
        self._spawner: Spawner | None = None
        self._style = ""
        self._why_not: dict[str, str] = {}
        self._instances: dict[str, ProcessInstance] = {}
        self._count = 0

    def isolation(self) -> str:
        if self._style == "plain":
            return (
                "None: sandboxes are ordinary processes of this user, in directories of their own. "
                f"{self._why_not.get('copy', '')}"
            )
        users = "users of its own" if self._users.available else "this user as its root"
        writable = "an overlay of this machine's programs" if self._style == "overlay" else "a copied root"
        limited = "control groups" if self._groups.folders else "resource limits"
        return (
            f"Linux namespaces (users, files, processes, network): each sandbox has {users}, {writable}, "
            f"and {limited}. The kernel is shared."
        )

    async def open(self) -> None:
        left = self._registry.open()
        for name in left:
            _log.info("removed what an engine that is gone had left: %s", name)
        self._groups.open()
        self._groups.remove_strays()
        self._spawner = Spawner(self._clock, self._registry.folder / "zygote.log", self._as_root)
        self._spawner.open()
        self._registry.note(self._spawner.pid)
        await offload(self._clock, self._images.open)
        if self._packages is not None:
            await offload(self._clock, self._packages.open)
        for style in self._styles:
            self._style = style
            try:
                await (await self._boot(self._images.get(Image(reference="probe")))).destroy()
                break
            except StartFailed as error:
                self._why_not[style] = str(error)
        else:
            await self.close()
            raise EngineUnavailable(f"No sandbox starts here. {self._why_not[self._styles[-1]]}")

    async def prepare(self, image: Image) -> None:
        built = await offload(self._clock, lambda: self._images.build(image))
        await self._pool.keep_only(self._images.built)
        if self._warm_python and self._spawner is not None:
            with suppress(ContainerGone):  # the engine is closed meanwhile
                await self._spawner.warm()
        await self._pool.fill(built)

    async def start(self, spec: InstanceSpec) -> ProcessInstance:
        return await self._start(spec, shares=True)

    async def _start(self, spec: InstanceSpec, *, shares: bool) -> ProcessInstance:
        """`shares`: whether it is given what others have installed."""
        if self._spawner is None:
            raise EngineUnavailable("The engine is not open.")
        image = await offload(self._clock, lambda: self._images.get(spec.image))
        instance = await self._pool.take(image)
        # The server of a sandbox is what keeps it up; the command of its image runs beside it.
        main = spec.entrypoint is not None or spec.labels.get("sandbox-server") != "1"
        argv = image.command if spec.entrypoint is None else spec.entrypoint
        env = userland.environment()
        if layout.has_own_local(self._style, 0 if self._users.available else None):
            env.update(userland.environment_of_own_local())
        env.update(image.env)
        try:
            self._groups.limit(instance.name, spec.instance_type)
            intercepts = spec.egress is not None and spec.egress.has_any
            if (spec.enable_internet or intercepts) and self._style != "plain":
                env.update(egress.environment())
                await self._open_egress(instance, spec)
                if self._packages is not None and shares and spec.enable_internet and not intercepts:
                    env["PATH"] = f"{packages.BIN}:{env['PATH']}"
                    listener = await instance.listen(packages.PORT)
                    await self._packages.serve(instance, spec.image, image, env, listener)
            limits = rlimits(spec.instance_type, grouped=bool(self._groups.folders))
            await instance.run(spec, env, argv, image.cwd, main=main, limits=limits)
        except BaseException:
            await instance.destroy()
            raise
        return instance

    async def _open_egress(self, instance: ProcessInstance, spec: InstanceSpec) -> None:
        authority = None
        if spec.egress is not None and spec.egress.has_https:
            authority = self._authority = self._authority or Authority.of(self._clock)
            await instance.files.write(CA_FILE, authority.pem, parents=True)
        proxy = egress.Egress(
            self._clock, rules=spec.egress, authority=authority, internet=spec.enable_internet
        )
        await proxy.open(await instance.listen(egress.PORT))
        instance.at_end.append(proxy.close)

    async def _until(self, done: Callable[[], bool]) -> None:
        """Try for a moment: the kernel lets go of a group shortly after its last process has ended.

        What stays after that is removed by the next engine."""
        for _ in range(_TRIES):
            if done():
                return
            await self._clock.sleep(_TRY_AGAIN_S)

    async def _forget(self, pid: int) -> None:
        self._registry.forget(pid)

    async def close(self) -> None:
        await self._pool.close()
        await asyncio.gather(*(instance.destroy() for instance in self._instances.values()))
        if self._spawner is not None:
            self._spawner.close()
            self._spawner = None
        await self._until(self._groups.remove_all)
        self._registry.close()

    async def _boot(self, image: Built) -> ProcessInstance:
        assert self._spawner is not None
        self._count += 1
        name = f"{self._count}"
        instance = ProcessInstance(self._clock, name, warm_python=self._warm_python)
        folder = self._registry.sandbox(name)
        user = self._users.take()
        plan = Plan(
            style=self._style,
            directory=str(folder),
            layers=[],
            trees=[],
            binds=[],
            uid_base=user,
        )
        if self._packages is not None and self._style != "plain":
            plan["binds"].append((str(self._packages.shown), SHOWN))

        async def freed() -> None:
            await self._until(lambda: self._groups.remove(name))
            await offload(self._clock, lambda: remove_tree(folder))
            self._users.give_back(user)
            self._instances.pop(name, None)  # last: `close` waits for what it finds here

        instance.at_end.append(freed)
        try:
            await offload(self._clock, lambda: layout.lay_out(plan, image))
            instance.areas = areas(plan, own_local=layout.has_own_local(self._style, user))
            booted = await self._spawner.boot(plan, instance.event, instance.has_closed)
        except BaseException as error:
            await freed()
            if isinstance(error, OSError):
                raise StartFailed(f"The sandbox does not start: {error}") from error
            raise
        self._registry.note(booted.pid)
        instance.at_end.append(partial(self._forget, booted.pid))
        instance.started(booted, user)
        self._instances[name] = instance
        self._groups.make(name)
        self._groups.add(name, booted.pid)
        return instance


def _temporary_state() -> Path:
    """Where engines without a state directory work: one place for all of this user's, so that each finds what
    a killed one left. Raises EngineUnavailable when it is somebody else's."""
    folder = Path(tempfile.gettempdir()) / f"edge-sandboxes-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o077 or not folder.is_dir() or folder.is_symlink():
        raise EngineUnavailable(f"{folder} is not a private directory of this user.")
    return folder
