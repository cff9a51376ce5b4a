"""Process 1 of a sandbox: starts programs when the host asks, reaps what ends, and reports it.

Requests arrive one at a time on the control socket and are answered in order, so the answer that names a
process always precedes the report of its end. When the host closes the socket we exit, and the kernel kills
all that is left in our PID namespace.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import termios
from collections.abc import Callable

from sandbox.engines.process.inside import messages, privileges
from sandbox.engines.process.inside.messages import Message
from sandbox.engines.process.inside.warm_python import OOM_SCORE, WarmPython


class Supervisor:
    """Serves the host's requests."""

    def __init__(self, control: socket.socket, warm: WarmPython, root: str = "") -> None:
        """`root` is put before directories where there is no file system of our own."""
        self._control = control
        self._warm = warm
        self._root = root
        self._children: set[int] = set()
        self._exit_code: int | None = None
        self._operations: dict[str, Callable[[Message, list[int]], tuple[Message, list[int]]]] = {
            "limit": self._limit,
            "spawn": self._spawn,
            "signal": self._signal,
            "resize": self._resize,
            "sockets": self._sockets,
            "listen": self._listen,
        }

    def serve(self) -> int:
        """Until the host closes the control socket or asks for the end; the exit code."""
        woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        poll = select.poll()
        for fd in (woken, self._control.fileno()):
            poll.register(fd, select.POLLIN)
        try:
            while self._exit_code is None:
                for fd, _ in poll.poll():
                    if fd == woken:
                        os.read(woken, 4096)
                    else:
                        self._answer(*messages.receive(self._control))
                self._reap()
        except messages.Closed:
            self._exit_code = 0
        if self._root:
            self._end_all()
        return self._exit_code

    def _answer(self, request: Message, fds: list[int]) -> None:
        answer: Message
        attached: list[int] = []
        try:
            answer, attached = self._operations[request["op"]](request, fds)
        except OSError as error:
            answer = {"error": messages.error_fields(error)}
        except (ValueError, subprocess.SubprocessError) as error:
            answer = {"error": {"errno": 22, "text": str(error), "file": None}}
        finally:
            for fd in fds:
                os.close(fd)
        messages.send(self._control, {"id": request["id"], **answer}, attached)
        for fd in attached:
            os.close(fd)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._children:
                self._children.discard(pid)
                code = os.waitstatus_to_exitcode(status)
                ended = {"op": "ended", "pid": pid, "code": code if code >= 0 else 128 - code}
                messages.send(self._control, ended)

    def _limit(self, request: Message, _fds: list[int]) -> tuple[Message, list[int]]:
        privileges.set_rlimits([(kind, value) for kind, value in request["rlimits"]])
        return {}, []

    # -- programs

    def _spawn(self, request: Message, fds: list[int]) -> tuple[Message, list[int]]:
        argv = [os.fsencode(argument) for argument in request["argv"]]
        env = {os.fsencode(name): os.fsencode(value) for name, value in request["env"].items()}
        cwd = self._root + request["cwd"]
        if not os.path.isdir(cwd):
            raise FileNotFoundError(2, "No such file or directory", request["cwd"])
        if request["terminal"] is None:
            stdin, stdout, stderr = fds
            pid = self._start_warm(request["python"], cwd, env, fds) or _start(
                argv, cwd, env, (stdin, stdout, stderr)
            )
            master: list[int] = []
        else:
            pid, master = _start_on_terminal(argv, cwd, env, request["terminal"])
        self._children.add(pid)
        if not self._root:
            _prefer_to_kill(pid)
        return {"pid": pid}, master

    def _start_warm(
        self, wanted: Message | None, cwd: str, env: dict[bytes, bytes], fds: list[int]
    ) -> int | None:
        """A script in a fork of this Python; None when it needs one of its own."""
        program = None if wanted is None or self._root else self._warm.program(wanted, cwd, env)
        if wanted is None or program is None:
            return None
        if wanted["bash"]:
            env = {b"SHLVL": b"0", **env, b"PWD": os.fsencode(cwd), b"_": os.fsencode(program)}
        return self._warm.start(program, wanted, cwd, env, fds)

    def _signal(self, request: Message, _fds: list[int]) -> tuple[Message, list[int]]:
        pid, number = request["pid"], request["number"]
        if pid == -1:  # all but us
            if self._root:
                for child in self._children:
                    os.killpg(child, number)
            elif self._children:
                os.kill(-1, number)
        elif pid in self._children:  # not reaped yet, so the number cannot be another's
            os.killpg(pid, number) if request["group"] else os.kill(pid, number)
        return {}, []

    def _resize(self, request: Message, fds: list[int]) -> tuple[Message, list[int]]:
        _set_size(fds[0], request["cols"], request["rows"])
        return {}, []

    # -- the network, which is the namespace that a socket was made in

    def _sockets(self, request: Message, _fds: list[int]) -> tuple[Message, list[int]]:
        family = socket.AF_INET6 if request["v6"] else socket.AF_INET
        return {}, [socket.socket(family, socket.SOCK_STREAM).detach() for _ in range(request["count"])]

    def _listen(self, request: Message, _fds: list[int]) -> tuple[Message, list[int]]:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", request["port"]))
        sock.listen(128)
        return {}, [sock.detach()]

    def _end_all(self) -> None:
        """Without a PID namespace: kill every descendant, until none is left that could fork another."""
        while True:
            with open("/proc/thread-self/children") as file:
                children = [int(pid) for pid in file.read().split()]
            if not children:
                return
            for pid in children:
                try:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                except (ProcessLookupError, ChildProcessError):
                    continue


def _start(argv: list[bytes], cwd: str, env: dict[bytes, bytes], io: tuple[int, int, int]) -> int:
    process = subprocess.Popen(
        argv, cwd=cwd, env=env, stdin=io[0], stdout=io[1], stderr=io[2], start_new_session=True
    )
    process.returncode = 0  # we reap: the object shall neither wait nor complain
    return process.pid


def _start_on_terminal(
    argv: list[bytes], cwd: str, env: dict[bytes, bytes], size: dict[str, int]
) -> tuple[int, list[int]]:
    master, slave = os.openpty()
    try:
        _set_size(master, size["cols"], size["rows"])
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
    except BaseException:
        os.close(master)
        raise
    finally:
        os.close(slave)
    process.returncode = 0
    return process.pid, [master]


def _set_size(fd: int, cols: int, rows: int) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def _prefer_to_kill(pid: int) -> None:
    try:
        fd = os.open(f"/proc/{pid}/oom_score_adj", os.O_WRONLY)
    except OSError:  # it has ended already, or has another user by now
        return
    try:
        os.write(fd, OOM_SCORE)
    except OSError:
        return
    finally:
        os.close(fd)
