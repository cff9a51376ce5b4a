"""The runtime's texts (spec sandbox-and-containers.md section 3.6)."""

from __future__ import annotations

import pytest

from edge.js.errors import error
from sandbox.container.errors import Ending, ending_of, is_lost, is_no_instance, is_not_listening, text_of


@pytest.mark.parametrize(
    ("text", "exit_code", "reason"),
    [
        ("runtime signalled the container to exit: 143", 143, "runtime_signal"),
        ("Container exited with unexpected exit code: 7", 7, "exit"),
        ("container exited with unexpected exit code: 0", 0, "exit"),
        ("internal error; reference = x", None, "exit"),
        ("Maximum number of running container instances exceeded. Try again later", None, "exit"),
    ],
)
def test_how_a_container_ended(text: str, exit_code: int | None, reason: str) -> None:
    failure = error(text)
    assert ending_of(failure) == Ending(exit_code, reason, failure)


def test_the_end_without_an_error() -> None:
    assert ending_of(None) == Ending(0, "exit", None)


def test_texts_are_found_inside_others() -> None:
    assert is_no_instance(
        error("There is no container instance that can be provided to this Durable Object, sorry")
    )
    assert is_no_instance(
        error("Maximum number of running container instances exceeded. Try again later, or")
    )
    assert is_not_listening(
        Exception("connect: the container is not listening in the TCP address 10.0.0.1:33")
    )
    assert is_lost(error("Network connection lost."))
    assert not is_lost(error("broken"))


def test_the_message_alone() -> None:
    assert text_of(error("broken")) == "broken"
    assert text_of(ValueError("broken")) == "broken"
