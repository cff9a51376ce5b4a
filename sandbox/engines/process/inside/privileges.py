"""What a sandbox may do: user ids that mean nothing outside, few capabilities, no way to more."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct

from sandbox.engines.process.inside import syscalls
from sandbox.engines.process.inside.plan import UID_COUNT

#: What root in a sandbox can do with its own files and processes: Docker's default set without the making of
#: device nodes, raw packets and the audit log. (CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID,
#: SETPCAP, NET_BIND_SERVICE, SYS_CHROOT, SETFCAP)
KEPT_CAPABILITIES = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 31})
_LAST_CAPABILITY = 63


class UserNamespaces:
    """User namespaces in which id 0 is `base` on the host, one per base, made when first asked for."""

    def __init__(self) -> None:
        self._fds: dict[int, int] = {}

    def fd(self, base: int) -> int:
        """The namespace of `base`. Needs root."""
        if base not in self._fds:
            self._fds[base] = _make_namespace(base)
        return self._fds[base]


def _make_namespace(base: int) -> int:
    # A namespace needs a process to begin with; afterwards its descriptor keeps it.
    ready, go = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            syscalls.unshare(syscalls.CLONE_NEWUSER)
            os.write(ready[1], b"1")
            os.close(go[1])
            os.read(go[0], 1)
        finally:
            os._exit(0)
    try:
        os.close(ready[1])
        if not os.read(ready[0], 1):
            raise OSError(1, "user namespaces cannot be made here")
        for kind in ("uid_map", "gid_map"):
            _write(f"/proc/{pid}/{kind}", f"0 {base} {UID_COUNT}")
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        for fd in (ready[0], *go):
            os.close(fd)
        os.waitpid(pid, 0)


def become_root_of_own_namespace() -> None:
    """As an ordinary user: enter a new user namespace in which this user is root."""
    uid, gid = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"0 {uid} 1")
    _write("/proc/self/gid_map", f"0 {gid} 1")


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def enter_user_namespace(userns: int | None) -> None:
    """Join the sandbox's user namespace, or make one for this user, and become root in it."""
    if userns is None:
        become_root_of_own_namespace()
    else:
        syscalls.setns(userns, syscalls.CLONE_NEWUSER)
        os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)


def drop() -> None:
    """Keep only what a sandbox may do, for good."""
    for number in range(_LAST_CAPABILITY + 1):
        if number not in KEPT_CAPABILITIES:
            try:
                syscalls.prctl(syscalls.PR_CAPBSET_DROP, number)
            except OSError:
                break  # past the last capability that this kernel knows
    syscalls.capset(KEPT_CAPABILITIES)
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    forbid_system_calls()
    # Programs inside have our user id: without this they could trace us, or read the host's paths in /proc/1.
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0)


def set_rlimits(limits: list[tuple[int, int]]) -> None:
    """Limit this process and all it will start; pairs of an RLIMIT number and its value."""
    for kind, value in limits:
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(kind, (value, value))


def die_with_parent() -> None:
    """Be killed when the process that forked us ends. A change of user ids undoes it: ask again then."""
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)


# -- system calls that no sandbox needs

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_NEW_NAMESPACES = 0x7E02_0000  # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET

# mount, umount2, pivot_root, setns, unshare; kernel modules and kexec; bpf, perf, userfaultfd; keys; file
# handles; swap, reboot, acct, clocks, quotas; io_uring and the new mount calls (the same numbers everywhere).
_EVERYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 442)
_FORBIDDEN = {
    "x86_64": (165, 166, 155, 308, 272, 246, 320, 175, 313, 176, 321, 298, 323, 248, 249, 250, 304)
    + (167, 168, 169, 163, 164, 227, 179),
    "aarch64": (40, 39, 41, 268, 97, 104, 294, 105, 273, 106, 280, 241, 282, 217, 218, 219, 265)
    + (224, 225, 142, 89, 170, 112, 60),
}

_LOAD, _JUMP_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
_X32_BIT = 0x4000_0000


def filter_program(machine: str) -> bytes:
    """A seccomp filter that refuses what no sandbox needs; b"" for a machine we have no numbers for."""
    if machine not in _AUDIT_ARCH:
        return b""
    refused = (*_FORBIDDEN[machine], *_EVERYWHERE)
    # A jump counts the instructions it leaves out; the four returns stand at the end.
    body = [(_JUMP_EQUAL, number, len(refused) - 1 - at + 4, 0) for at, number in enumerate(refused)]
    program = [
        (_LOAD, 4, 0, 0),  # the architecture: another one counts system calls differently
        (_JUMP_EQUAL, _AUDIT_ARCH[machine], 0, len(body) + 8),
        (_LOAD, 0, 0, 0),  # the number
        (_JUMP_SET, _X32_BIT, len(body) + 6, 0),
        (_JUMP_EQUAL, _CLONE3, len(body) + 5, 0),  # its flags are in memory: C libraries fall back to clone
        *body,
        (_JUMP_EQUAL, _CLONE[machine], 0, 2),
        (_LOAD, 16, 0, 0),
        (_JUMP_SET, _NEW_NAMESPACES, 1, 0),
        (_RETURN, _ALLOW, 0, 0),
        (_RETURN, _EPERM, 0, 0),
        (_RETURN, _ENOSYS, 0, 0),
    ]
    return b"".join(struct.pack("HBBI", code, yes, no, value) for code, value, yes, no in program)


def forbid_system_calls() -> None:
    program = filter_program(os.uname().machine)
    if program:
        buffer = ctypes.create_string_buffer(program, len(program))
        pointer = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
        holder = ctypes.create_string_buffer(pointer, len(pointer))
        _set_seccomp_filter(ctypes.addressof(holder))


def _set_seccomp_filter(address: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(22, 2, ctypes.c_void_p(address), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")
