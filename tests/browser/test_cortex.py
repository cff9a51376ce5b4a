"""Cortex in a real browser: tokens, the waterfall, a switch, a lost connection."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.examples.serving import ROOT, DevServer, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    folder = tmp_path_factory.mktemp("cortex")
    project = folder / "cortex"
    shutil.copytree(ROOT / "cortex", project)
    with serving(project, folder / "state") as server:
        yield server


@pytest.fixture
def page(browser: Any, served: DevServer) -> Iterator[Any]:
    """A new visitor. At the end the page may not have met a script error."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(served.url)
    opened.fill("#sign-in-form input", "grace")
    opened.click("#sign-in-form button")
    opened.wait_for_selector("body[data-state=signed-in]")
    mine = opened.locator("#sessions li").count()
    opened.click("#new-session")
    opened.wait_for_selector(f"#sessions li:nth-child({mine + 1})")
    yield opened
    context.close()
    assert errors == []


def send(page: Any, text: str) -> Any:
    """Send a message; its answer with the waterfall."""
    answers = page.locator("#messages li.assistant")
    answer = answers.nth(answers.count())
    page.fill("#prompt", text)
    page.click("#send")
    answer.locator(".waterfall svg").wait_for(timeout=30_000)
    return answer


def save_pace(page: Any, first_token_ms: int, tokens_per_s: int) -> None:
    """Say how fast the agent talks; on return the settings are shown anew."""
    page.fill("#settings input[name=firstTokenMs]", str(first_token_ms))
    page.fill("#settings input[name=tokensPerS]", str(tokens_per_s))
    with page.expect_response(lambda reply: reply.request.method == "PUT"):
        page.locator("#settings section", has_text="The agent").get_by_role("button", name="Save").click()
    page.wait_for_selector(f"#settings input[name=tokensPerS][value='{tokens_per_s}']")


def test_tokens_a_waterfall_and_a_switch(page: Any) -> None:
    send(page, "wake up")
    answer = send(page, "hello there")
    assert answer.locator(".text").inner_text().startswith("You said: hello there.")
    assert "skipped" in answer.locator("svg").inner_html()
    page.get_by_role("button", name="Before").click()
    slower = send(page, "hello again")
    assert slower.locator(".text").inner_text().startswith("You said: hello again.")
    described = slower.locator("svg").get_attribute("aria-label")
    for step in ("configuration", "MCP configuration", "agent server", "context file", "WebSocket"):
        assert step in described
    assert page.locator("#runs tbody tr").count() == 3
    quick, slow = (float(item.get_attribute("data-without-model-ms")) for item in (answer, slower))
    assert slow > quick


def test_settings_change_the_agent_and_tools_ask(page: Any, tmp_path: Path) -> None:
    page.click("#open-settings")
    save_pace(page, 0, 0)
    page.fill("#settings input[name=name] >> nth=0", "files")
    page.fill("#settings input[name=command]", "node server.js")
    page.locator("#settings section", has_text="MCP servers").get_by_role("button", name="Add").click()
    page.wait_for_selector("#settings li:has-text('files: node server.js')")
    page.get_by_role("button", name="Close").click()
    answer = send(page, "look around\n[tool:run echo $((6 * 7))]")
    assert "42" in answer.inner_text()


def test_a_dropped_connection_is_resumed(page: Any) -> None:
    page.click("#open-settings")
    save_pace(page, 100, 10)
    page.get_by_role("button", name="Close").click()
    page.fill("#prompt", "a longer story please")
    page.click("#send")
    answer = page.locator("#messages li.assistant").last
    answer.locator(".text").wait_for()
    page.click("#drop")
    answer.locator(".waterfall svg").wait_for(timeout=30_000)
    words = answer.locator(".text").inner_text().split()
    assert words[:4] == ["You", "said:", "a", "longer"]
    assert len(words) >= 38, "the reply came whole"
    assert answer.locator(".bad").count() == 0


