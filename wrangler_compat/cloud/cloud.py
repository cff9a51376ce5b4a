"""A cloud on this machine: its catalogue, and the stores of what its accounts own.

Each account has a state folder of its own, laid out as `wrangler dev` does it, so that `edge dev
--persist-to` can look into it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from edge.errors import UserError
from edge.http.host import Transport
from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.kv.location import namespace_path, values_folder
from edge.kv.namespace import Namespace
from edge.kv.open import shared_namespace
from edge.products import Products
from wrangler_compat.cloud.accounts import Account, Accounts
from wrangler_compat.cloud.catalogue import Catalogue
from wrangler_compat.cloud.containers.applications import Applications
from wrangler_compat.cloud.faults import Faults
from wrangler_compat.cloud.queues.queues import Queues
from wrangler_compat.cloud.registry.blobs import Blobs
from wrangler_compat.cloud.registry.credentials import Credentials
from wrangler_compat.cloud.registry.images import Images
from wrangler_compat.cloud.serving.runner import Runner
from wrangler_compat.cloud.tails.tails import Tails
from wrangler_compat.cloud.transfers import Transfers
from wrangler_compat.cloud.workers.script import Script
from wrangler_compat.cloud.workers.version import Version
from wrangler_compat.cloud.workers.workers import Workers


class Cloud:
    """Everything below `folder`, or in memory when that is None. Raises UserError when it cannot be used.

    With `serve` deployed Workers run, and `outbound` is where their `fetch` leads.
    """

    def __init__(
        self,
        folder: Path | None,
        clock: Clock,
        random: RandomStreams,
        *,
        serve: bool = False,
        outbound: Transport | None = None,
    ) -> None:
        self.clock = clock
        self.random = random
        self._folder = folder
        if folder is not None:
            _prepare(folder)
        self.catalogue = Catalogue(None if folder is None else folder / "cloud.sqlite")
        self.accounts = Accounts(self.catalogue, clock, random)
        self.workers = Workers(self.catalogue, clock, random)
        self.transfers = Transfers(clock, random)
        self.credentials = Credentials(clock, random)
        self.applications = Applications(self.catalogue, clock, random)
        self.queues = Queues(self.catalogue, clock, random)
        self.tails = Tails(clock, random)
        #: What goes wrong with calls.
        self.faults = Faults()
        self._namespaces: dict[str, Namespace] = {}
        self._products: dict[str, Products] = {}
        self._images: dict[str, Images] = {}
        self._serves = serve
        self._outbound = outbound
        self._runners: dict[str, Runner] = {}
        if serve:
            self.workers.try_out = self._try_out

    async def start(self) -> None:
        """Run what is deployed, if Workers run here."""
        for account in self.accounts.all():
            await self.deployed(account)

    def runner(self, account: Account) -> Runner | None:
        """The running Workers of an account; None when Workers do not run here."""
        if self._serves and account.id not in self._runners:
            self._runners[account.id] = Runner(
                account.id,
                self.workers,
                self.queues,
                self.clock,
                self.products(account),
                self.state_folder(account),
                self._outbound,
            )
        return self._runners.get(account.id)

    async def deployed(self, account: Account) -> None:
        """Something else is deployed in an account now: let it answer."""
        runner = self.runner(account)
        if runner is not None:
            await runner.refresh()

    def _try_out(self, script: Script, version: Version) -> float:
        account = next(account for account in self.accounts.all() if account.id == script.account_id)
        runner = self.runner(account)
        assert runner is not None, "Workers are tried out where they run"
        return runner.try_out(script, version)

    def state_folder(self, account: Account) -> Path | None:
        """Where an account's data lies."""
        return None if self._folder is None else self._folder / "accounts" / account.id

    def kv_store(self, account: Account, namespace_id: str) -> Namespace:
        """The keys and values of a namespace."""
        if namespace_id not in self._namespaces:
            folder = self.state_folder(account)
            self._namespaces[namespace_id] = shared_namespace(
                namespace_id, folder, self.clock, random=self.random
            )
        return self._namespaces[namespace_id]

    def products(self, account: Account) -> Products:
        """The databases and buckets of an account."""
        if account.id not in self._products:
            folder = self.state_folder(account)
            self._products[account.id] = Products(self.clock, self.random, folder, durable=True)
        return self._products[account.id]

    async def purge_queue(self, account: Account, name: str) -> None:
        """Forget the messages of a queue. Only where Workers run there are any."""
        runner = self.runner(account)
        if runner is not None:
            await runner.world.broker.queue(name).purge()

    def images(self, account_id: str) -> Images:
        """The container images of an account."""
        if account_id not in self._images:
            folder = None if self._folder is None else self._folder / "accounts" / account_id / "images"
            self._images[account_id] = Images(self.catalogue, account_id, Blobs(folder))
        return self._images[account_id]

    async def forget_kv(self, account: Account, namespace_id: str) -> None:
        """Remove the data of a namespace."""
        await self.kv_store(account, namespace_id).close()
        del self._namespaces[namespace_id]
        folder = self.state_folder(account)
        if folder is not None:
            for path in folder.glob(f"v3/kv/*/{namespace_path(folder, namespace_id).name}*"):
                path.unlink()
            shutil.rmtree(values_folder(folder, namespace_id).parent, ignore_errors=True)

    async def close(self) -> None:
        """Finish what is under way and close all files."""
        self.tails.close_all()
        for runner in self._runners.values():
            await runner.close()
        for namespace in self._namespaces.values():
            await namespace.close()
        for products in self._products.values():
            await products.close()
        for images in self._images.values():
            images.blobs.close()
        self.catalogue.close()


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # tokens lie in it
    except OSError as error:
        raise UserError(f"cannot keep the cloud in {folder}: {error.strerror}") from None
