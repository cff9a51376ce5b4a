"""What one run knows of the container; what all believe has the session's object (`container_state.py`)."""

import json
import uuid

from container_state import PACKAGES

#: Who has not said by then what he wrote has died: longer than a few files take.
WRITING_LIMIT_MS = 30_000


class Outdated(Exception):
    """The configuration changed before its turn to be written came: begin again with the present one."""


class KnownContainer:
    """`session` is the session's object, or a stub of it; with `checks` a configuration is written only while
    it is the session's present one."""

    def __init__(self, session, *, checks=True):
        self._session = session
        self._checks = checks
        self._news = {}
        self.boot, self.known, self.paths = "", {}, set()
        self.is_changed = False
        #: Whether this run did not look for the server, for it is said to run.
        self.trusts_server = False

    async def look(self):
        """Ask what is believed now."""
        self._take(await self._session.container("as_stored", "{}"))

    async def writes(self, config, keys, paths=(), limit_ms=WRITING_LIMIT_MS):
        """Wait for the turn to write; gives the ticket for `wrote`. Afterwards `known` is what was there
        until now. Raises Outdated."""
        ticket, self.is_changed = uuid.uuid4().hex, True
        said = {"ticket": ticket, "keys": keys, "paths": sorted(paths)}
        present = config["hash"] if self._checks else None
        while (answer := await self._session.container_writes(json.dumps(said), limit_ms, present)) == "":
            pass  # somebody else writes
        if answer is None:
            raise Outdated
        self._take(answer)
        return ticket

    async def wrote(self, ticket, news):
        """Say what was written, or by nothing that it failed."""
        self._take(await self._session.container("wrote", json.dumps({"ticket": ticket, "news": news})))

    def saw(self, **news):
        """Something was seen: for this run at once, for others with `tell`."""
        self.is_changed = True
        self._news |= news
        self.known = {**self.known, **news}

    async def learn(self, **news):
        """Tell the session what was seen after this run had told all else."""
        await self._say("learned", news=news)

    async def tell(self):
        """Tell the session what was seen."""
        news, self._news = self._news, {}
        if news:
            await self._say("learned", news=news)

    async def woke(self):
        """The container is a new one."""
        self._news, self.is_changed = {}, True
        asked = json.dumps({"before": self.boot, "boot": uuid.uuid4().hex})
        self._take(await self._session.container("woke", asked))

    async def doubted(self):
        """The server does not answer as it should, if it was there."""
        self._news, self.trusts_server = {}, False
        await self._say("doubted")

    def packages(self):
        return self.known.get(PACKAGES, [])

    async def _say(self, verb, **more):
        self._take(await self._session.container(verb, json.dumps({"boot": self.boot, **more})))

    def _take(self, text):
        state = json.loads(text)
        self.boot, self.paths = state["boot"], set(state["paths"])
        self.known = {**state["known"], **self._news}
