"""A small warm process that forks the process 1 of each sandbox, so that none waits for an interpreter to
start.

Runs with `python -I -S -E`; its only link to the host is the socket it is given. When the host goes,
however it goes, the socket ends, we end, and the kernel kills our children and with them their namespaces.
"""

from __future__ import annotations

import gc
import os
import select
import socket

from sandbox.engines.process.inside import boot, messages, privileges, syscalls
from sandbox.engines.process.inside.messages import Message
from sandbox.engines.process.inside.plan import Plan
from sandbox.engines.process.inside.warm_python import WarmPython, steps

_FIRST_FD = 3


class Zygote:
    """Forks on request."""

    def __init__(self, host: socket.socket) -> None:
        self._host = host
        self._warm = WarmPython()
        #: What is left to import, and the requests that wait for all of it.
        self._steps = steps()
        self._waiting: list[int] = []
        self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._namespaces = privileges.UserNamespaces()

    def serve(self) -> None:
        """Until the host goes."""
        while True:
            self._warm_up()
            request, fds = messages.receive(self._host)
            if request["op"] == "warm":
                self._waiting.append(request["id"])
                continue
            _collect_ended()
            answer: Message
            attached: list[int] = []
            try:
                attached = [os.pidfd_open(self._start(request["plan"], fds[0]))]
                answer = {}
            except OSError as error:
                answer = {"error": messages.error_fields(error)}
            messages.send(self._host, {"id": request["id"], **answer}, attached)
            for fd in (*fds, *attached):
                os.close(fd)

    def _warm_up(self) -> None:
        """Use the time until the next request, which never waits for more than one step of it."""
        while self._waiting and not select.select([self._host], [], [], 0)[0]:
            if next(self._steps, None) is None:
                gc.freeze()
                for waiting in self._waiting:
                    messages.send(self._host, {"id": waiting})
                self._waiting.clear()

    def _start(self, plan: Plan, control: int) -> int:
        userns = None if plan["uid_base"] is None else self._namespaces.fd(plan["uid_base"])
        apart = plan["style"] != "plain"
        if apart:
            syscalls.unshare(syscalls.CLONE_NEWPID)  # for children only
        pid = os.fork()
        if pid == 0:
            _become_sandbox(plan, control, userns, self._warm)
        if apart:
            syscalls.setns(self._own_pids, syscalls.CLONE_NEWPID)
        return pid


def _become_sandbox(plan: Plan, control: int, userns: int | None, warm: WarmPython) -> None:
    try:
        keep = {control} if userns is None else {control, userns}
        low = _FIRST_FD
        for fd in sorted(keep):
            os.closerange(low, fd)
            low = fd + 1
        os.closerange(low, 1 << 20)
        boot.run(plan, socket.socket(fileno=control), userns, warm)
    finally:
        os._exit(1)


def _move_to_own_namespaces() -> None:
    """As an ordinary user: be root of a user namespace, in which we may make others."""
    privileges.become_root_of_own_namespace()
    # `setns` back to our PID namespace after each sandbox needs one that our user namespace owns.
    syscalls.unshare(syscalls.CLONE_NEWPID)
    pid = os.fork()
    if pid != 0:
        os.closerange(_FIRST_FD, 1 << 20)
        os.waitpid(pid, 0)
        os._exit(0)
    privileges.die_with_parent()


def _collect_ended() -> None:
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


def main(host_fd: int, root: bool) -> None:
    """`host_fd`: the socket of the host. `root`: give each sandbox users of its own, as only root can."""
    if not root:
        try:
            _move_to_own_namespaces()
        except OSError as error:
            # Sandboxes that need namespaces will fail to start, and say so; plain ones still work.
            os.write(2, f"no user namespaces: {error}\n".encode())
    syscalls.set_title(b"edge-sandbox")  # the sandboxes inherit it, and need not see paths of this machine
    gc.freeze()
    try:
        Zygote(socket.socket(fileno=host_fd)).serve()
    except messages.Closed:
        os._exit(0)
