"""The whiteboard without a browser: what travels over its sockets, and what its list says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.examples.serving import EXAMPLES, DevServer, serving

pytestmark = pytest.mark.slow

WHITEBOARD = EXAMPLES / "whiteboard"
STROKE = {"type": "stroke", "key": "k1", "color": "#22252e", "width": 5, "points": [1, 2, 3, 4]}


Visit = Callable[..., "Visitor"]


class Visitor:
    """One browser tab on a board."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def hear(self, kind: str) -> Any:
        """The next message, which must be of this kind."""
        message = json.loads(self.socket.recv(timeout=20))
        assert message["type"] == kind, message
        return message

    def sees(self) -> list[str]:
        return [person["name"] for person in self.hear("people")["people"]]

    def leave(self) -> None:
        self.socket.close()


@pytest.fixture
def visit() -> Iterator[Visit]:
    """Opens a board in one more tab; whoever has not left by then leaves when the test ends."""
    with ExitStack() as tabs:

        def open_tab(server: DevServer, board: str, person: str, since: int = 0) -> Visitor:
            query = urlencode({"id": person, "name": person.title(), "color": "#2f6fe4", "since": since})
            url = f"{server.websocket_url}/b/{board}/live?{query}"
            return Visitor(tabs.enter_context(connect(url)))

        yield open_tab


def listed(server: DevServer, count: int) -> Any:
    """The list, once it has so many boards: they are written after the response (waitUntil)."""
    deadline = time.monotonic() + 20
    while len(boards := httpx.get(f"{server.url}/boards").json()) != count:
        assert time.monotonic() < deadline, boards
    return boards


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    with serving(WHITEBOARD, tmp_path_factory.mktemp("state")) as server:
        yield server


def test_presence_names_each_person_once(server: DevServer, visit: Visit) -> None:
    ada = visit(server, "presence", "ada")
    assert ada.sees() == ["Ada"]
    bob = visit(server, "presence", "bob")
    assert sorted(ada.sees()) == sorted(bob.sees()) == ["Ada", "Bob"]
    second_tab = visit(server, "presence", "bob")
    for visitor in (ada, bob, second_tab):
        assert sorted(visitor.sees()) == ["Ada", "Bob"]

    second_tab.leave()  # Bob is still here, so nobody is told anything
    bob.send(type="say", text="hello")
    assert ada.hear("say") == {"type": "say", "text": "hello", "by": "bob"}
    bob.leave()
    assert ada.sees() == ["Ada"]


def test_strokes_are_numbered_and_a_late_visitor_catches_up(server: DevServer, visit: Visit) -> None:
    ada = visit(server, "strokes", "ada")
    ada.hear("people")
    for number in (1, 2, 3):
        ada.send(**{**STROKE, "key": f"k{number}"})
        assert ada.hear("stroke") == {**STROKE, "key": f"k{number}", "by": "ada", "n": number}

    bob = visit(server, "strokes", "bob", since=1)
    assert [bob.hear("stroke")["n"], bob.hear("stroke")["n"]] == [2, 3]
    assert sorted(bob.sees()) == ["Ada", "Bob"]


def test_a_wipe_is_what_a_late_visitor_catches_up_with(server: DevServer, visit: Visit) -> None:
    ada = visit(server, "wiped", "ada")
    ada.hear("people")
    ada.send(**STROKE)
    ada.hear("stroke")
    ada.send(type="clear")
    wiped = {"type": "clear", "because": "Ada wiped the board", "n": 2}
    assert ada.hear("clear") == wiped
    ada.send(**STROKE)
    assert ada.hear("stroke")["n"] == 3

    bob = visit(server, "wiped", "bob")
    assert bob.hear("clear") == wiped
    assert bob.hear("stroke")["n"] == 3


def test_cursors_go_to_the_others_and_are_not_kept(server: DevServer, visit: Visit) -> None:
    ada, bob = visit(server, "cursors", "ada"), visit(server, "cursors", "bob")
    ada.hear("people"), ada.hear("people"), bob.hear("people")
    ada.send(type="cursor", x=10, y=20, pen=None)
    assert bob.hear("cursor") == {"type": "cursor", "x": 10, "y": 20, "pen": None, "by": "ada"}
    ada.send(type="say", text="done")
    assert ada.hear("say")["text"] == "done"  # and no cursor before it


def test_heartbeats_and_nonsense_change_nothing(server: DevServer, visit: Visit) -> None:
    ada = visit(server, "nonsense", "ada")
    ada.hear("people")
    ada.socket.send("ping")
    assert ada.socket.recv(timeout=20) == "pong"
    ada.socket.send("not JSON")
    ada.send(type="stroke", points="many")
    ada.send(**STROKE)
    assert ada.hear("stroke")["n"] == 1


def test_strokes_and_sleepers_survive_kill_9(tmp_path: Path, visit: Visit) -> None:
    with serving(WHITEBOARD, tmp_path) as server:
        ada = visit(server, "durable", "ada")
        ada.hear("people")
        ada.send(**STROKE)
        assert ada.hear("stroke")["n"] == 1
        server.kill()
    with serving(WHITEBOARD, tmp_path, server.port) as server:
        ada = visit(server, "durable", "ada")
        assert ada.hear("stroke") == {**STROKE, "by": "ada", "n": 1}
        assert ada.sees() == ["Ada"]
        assert listed(server, 1)[0]["name"] == "durable"


def test_boards_are_listed_latest_first(tmp_path: Path, visit: Visit) -> None:
    with serving(WHITEBOARD, tmp_path) as server:
        for board in ("first", "second"):
            visitor = visit(server, board, "ada")
            visitor.hear("people")
            visitor.leave()
        boards = listed(server, 2)
    assert [board["name"] for board in boards] == ["second", "first"]
    assert boards[0]["last_used_ms"] >= boards[1]["last_used_ms"] > 1_600_000_000_000


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/b/plain/live", 426, "Expected a WebSocket.\n"),
        ("/b/Not_A_Name/live", 404, "There is no such page.\n"),
        ("/elsewhere", 404, "There is no such page.\n"),
    ],
)
def test_other_requests_are_refused(server: DevServer, path: str, status: int, text: str) -> None:
    response = httpx.get(server.url + path)
    assert (response.status_code, response.text) == (status, text)


def test_the_page_is_served_for_the_list_and_for_a_board(server: DevServer) -> None:
    home, board = httpx.get(server.url), httpx.get(f"{server.url}/b/some-board")
    assert home.text == board.text == (WHITEBOARD / "src" / "page.html").read_text(encoding="utf-8")
    assert home.headers["content-type"] == "text/html; charset=utf-8"
