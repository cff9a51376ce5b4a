from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.errors import UserError
from tests.wrangler_compat.deploy.projects import write_project
from wrangler_compat.deploy.plan import triggers_of
from wrangler_compat.deploy.project import DeployOptions, Project, read_project


def project(folder: Path, options: DeployOptions | None = None, **config: Any) -> Project:
    return read_project(write_project(folder, **config), options or DeployOptions(process={}))


def test_what_edge_dev_does_not_emulate_is_deployed_all_the_same(tmp_path: Path) -> None:
    found = project(tmp_path, queues={"producers": [{"binding": "Q", "queue": "q"}]}, ai={"binding": "AI"})
    assert {"queues", "ai"} <= found.settings.keys()
    assert found.warnings == ()


def test_an_environment_has_its_own_name_and_settings(tmp_path: Path) -> None:
    staging = DeployOptions(environment="staging", process={})
    found = project(tmp_path, staging, env={"staging": {"vars": {"A": 1}}})
    assert (found.name, found.settings["vars"]) == ("shop-staging", {"A": 1})


def test_the_environment_of_the_process_counts_after_the_flag(tmp_path: Path) -> None:
    named = DeployOptions(process={"CLOUDFLARE_ENV": "staging"})
    assert project(tmp_path, named, env={"staging": {}}).name == "shop-staging"


def test_the_command_line_replaces_name_date_and_flags(tmp_path: Path) -> None:
    flags = ("python_workers", "nodejs_compat")
    said = DeployOptions("other", None, "2026-01-01", flags, process={})
    found = project(tmp_path, said)
    assert (found.name, found.settings["compatibility_date"]) == ("other", "2026-01-01")
    assert found.settings["compatibility_flags"] == ["python_workers", "nodejs_compat"]


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"name": None}, 'Expected "name" to be of type string'),
        ({"name": ""}, "You need to provide the name of your worker"),
        ({"name": "under_score"}, '"under_score" is no name for a Worker'),
        ({"name": "a" * 64}, "is no name for a Worker"),
        ({"compatibility_flags": []}, "The `python_workers` compatibility flag is required"),
        ({"main": "src/gone.py"}, 'The entry-point file at "src/gone.py" was not found.'),
        ({"main": "src/index.ts"}, "JavaScript has to be bundled"),
        ({"site": {"bucket": "x"}}, '"site" is not deployed by edge'),
        ({"build": {"command": "make"}}, '"build" is not deployed by edge'),
        ({"dispatch_namespaces": [{"binding": "D"}]}, '"dispatch_namespaces" is not deployed by edge'),
        (
            {"queues": {"consumers": [{}]}},
            '"queues.consumers[0]" should have a string "queue" field but got {}',
        ),
        ({"workflows": [{"name": "w"}]}, '"workflows[0]" should have a string "class_name" field'),
        ({"kv_namespaces": [{"id": "x"}]}, 'should have a string "binding" field'),
    ],
)
def test_what_cannot_be_deployed(tmp_path: Path, config: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError) as raised:
        project(tmp_path, **config)
    assert text in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / "wrangler.jsonc"))


def test_without_a_date_nothing_is_uploaded(tmp_path: Path) -> None:
    path = write_project(tmp_path)
    path.write_text(path.read_text().replace('"compatibility_date"', '"$schema"'))
    with pytest.raises(UserError, match="A compatibility_date is required when uploading a Worker"):
        read_project(path, DeployOptions(process={}))


def test_the_command_line_replaces_routes_and_schedules_and_adds_domains(tmp_path: Path) -> None:
    config = {"route": "old.com/*", "triggers": {"crons": ["0 0 * * *"], "events": []}}
    domain = {"pattern": "shop.com", "custom_domain": True}
    added = triggers_of(
        project(tmp_path, DeployOptions(domains=("shop.com",), process={}), **config).settings
    )
    assert (added.routes, added.custom_domains) == (({"pattern": "old.com/*"},), (domain,))
    assert added.crons == ("0 0 * * *",)
    options = DeployOptions(routes=("new.com/*",), schedules=("0 4 * * *",), process={})
    replaced = triggers_of(project(tmp_path, options, **config).settings)
    assert (replaced.routes, replaced.custom_domains) == (({"pattern": "new.com/*"},), ())
    assert replaced.crons == ("0 4 * * *",)


def test_other_static_files(tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    options = DeployOptions(assets=tmp_path / "built", process={})
    found = project(tmp_path / "project", options, assets={"directory": "gone", "binding": "ASSETS"})
    assert found.worker.assets is not None
    assert (found.worker.assets.directory, found.worker.assets.binding) == (tmp_path / "built", "ASSETS")
