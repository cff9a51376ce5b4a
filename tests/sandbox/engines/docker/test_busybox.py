"""A sandbox whose image has busybox and nothing else: files, shells and programs are as everywhere."""

from __future__ import annotations

import pytest

from edge.containers.engine import Image, Instance
from tests.sandbox.engines.contract import test_files as files
from tests.sandbox.engines.contract import test_programs as programs
from tests.sandbox.engines.contract import test_server as server
from tests.sandbox.engines.contract import test_shells as shells
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import shell
from tests.sandbox.engines.docker import daemon

pytestmark = pytest.mark.docker

_TESTS = [
    files.test_what_is_written_is_read,
    files.test_written_files_belong_to_the_containers_root,
    files.test_a_write_that_fails_leaves_the_file_as_it_was,
    files.test_replacing_keeps_the_mode,
    files.test_stat,
    files.test_list,
    files.test_errors_are_the_systems_own,
    files.test_links_stay_inside,
    files.test_writing_through_a_link_changes_its_target,
    programs.test_streams_and_exit_code,
    programs.test_arguments_arrive_as_they_are,
    programs.test_a_signal_to_the_group_reaches_children,
    programs.test_terminal,
    shells.test_directory_and_variables_persist,
    shells.test_a_command_that_ends_the_shell,
    server.test_a_session_runs_commands,
]


@pytest.fixture
def instance(house: House) -> Instance:
    return house.start(image=Image(reference=daemon.BUSYBOX), labels={"sandbox-server": "1"})


@pytest.mark.parametrize("test", _TESTS, ids=lambda test: test.__name__)
def test_as_everywhere(house: House, instance: Instance, test: object) -> None:
    test(house, instance)  # type: ignore[operator]


@pytest.mark.parametrize("name", files.ODD_NAMES)
def test_odd_names(house: House, instance: Instance, name: str) -> None:
    files.test_odd_names(house, instance, name)


def test_there_is_no_bash(house: House, instance: Instance) -> None:
    assert house.run(shell(instance, "command -v bash python3")).stdout == b""
    with pytest.raises(FileNotFoundError, match="bash"):
        house.run(instance.spawn(("bash", "-c", "true")))
