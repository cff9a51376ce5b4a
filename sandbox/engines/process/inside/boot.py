"""From a fork of the zygote to process 1 of a sandbox.

The order matters: each step needs what the next takes away.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import struct
import traceback

from sandbox.engines.process.inside import messages, privileges, rootfs, syscalls
from sandbox.engines.process.inside.plan import Plan
from sandbox.engines.process.inside.supervisor import Supervisor
from sandbox.engines.process.inside.warm_python import WarmPython

HOST_NAME = "sandbox"
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1


def run(plan: Plan, control: socket.socket, userns: int | None, warm: WarmPython) -> None:
    """Become the sandbox and serve it until the host closes `control`. Does not return."""
    code = 1
    try:
        # What process 1 handles, programs inside can send it; what it does not, the kernel keeps from it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if plan["style"] == "plain":
            _stay_outside()
        else:
            _move_in(plan, userns)
        os.umask(0o022)
        plain_root = plan["directory"] + "/root" if plan["style"] == "plain" else ""
        root = os.open(plain_root or "/", os.O_PATH)
        messages.send(control, {"op": "ready"}, [root])
        os.close(root)
        code = Supervisor(control, warm, plain_root).serve()
    except messages.Closed:
        code = 0  # the host gave up on us
    except OSError as error:
        messages.send(control, {"op": "failed", **messages.error_fields(error)})
    except BaseException:
        traceback.print_exc()  # to the engine's log
    finally:
        os._exit(code)


def _move_in(plan: Plan, userns: int | None) -> None:
    privileges.die_with_parent()
    syscalls.unshare(
        syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS
    )
    syscalls.sethostname(HOST_NAME)
    _bring_up_loopback()
    rootfs.build(plan, userns)
    _allow_low_ports()
    privileges.enter_user_namespace(userns)
    privileges.drop()
    privileges.die_with_parent()


def _stay_outside() -> None:
    # Orphans come to us instead of to the system's process 1, so that we can end them.
    syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1)
    os.setsid()


def _bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def _allow_low_ports() -> None:
    # The network namespace is not owned by the sandbox's user namespace, so its root has no right to port 80.
    fd = os.open("/proc/sys/net/ipv4/ip_unprivileged_port_start", os.O_WRONLY)
    os.write(fd, b"0")
    os.close(fd)
