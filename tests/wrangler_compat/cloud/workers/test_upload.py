"""Uploads that cannot be Workers."""

from __future__ import annotations

from typing import Any

import pytest

from edge.http.blob import File
from wrangler_compat.cloud.envelope import Refusal
from wrangler_compat.cloud.workers.upload import parse_upload

MAIN = ("entry.py", File(b"pass", "entry.py", "text/x-python"))


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ([MAIN], "lacks the part 'metadata'"),
        ([("metadata", "{"), MAIN], "not valid JSON"),
        ([("metadata", "[]"), MAIN], "must be a JSON object"),
        ([("metadata", "{}"), MAIN], "must name a 'main_module'"),
        ([("metadata", '{"main_module": "other.py"}'), MAIN], 'No such module "other.py".'),
        ([("metadata", '{"main_module": "entry.py"}'), MAIN, MAIN], "was uploaded twice"),
        ([("metadata", '{"main_module": "entry.py", "bindings": {}}'), MAIN], "an array of objects"),
        (
            [
                (
                    "metadata",
                    '{"main_module": "entry.py", "bindings": [{"name": "A", "type": "ai"}, '
                    '{"name": "A", "type": "ai"}]}',
                ),
                MAIN,
            ],
            "binding name 'A' already in use",
        ),
        (
            [("metadata", '{"main_module": "entry.py", "bindings": [{"name": "DB", "type": "d1"}]}'), MAIN],
            "binding DB of type d1 must have a valid `id` specified",
        ),
    ],
)
def test_refusals(form: Any, text: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_upload(form)
    assert refused.value.code == 10021
    assert text in refused.value.message


def test_names_come_from_the_file_where_the_field_says_nothing() -> None:
    metadata = '{"main_module": "src/a.py", "annotations": {"workers/tag": null, "workers/message": "m"}}'
    file = File(b"pass", "src/a.py", "text/x-python")
    upload = parse_upload([("files", file), ("metadata", File(metadata.encode(), "", ""))])
    assert [module.name for module in upload.modules] == ["src/a.py"]
    assert upload.annotations == {"workers/message": "m"}
    assert upload.runtime == {"main_module": "src/a.py"}


def test_the_etag_follows_names_types_and_contents() -> None:
    def etag(file: File) -> str:
        return parse_upload([("metadata", '{"main_module": "a"}'), ("a", file)]).etag

    same = etag(File(b"pass", "a", "text/x-python"))
    assert etag(File(b"pass", "a", "text/x-python")) == same
    assert etag(File(b"past", "a", "text/x-python")) != same
    assert etag(File(b"pass", "a", "text/plain")) != same
