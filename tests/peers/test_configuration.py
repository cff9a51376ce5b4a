"""The real wrangler and this emulator read the same configurations and come to the same result.

The corpus is in `configs/`: every key and rule at least once. Differences stand in `differences.py`,
each with its reason; one that appears or disappears fails here.
"""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.peers.configuration import CORPUS, READER, Case, cases, ours, theirs
from tests.peers.differences import DIFFERENCES
from tests.peers.npm import environment, peers
from wrangler_compat.config.schema import KEYS, Support
from wrangler_compat.config.source import read

pytestmark = pytest.mark.peers

CASES = tuple(cases(CORPUS))
#: Keys of the normalised configuration that no file sets.
DERIVED = {"configPath", "userConfigPath", "topLevelName", "definedEnvironments", "targetEnvironment"}


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_both_read_the_same(case: Case) -> None:
    mine, real = ours(case), theirs(CASES)[case]
    listed = [part for name, part in DIFFERENCES if name == case.id]
    assert mine.differences(real) == listed, (mine, real)


def test_every_listed_difference_is_of_a_case() -> None:
    assert {name for name, _ in DIFFERENCES} <= {case.id for case in CASES}


def test_the_corpus_has_every_key() -> None:
    used: set[str] = set()
    for case in CASES:
        if case.file.name.startswith("broken"):
            continue
        found = read(case.file).data
        used |= found.keys()
        sections = found.get("env") if isinstance(found.get("env"), dict) else {}
        used |= {key for section in (sections or {}).values() if isinstance(section, dict) for key in section}
    assert sorted(KEYS.keys() - used) == []
    assert len({case.file for case in CASES}) >= 60


def test_the_schema_has_every_key_that_wrangler_has() -> None:
    program = """
      const { unstable_readConfig } = require("wrangler");
      const found = unstable_readConfig({ config: "minimal.jsonc" });
      process.stdout.write(JSON.stringify(Object.keys(found)));
    """
    modules = peers() / "node_modules"
    done = subprocess.run(
        [str(modules / ".bin" / "node"), "-e", program],
        cwd=CORPUS,
        env=environment({"NODE_PATH": str(modules)}),
        capture_output=True,
        timeout=60,
    )
    assert set(json.loads(done.stdout)) - DERIVED == KEYS.keys() - {"$schema", "env"}


def test_public_templates_read_the_same() -> None:
    folder = peers() / "node_modules" / "create-cloudflare" / "templates"
    asked = tuple(case for case in cases(folder, "wrangler.*") if not _has_unsupported(case))
    assert len(asked) >= 30
    found = {case.id: ours(case).differences(theirs(asked)[case]) for case in asked}
    assert {name: parts for name, parts in found.items() if parts} == {}


def _has_unsupported(case: Case) -> bool:
    return any(KEYS[key].support is Support.UNSUPPORTED for key in read(case.file).data if key in KEYS)


def test_the_reader_stands_beside_the_corpus() -> None:
    assert READER.is_file()
    assert (CORPUS / "src" / "entry.py").is_file()
