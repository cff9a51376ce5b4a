"""The deployed Workers of an account, running: one world, reloaded whenever a deployment changes.

Its stores are those of the control plane: what a Worker writes, the API shows at once.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from edge.config import WorkerConfig, WorldConfig
from edge.errors import UserError
from edge.http.host import Transport
from edge.kernel.clock import Clock
from edge.products import Products
from edge.world import World
from wrangler_compat.cloud.queues.queues import Queues
from wrangler_compat.cloud.serving.configured import CannotRun, configured, runnable
from wrangler_compat.cloud.serving.unpacked import unpacked
from wrangler_compat.cloud.workers.script import Script
from wrangler_compat.cloud.workers.upload import invalid
from wrangler_compat.cloud.workers.version import Version
from wrangler_compat.cloud.workers.workers import Workers
from wrangler_compat.modules.dialect import PythonDialect

_GRACE_S = 5.0
_log = logging.getLogger("edge.cloud")


class Runner:
    """The Workers of one account."""

    def __init__(
        self,
        account_id: str,
        workers: Workers,
        queues: Queues,
        clock: Clock,
        products: Products,
        state_dir: Path | None,
        outbound: Transport | None,
    ) -> None:
        """`products` are the account's databases and buckets, `outbound` is where `fetch` leads."""
        self.account_id = account_id
        self._workers = workers
        self._queues = queues
        self._scratch = None if state_dir is not None else tempfile.TemporaryDirectory(prefix="edge-cloud-")
        self._folder = Path(self._scratch.name) if self._scratch else (state_dir or Path()) / "workers"
        self._one_at_a_time = asyncio.Lock()
        self._reasons: dict[str, str] = {}
        self._state_dir = state_dir
        #: Under which names Durable Objects have their data.
        self._durable_names: set[str] = set()
        self.world = World(
            WorldConfig(()),
            dialect=PythonDialect(),
            clock=clock,
            state_dir=state_dir,
            outbound=outbound,
            products=products,
        )

    def why_not(self, name: str) -> str | None:
        """Why a Worker does not answer requests from outside; None when it does."""
        script = self._workers.scripts.find(self.account_id, name)
        if script is None:
            return "there is no such Worker"
        if script.settings.get("enabled") is False:
            return "there is no address for it: workers_dev is false"
        if name in self._reasons or self.version_id(name) is not None:
            return self._reasons.get(name)
        return "there is no version of it that runs yet"

    def version_id(self, name: str) -> str | None:
        """Which version of a Worker answers; None when none runs."""
        workers = self.world.config.workers
        return next((worker.root.name for worker in workers if worker.name == name), None)

    def try_out(self, script: Script, version: Version) -> float:
        """How many seconds `version` takes to load as the version of `script` that answers; 0 when it
        cannot run here. Raises `Refusal` when its code does not load."""
        workers, reasons = runnable(*self._configurations({script.name: version}))
        if script.name in reasons:
            return 0.0
        try:
            return self.world.check(WorldConfig(tuple(workers)))[script.name]
        except UserError as error:
            shutil.rmtree(self._folder / script.name / version.id, ignore_errors=True)
            raise invalid(self._told(error)) from None

    async def refresh(self) -> None:
        """Run what is deployed now. Requests under way end with the code they began with."""
        async with self._one_at_a_time:
            found, reasons = self._configurations({})
            while True:
                workers, self._reasons = runnable(found, reasons)
                try:
                    await self.world.reload(WorldConfig(tuple(workers)))
                    await self._forget_gone()
                    return
                except UserError as error:
                    # It loaded when it was uploaded, so something of this machine is different now. The
                    # others run all the same.
                    _log.error("a Worker that is deployed does not load: %s", error)
                    culprit = self._owner(error.file) or workers[0].name
                    reasons[culprit] = f"it does not load: {self._told(error)}"
                    del found[culprit]

    async def close(self) -> None:
        """Stop, and leave the stores to their owner."""
        await self.world.close(_GRACE_S)
        if self._scratch is not None:
            self._scratch.cleanup()

    async def _forget_gone(self) -> None:
        """Remove the files of Workers that were deleted meanwhile, and the objects of classes that were, with
        their data."""
        scripts = self._workers.scripts.all(self.account_id)
        for name in {path.name for path in self._folder.glob("*")} - {script.name for script in scripts}:
            shutil.rmtree(self._folder / name, ignore_errors=True)
        names = {
            f"{script.name}-{name}"
            for script in scripts
            for name in [*script.classes, *(found.first_name for found in script.classes.values())]
        }
        gone, self._durable_names = self._durable_names - names, names
        hosts = self.world.durable_hosts
        for key, host in list(hosts.items()):
            if host.unique_key in gone:
                del hosts[key]
                await host.close(_GRACE_S)
        if self._state_dir is not None:
            for name in gone:
                shutil.rmtree(self._state_dir / "v3" / "do" / name, ignore_errors=True)

    def _configurations(self, instead: dict[str, Version]) -> tuple[dict[str, WorkerConfig], dict[str, str]]:
        """The Workers by name and why others cannot run, some with a version `instead` of the deployed."""
        found: dict[str, WorkerConfig] = {}
        reasons: dict[str, str] = {}
        for script in self._workers.scripts.all(self.account_id):
            version = instead.get(script.name) or self._workers.current(script)
            if version is None:
                reasons[script.name] = "there is no version of it that is deployed"
                continue
            try:
                found[script.name] = self._configured(script, version)
            except CannotRun as reason:
                reasons[script.name] = str(reason)
        return found, reasons

    def _owner(self, file: Path | None) -> str | None:
        """The Worker that an unpacked file is of."""
        if file is None or not file.is_relative_to(self._folder):
            return None
        return file.relative_to(self._folder).parts[0]

    def _told(self, error: UserError) -> str:
        """An error with paths as the upload had them."""
        owner = self._owner(error.file)
        if owner is None or error.file is None:
            return str(error)
        version_id = error.file.relative_to(self._folder).parts[1]
        return str(error).replace(f"{self._folder / owner / version_id}/", "")

    def _configured(self, script: Script, version: Version) -> WorkerConfig:
        configured(script, version, Path())  # nothing is unpacked that cannot run
        consumers = self._queues.taken_by(self.account_id, script.name)
        root = unpacked(self._folder, script, version, self._workers.versions, self._workers.assets)
        return replace(configured(script, version, root), queue_consumers=consumers)