def test_a_connection_that_was_lost_while_somebody_typed(page: Any) -> None:
    sockets: list[Any] = []

    def pass_on(socket: Any) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket("**/api/sdk/ws*", pass_on)
    page.locator("#prompt").press_sequentially("he")
    page.locator("#link", has_text="connected").wait_for()
    sockets[0].close(code=1001)
    page.locator("#link", has_text="connected").wait_for(state="detached")
    answer = send(page, "hello")
    assert answer.locator(".text").inner_text().startswith("You said: hello.")


def test_a_session_that_ended_meanwhile_says_so(page: Any) -> None:
    mine = page.locator("#sessions li").count()
    page.evaluate(
        """async () => {
        const headers = {authorization: `Bearer ${sessionStorage.getItem("cortex-token")}`};
        const {data} = await (await fetch("/api/sessions/list", {headers})).json();
        for (const {id} of data) await fetch(`/api/sessions/${id}`, {method: "DELETE", headers});
        }"""
    )
    page.fill("#prompt", "hello")
    page.click("#send")
    page.locator("#messages .bad", has_text="no such session").wait_for()
    page.reload()
    page.wait_for_selector("body[data-state=signed-in]")
    assert page.locator("#sessions li").count() == 1 < mine + 1


def test_what_was_said_is_there_after_a_reload(page: Any) -> None:
    send(page, "the first")
    page.get_by_role("button", name="Before").click()
    send(page, "the second")
    page.reload()
    page.locator("#messages li.assistant").nth(1).wait_for()
    assert [text.split(".")[0] for text in page.locator("#messages li").all_inner_texts()] == [
        "the first",
        "You said: the first",
        "the second",
        "You said: the second",
    ]


def test_a_tool_asks_first(page: Any) -> None:
    with page.expect_response(lambda reply: reply.request.method == "PUT"):
        page.check("#ask")
    page.fill("#prompt", "please\n[tool:run echo $((6 * 7))]")
    page.click("#send")
    page.get_by_role("button", name="Allow").click()
    answer = page.locator("#messages li.assistant")
    answer.locator(".waterfall svg").wait_for()
    assert "42" in answer.locator(".tool").all_inner_texts()[1]


def test_a_waterfall_can_be_read_on_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    answer = send(page, "hello")
    for text in answer.locator("svg text").all()[:3]:
        assert text.bounding_box()["height"] >= 11
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_mistake_in_the_settings_is_told_above_the_dialog(page: Any) -> None:
    page.click("#open-settings")
    page.fill("#settings input[name=name] >> nth=0", "a b")
    page.fill("#settings input[name=command]", "node server.js")
    page.locator("#settings section", has_text="MCP servers").get_by_role("button", name="Add").click()
    box = page.locator("#problem", has_text="name must be").bounding_box()
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).id", middle) == "problem"


def test_a_token_that_counts_no_more_leads_to_the_sign_in(page: Any) -> None:
    page.evaluate("sessionStorage.setItem('cortex-token', sessionStorage.getItem('cortex-token') + 'x')")
    page.reload()
    page.locator("#problem", has_text="token").wait_for()
    assert page.evaluate("document.body.dataset.state") == "signed-out"


def test_what_one_session_decides_the_next_one_knows(page: Any) -> None:
    send(page, "Decision: the invoices are kept in SQLite")
    page.click("#open-settings")
    entry = page.locator("#settings section", has_text="Knowledge").locator("li", has_text="kept in SQLite")
    entry.wait_for()
    page.get_by_role("button", name="Close").click()
    page.click("#new-session")
    page.locator("#messages li").first.wait_for(state="detached")
    send(page, "where are the invoices?")
    answer = send(page, "where are the invoices kept?")  # the first one may have left before it was found
    answer.get_by_text("(known: decision: the invoices are kept in SQLite)").wait_for()
    assert "knowledge" in answer.locator(".waterfall svg").text_content()
    page.click("#open-settings")
    entry.get_by_role("button").click()
    entry.wait_for(state="detached")
