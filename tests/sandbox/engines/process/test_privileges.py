"""The filter of system calls, run by a small interpreter of its instructions."""

from __future__ import annotations

import struct

import pytest

from sandbox.engines.process.inside.privileges import filter_program

ALLOWED, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
X86_64, AARCH64, I386 = 0xC000003E, 0xC00000B7, 0x40000003
CLONE_THREAD_FLAGS = 0x3D0F00
CLONE_NEWUSER = 0x10000000


def decide(machine: str, architecture: int, number: int, argument: int = 0) -> int:
    """What the filter says to a system call."""
    data = struct.pack("IIQ6Q", number, architecture, 0, argument, 0, 0, 0, 0, 0)
    program = [struct.unpack("HBBI", chunk) for chunk in chunks(filter_program(machine), 8)]
    at, accumulator = 0, 0
    while True:
        code, yes, no, value = program[at]
        at += 1
        if code == 0x20:
            accumulator = struct.unpack_from("I", data, value)[0]
        elif code == 0x15:
            at += yes if accumulator == value else no
        elif code == 0x45:
            at += yes if accumulator & value else no
        else:
            assert code == 0x06
            return int(value)


def chunks(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize(
    ("number", "argument", "decision"),
    [
        (0, 0, ALLOWED),  # read
        (59, 0, ALLOWED),  # execve
        (56, CLONE_THREAD_FLAGS, ALLOWED),
        (56, 17, ALLOWED),  # fork
        (56, CLONE_NEWUSER | 17, EPERM),
        (435, 0, ENOSYS),  # clone3: its flags are out of reach, C libraries fall back to clone
        (165, 0, EPERM),  # mount
        (272, 0, EPERM),  # unshare
        (308, 0, EPERM),  # setns
        (321, 0, EPERM),  # bpf
        (425, 0, EPERM),  # io_uring_setup
        (442, 0, EPERM),  # mount_setattr, the last of the list
        (179, 0, EPERM),  # quotactl
        (0x40000000, 0, ENOSYS),  # the x32 calls
    ],
)
def test_x86_64(number: int, argument: int, decision: int) -> None:
    assert decide("x86_64", X86_64, number, argument) == decision


@pytest.mark.parametrize(
    ("number", "argument", "decision"),
    [(63, 0, ALLOWED), (220, 17, ALLOWED), (220, CLONE_NEWUSER, EPERM), (40, 0, EPERM), (97, 0, EPERM)],
)
def test_aarch64(number: int, argument: int, decision: int) -> None:
    assert decide("aarch64", AARCH64, number, argument) == decision


def test_another_architecture_has_no_system_calls() -> None:
    assert decide("x86_64", I386, 3) == ENOSYS


def test_an_unknown_machine_has_no_filter() -> None:
    assert filter_program("riscv64") == b""
