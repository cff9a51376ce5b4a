"""What can be done with Workers: upload a version, deploy one, change secrets, remove it all.

Each is one transaction: it has happened, or it has not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from wrangler_compat.cloud.catalogue import Catalogue
from wrangler_compat.cloud.envelope import Refusal
from wrangler_compat.cloud.workers.asset_store import AssetStore
from wrangler_compat.cloud.workers.bindings import Binding, changed_secrets, resolved, with_secrets
from wrangler_compat.cloud.workers.deployment import Deployment, Deployments
from wrangler_compat.cloud.workers.migrations import exported, migrated
from wrangler_compat.cloud.workers.references import check_references, users_of
from wrangler_compat.cloud.workers.script import UNVERSIONED, Script, Scripts
from wrangler_compat.cloud.workers.upload import Upload
from wrangler_compat.cloud.workers.version import NewVersion, Version, Versions

_SHARES_MAX = 2
_NO_VERSION = (
    "The requested Worker version could not be found, please check the ID being passed and try again."
)
_MIGRATIONS_DEPLOY = (
    "Version upload failed. You attempted to upload a version of a Worker that includes a Durable Object "
    "migration, but migrations must be fully applied via a non-versioned deployment."
)


#: Gives the seconds that a version took to load. Raises `Refusal` when it does not load.
TryOut = Callable[[Script, Version], float]


class Workers:
    """The Workers of all accounts."""

    def __init__(self, catalogue: Catalogue, clock: Clock, random: RandomStreams) -> None:
        self._catalogue = catalogue
        self.scripts = Scripts(catalogue, clock, random)
        self.versions = Versions(catalogue, clock, random)
        self.deployments = Deployments(catalogue, clock, random)
        self.assets = AssetStore(catalogue, clock, random)
        #: Loads a version before it is kept; set where Workers run.
        self.try_out: TryOut | None = None

    def require(self, account_id: str, name: str) -> Script:
        """A script by its name. Raises `Refusal` (10007)."""
        script = self.scripts.find(account_id, name)
        if script is None:
            raise Refusal(404, 10007, "This Worker does not exist on your account.")
        return script

    def require_version(self, script: Script, version_id: str) -> Version:
        """A version of a script. Raises `Refusal`."""
        version = self.versions.find(script, version_id)
        if version is None:
            raise Refusal(404, 100146, _NO_VERSION)
        return version

    def current(self, script: Script) -> Version | None:
        """The version that gets the largest share of the requests; None when none is deployed."""
        deployment = self.deployments.current(script)
        if deployment is None:
            return None
        return self.versions.find(script, max(deployment.shares, key=lambda name: deployment.shares[name]))

    def upload(
        self, account_id: str, name: str, upload: Upload, source: str, *, deploy: bool
    ) -> tuple[Script, Version]:
        """Keep a version; with `deploy` let it answer at once, and the script be made when there is none.
        Raises `Refusal`."""
        with self._catalogue.transaction():
            script = self.scripts.find(account_id, name) if deploy else self.require(account_id, name)
            script = script or self.scripts.add(account_id, name)
            if "migrations" in upload.metadata and not deploy:
                raise Refusal(400, 10211, _MIGRATIONS_DEPLOY)
            script = self._migrated(script, upload)
            version = self.versions.add(script, self._new_version(script, upload, source))
            check_references(self._catalogue, self.scripts, script, version.bindings)
            if deploy:
                self.deployments.add(script, {version.id: 100}, source, version.annotations)
                self._take_settings(script, upload)
            self.scripts.touch(script)
            version = self._tried_out(script, version)
        return script, version

    def deploy(
        self,
        script: Script,
        shares: Mapping[str, float],
        source: str,
        annotations: Mapping[str, str],
        *,
        force: bool,
    ) -> Deployment:
        """Let versions answer from now on. Raises `Refusal`, also when secrets changed since a version that
        was uploaded before them (10220), unless `force`."""
        if not 1 <= len(shares) <= _SHARES_MAX or abs(sum(shares.values()) - 100) > 0.01:
            raise Refusal(
                400, 10210, "A deployment has one or two versions, and their percentages sum to 100"
            )
        with self._catalogue.transaction():
            versions = [self.require_version(script, version_id) for version_id in shares]
            changed = set() if force else self._secrets_changed_since(script, versions)
            if changed:
                names = ", ".join(sorted(changed))
                text = f"The secrets of this Worker are newer. The following secrets have changed: {names}"
                raise Refusal(400, 10220, text)
            deployed = self.deployments.add(script, shares, source, annotations)
            self.scripts.touch(script)
            current = self.current(script)
            assert current is not None
            self._tried_out(script, current)
        return deployed

    def change_secrets(
        self,
        script: Script,
        secrets: Mapping[str, Binding | None],
        source: str,
        annotations: Mapping[str, str],
        *,
        deploy: bool,
    ) -> Version:
        """The code of the latest version with secrets put and removed (None), as a new version; with
        `deploy` it answers at once. Raises `Refusal`: when there is no version (10222), or when it should
        answer and the latest one does not (10215)."""
        with self._catalogue.transaction():
            latest = self.versions.latest(script)
            if latest is None:
                raise Refusal(404, 10222, "This Worker has no versions")
            if deploy and self.current(script) != latest:
                raise Refusal(400, 10215, "The latest version of the Worker is not currently deployed")
            bindings = with_secrets(latest.bindings, secrets)
            modules = self.versions.modules(latest)
            new = NewVersion(source, latest.etag, annotations, bindings, latest.runtime, modules)
            version = self.versions.add(script, new)
            if deploy:
                self.deployments.add(script, {version.id: 100}, source, annotations)
            self.scripts.touch(script)
        return version

    def remove(self, script: Script, *, force: bool) -> None:
        """Remove a script with all its versions. Raises `Refusal` while others use it, unless `force`."""
        users = users_of(self, script)
        if users and not force:
            raise Refusal(
                400, 10064, f"Cannot delete this Worker: it is still used by {', '.join(sorted(users))}"
            )
        with self._catalogue.transaction():
            self.scripts.remove(script)
            self.versions.sweep()

    def _secrets_changed_since(self, script: Script, versions: Sequence[Version]) -> set[str]:
        """The secrets that are others now than in versions older than the one that answers."""
        current = self.current(script)
        if current is None:
            return set()
        older = [version for version in versions if version.number < current.number]
        return {name for old in older for name in changed_secrets(old.bindings, current.bindings)}

    def _tried_out(self, script: Script, version: Version) -> Version:
        if self.try_out is None:
            return version
        self.versions.started(version, round(self.try_out(script, version) * 1000))
        return self.require_version(script, version.id)

    def _migrated(self, script: Script, upload: Upload) -> Script:
        migrations, exports = upload.metadata.get("migrations"), upload.metadata.get("exports")
        classes, tag = script.classes, script.migration_tag
        if migrations:
            classes, tag = migrated(classes, tag, migrations)
        if exports:
            classes = exported(classes, exports)
        if (classes, tag) == (script.classes, script.migration_tag):
            return script
        self.scripts.migrate(script, classes, tag)
        return self.require(script.account_id, script.name)

    def _new_version(self, script: Script, upload: Upload, source: str) -> NewVersion:
        before = self.versions.latest(script)
        bindings = resolved(
            upload.bindings, () if before is None else before.bindings, upload.metadata.get("keep_bindings")
        )
        runtime = upload.runtime
        if "assets" in runtime:
            runtime["assets"] = self.assets.claimed(script, runtime["assets"])
        elif upload.metadata.get("keep_assets") and before is not None and "assets" in before.runtime:
            runtime["assets"] = before.runtime["assets"]
        return NewVersion(source, upload.etag, upload.annotations, bindings, runtime, upload.modules)

    def _take_settings(self, script: Script, upload: Upload) -> None:
        """What an upload says of the script itself, not of the version."""
        given = {name: upload.metadata[name] for name in UNVERSIONED if name in upload.metadata}
        if given:
            self.scripts.configure(script, **given)
