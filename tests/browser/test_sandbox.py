"""The workbench in a real browser: terminal, editor, preview."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.examples.serving import EXAMPLES, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The workbench, once its terminal is ready. The page may not have met a script error."""
    errors: list[str] = []
    with serving(EXAMPLES / "sandbox", tmp_path, options=("--engine", "process")) as server:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"http://localhost:{server.port}/")
        page.wait_for_selector("#terminal[data-status=ready]")
        yield page
        context.close()
    assert errors == []


def type_in(page: Any, line: str) -> None:
    page.focus("#terminal")
    page.keyboard.type(line)
    page.keyboard.press("Enter")


def test_what_is_typed_runs(page: Any) -> None:
    type_in(page, "echo $((40 + 2)) > /workspace/answer; cat /workspace/answer; echo over")
    page.wait_for_function("/\\n42\\nover\\n/.test(document.querySelector('#terminal').textContent)")
    type_in(page, "sleep 60")
    page.keyboard.press("Control+c")
    type_in(page, "echo ca")
    page.keyboard.type("echo xabc")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "/\\nca\\n.*echo abc\\nabc\\n/.test(document.querySelector('#terminal').textContent)"
    )


def test_a_file_that_is_edited_shows_in_the_preview(page: Any) -> None:
    page.click("#files >> text=site")
    page.click("#files >> text=index.html")
    page.wait_for_function("document.querySelector('#path').textContent === '/workspace/site/index.html'")
    page.fill("#text", "<h1>Edited in the browser</h1>")
    page.click("#save")
    page.wait_for_selector("#said >> text=saved")
    page.click("#preview")
    with page.context.expect_page() as opened:
        page.click("#link")
    opened.value.wait_for_selector("h1 >> text=Edited in the browser")
    assert ".localhost:" in opened.value.url
