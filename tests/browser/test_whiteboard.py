"""The whiteboard in a real browser: two people, one board."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.examples.serving import EXAMPLES, DevServer, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHITEBOARD = EXAMPLES / "whiteboard"
LIVE = "body[data-status=live]"
LISTED = "async (name) => (await (await fetch('/boards')).json()).some((board) => board.name === name)"
INKED = """() => {
    const { width, height } = document.querySelector("#paper");
    const pixels = document.querySelector("#paper").getContext("2d").getImageData(0, 0, width, height).data;
    return pixels.some((value, index) => index % 4 === 3 && value > 0);
}"""
LINES_AT_BOTH_ENDS = """() => {
    const paper = document.querySelector("#paper"), box = paper.getBoundingClientRect();
    const inked = (x, y) => paper.getContext("2d")
        .getImageData((x - box.left) * devicePixelRatio - 4, (y - box.top) * devicePixelRatio - 4, 9, 9)
        .data.some((value) => value > 0);
    return inked(800, 500) && inked(800, 300) && !inked(600, 200);
}"""

Open = Callable[[DevServer, str], Any]


@pytest.fixture
def person(browser: Any) -> Iterator[Open]:
    """Opens a board as someone new. At the end, no page may have met a script error."""
    contexts: list[Any] = []
    errors: list[str] = []

    def open_board(server: DevServer, board: str) -> Any:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server.url}/b/{board}")
        page.wait_for_selector(LIVE)
        return page

    yield open_board
    for context in contexts:
        context.close()
    assert errors == []


def draw(page: Any, *corners: tuple[int, int]) -> None:
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=5)
    page.mouse.up()


def test_a_stroke_drawn_in_one_window_appears_in_the_other(tmp_path: Path, person: Open) -> None:
    with serving(WHITEBOARD, tmp_path) as server:
        ada, bob = person(server, "shared"), person(server, "shared")
        assert not bob.evaluate(INKED)
        draw(ada, (400, 300), (600, 400), (800, 300))
        bob.wait_for_function(INKED)
        bob.click("#wipe")
        ada.wait_for_function(f"!({INKED})()")
        ada.wait_for_selector("#said >> text=wiped the board")


def test_presence_cursor_and_chat(tmp_path: Path, person: Open) -> None:
    with serving(WHITEBOARD, tmp_path) as server:
        ada, bob = person(server, "presence"), person(server, "presence")
        ada.wait_for_function("document.querySelectorAll('#people b').length === 2")
        name = bob.evaluate("JSON.parse(localStorage.me).name")
        bob.mouse.move(640, 400)
        ada.wait_for_selector(f".cursor >> text={name}")
        bob.fill("#say", "hello there")
        bob.press("#say", "Enter")
        ada.wait_for_selector(f"#said >> text={name}: hello there")
        bob.close()
        ada.wait_for_function("document.querySelectorAll('#people b').length === 1")
        ada.wait_for_selector(".cursor", state="detached")


def test_the_board_outlives_a_killed_server(tmp_path: Path, person: Open) -> None:
    with serving(WHITEBOARD, tmp_path) as server:
        ada = person(server, "lasting")
        draw(ada, (400, 300), (800, 500))
        ada.wait_for_function(INKED)
        server.kill()
        ada.wait_for_selector("body[data-status=waiting]")
        draw(ada, (400, 500), (800, 300))  # while nobody listens
    with serving(WHITEBOARD, tmp_path, server.port) as server:
        ada.wait_for_selector(LIVE)
        bob = person(server, "lasting")
        for page in (ada, bob):
            page.wait_for_function(LINES_AT_BOTH_ENDS)


def test_the_list_shows_the_board(tmp_path: Path, person: Open) -> None:
    with serving(WHITEBOARD, tmp_path) as server:
        ada = person(server, "listed-board")
        ada.wait_for_function(f"({LISTED})('listed-board')")  # it is written after the response
        ada.click("#where a")
        ada.wait_for_selector("#boards >> text=listed-board")
        ada.fill("#open input", "Another Board!")
        ada.press("#open input", "Enter")
        ada.wait_for_url(f"{server.url}/b/another-board")
        ada.wait_for_selector(LIVE)


def test_changed_code_takes_over_while_people_draw(tmp_path: Path, person: Open) -> None:
    project = tmp_path / "whiteboard"
    shutil.copytree(WHITEBOARD, project)
    with serving(project, tmp_path / "state") as server:
        ada, bob = person(server, "edited"), person(server, "edited")
        draw(ada, (400, 300), (800, 500))
        bob.wait_for_function(INKED)
        source = project / "src" / "board.py"
        source.write_text(source.read_text().replace("wiped the board", "cleaned up"))
        server.wait_for("Reloaded (board.py)")
        draw(bob, (400, 500), (800, 300))  # kept and sent again if the reload broke the connection
        for page in (ada, bob):
            page.wait_for_function(LINES_AT_BOTH_ENDS)
        ada.wait_for_selector(LIVE)
        ada.click("#wipe")
        bob.wait_for_selector("#said >> text=cleaned up")
