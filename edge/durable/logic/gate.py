"""The two gates of a Durable Object, as pure state.

**The input gate** decides whose code may run. An object is one thread of control; its code comes in
*contexts*: the ground (ordinary events) and *critical sections*, one for each `blockConcurrencyWhile`
or `transaction` under way. Only running code can open a section, and only the innermost section's code
runs, so the open sections form a stack and one rule covers everything:

    code of section S may run  ⇔  S (or, once S is over, its nearest open ancestor) is on top,
                                  and the gate is not shut for a commit.

A section that ends leaves code behind when its callback started tasks and did not wait for them: from
then on that code belongs to the section around it. That is why the rule speaks of ancestors.

workerd reaches the same through lock counts and waiter lists (io/io-gate.h). Its rule "waiters of a
child section go before those of its parent" is the stack: nobody below the top may run at all.

**Being shut** is how a commit keeps user code out while the database is in a thread: reads would wait
for the connection, and writes would slip into a transaction that is being made durable.

**The output gate** decides what may leave. It is locked from the first write that asked for
confirmation until the commit that contains it is durable. Writes with `allowUnconfirmed` do not lock it.
A commit settles everything written before it, because no user code runs while it is under way, so two
flags are enough: is a confirmed write waiting, and is one of them in the commit under way.

**Broken** is final. A gate that broke names the reason; nothing runs and nothing leaves any more.

Sources: spec durable-objects.md section 3; recordings `blocking`, `block_failure`.
"""

from __future__ import annotations

DEPTH_MAX = 64
TOO_DEEP = "blockConcurrencyWhile() calls are nested too deeply."


class TooDeep(Exception):
    """More critical sections inside one another than the platform allows."""


class Section:
    """A critical section, or the ground on which ordinary events run (depth 0)."""

    __slots__ = ("depth", "open", "parent")

    def __init__(self, parent: Section | None = None) -> None:
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.open = True

    def standing(self) -> Section:
        """The section that code started here belongs to now."""
        section = self
        while not section.open:
            assert section.parent is not None, "the ground never closes"
            section = section.parent
        return section


class InputGate:
    """Says whose code may run."""

    __slots__ = ("broken", "ground", "shut", "top")

    def __init__(self) -> None:
        self.ground = Section()
        self.top = self.ground
        self.shut = False
        self.broken: BaseException | None = None

    def admits(self, section: Section) -> bool:
        """Whether code of `section` may run now."""
        if self.shut or self.broken is not None:
            return False
        if section is self.top:
            return True  # the hot case: no section is open, or this is the innermost
        return section.standing() is self.top

    def enter(self) -> Section:
        """Open a critical section from running code, which is the innermost section's: only that runs.
        Raises TooDeep beyond 64 levels."""
        assert self.broken is None, "a broken object runs nothing"
        if self.top.depth >= DEPTH_MAX:
            raise TooDeep(TOO_DEEP)
        assert self.top.open, "a section that is over cannot be on top"
        self.top = Section(self.top)
        return self.top

    def leave(self, section: Section) -> None:
        """Close a section; what it left running belongs to the section around it. An inner section that
        is still open (its own callback runs on) keeps everybody else out until it closes as well."""
        assert section.parent is not None, "the ground never closes"
        assert section.open, "a section closes once"
        section.open = False
        self.top = self.top.standing()

    def shut_for_commit(self) -> None:
        assert not self.shut, "one commit at a time"
        self.shut = True

    def reopen(self) -> None:
        assert self.shut, "only a shut gate reopens"
        self.shut = False

    def break_(self, reason: BaseException) -> None:
        """Let nothing through any more. The first reason stays."""
        if self.broken is None:
            self.broken = reason


class OutputGate:
    """Says whether what the object has said may leave."""

    __slots__ = ("broken", "committing", "waiting")

    def __init__(self) -> None:
        self.waiting = False  # a confirmed write of the open transaction
        self.committing = False  # a confirmed write in the commit under way
        self.broken: BaseException | None = None

    @property
    def locked(self) -> bool:
        return self.waiting or self.committing

    def wrote(self, *, confirmed: bool) -> None:
        """A write happened. Unconfirmed ones leave the gate as it is: also locked, if it was."""
        if confirmed:
            self.waiting = True

    def rolled_back(self) -> None:
        """The open transaction is gone; nothing of it needs confirming."""
        self.waiting = False

    def commit_started(self) -> None:
        assert not self.committing, "one commit at a time"
        self.committing, self.waiting = self.waiting, False

    def commit_ended(self) -> None:
        assert not self.waiting, "no user code runs during a commit, so nothing can have been written"
        self.committing = False

    def break_(self, reason: BaseException) -> None:
        """Nothing that still waits will ever leave. The first reason stays."""
        if self.broken is None:
            self.broken = reason
        self.waiting = self.committing = False
