"""What is believed of a session's container, so that no work is done twice (optimisation 2).

A pure value, kept by the session's object. A run that writes into the container says so beforehand
(`writes`) and says afterwards what it wrote (`wrote`): one at a time, and only what such a one wrote is
believed. Each container has a name of its own (`boot`), which stands in its `/tmp/vf-state.json` and goes
with it: what was learned of another one does not count.
"""

#: What may be known: hashes of what was written (of each file), packages, the server, the last preparation.
MCP, FILES, PACKAGES = "mcpConfigHash", "credentialFiles", "npmPackagesInstalled"
#: How packages came, where the shared cache brings them.
CAME = "npmPackagesCame"
SERVER, PREPARED = "wsServerPid", "prepared"


class ContainerState:
    """`stored` is what `as_stored` gave once."""

    def __init__(self, stored=None):
        stored = stored or {}
        self.boot = stored.get("boot", "")
        self.known = stored.get("known", {})
        #: Paths of the configuration's files that may be in the container, whatever they hold.
        self.paths = set(stored.get("paths", ()))
        self._writer, self._until_ms, self._is_disturbed = None, 0.0, False

    def as_stored(self):
        return {"boot": self.boot, "known": self.known, "paths": sorted(self.paths)}

    def busy_ms(self, now_ms):
        """How long it takes at most until the next one may write."""
        return 0.0 if self._writer is None else self._until_ms - now_ms

    def writes(self, ticket, keys, paths, until_ms):
        """A run is about to write what `keys` stand for, and files to `paths`; whoever has not said by
        `until_ms` what he wrote has died. Gives what was known until now: what has to be written, and
        removed, is the difference to that."""
        before = self.as_stored()
        self.paths |= set(paths)
        self._forget(keys)
        self._writer, self._until_ms, self._is_disturbed = ticket, until_ms, self._writer is not None
        return before

    def wrote(self, ticket, news):
        """What a run wrote; empty when it failed."""
        if ticket != self._writer:  # too late, or from before this object was restarted: perhaps after others
            self._forget(news)
            self._is_disturbed = True
            return
        self._writer = None
        if not self._is_disturbed:
            self.known = {**self.known, **news}
            self.paths = set(news[FILES]) if FILES in news else self.paths

    def learned(self, boot, news):
        """What a run saw without writing it: the server, packages."""
        if boot != self.boot:
            return
        if PACKAGES in news:
            news = {**news, PACKAGES: sorted({*self.known.get(PACKAGES, ()), *news[PACKAGES]})}
        if CAME in news:
            news = {**news, CAME: {**self.known.get(CAME, {}), **news[CAME]}}
        self.known = {**self.known, **news}

    def woke(self, before, boot):
        """The container is another one than `before`: from now on it is called `boot`, unless another run
        noticed already."""
        if before == self.boot:
            self.boot, self.known, self._is_disturbed = boot, {}, True

    def doubted(self, boot):
        """It is not as believed: the server is gone, perhaps the container with it. Somebody has to look."""
        if boot == self.boot:
            self.known = {}

    def _forget(self, keys):
        # What was prepared at one go is another name for the same content.
        self.known = {key: value for key, value in self.known.items() if key not in {*keys, PREPARED}}
