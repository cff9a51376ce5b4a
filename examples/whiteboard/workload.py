"""Users of the whiteboard, for `edge sim`: they draw, lose their connection, come back, and draw again.

Like the page, a user numbers what was seen, asks for the rest after a break, and sends again what was not
confirmed. In the end every confirmed stroke has to be on the board, in an order that all saw alike.
"""

import json

from edge.simulator.user import LOST

ARRIVALS = "poisson"
PLACES = {"FRA": 3, "IAD": 3, "SYD": 1, "GRU": 1}

BOARDS = [f"board-{number}" for number in range(40)]
STROKES = 5

#: What was confirmed to somebody: (board, number in the log) -> key of the stroke.
confirmed = {}


async def session(user):
    board = user.choose(BOARDS)
    reply = await user.get("/boards", retries=3)
    user.check(reply.status in (200, 500), f"the list of boards answers {reply.status}")
    unconfirmed = {f"{user.number}-{turn}": turn for turn in range(STROKES)}
    seen = 0
    for _ in range(20):
        try:
            seen = await draw(user, board, unconfirmed, seen)
        except LOST:
            user.count("connections lost")
        if not unconfirmed:
            return
        await user.think("5s")
    user.count("users who gave up")


async def draw(user, board, unconfirmed, seen):
    """Draw over one connection until all is confirmed or it breaks; gives the last number seen."""
    path = f"/b/{board}/live?id=u{user.number}&name=User&color=%23336699&since={seen}"
    async with user.websocket(path, route="/b/{board}/live") as socket:
        for key in list(unconfirmed):
            with user.timed("stroke until confirmed"):
                await socket.send_json({"type": "stroke", "key": key, "points": [1, 2, 3, 4]})
                while key in unconfirmed:
                    message = await socket.receive_json("20s")
                    if "n" in message:
                        note(user, board, message)
                        unconfirmed.pop(message.get("key"), None)
                        seen = max(seen, message["n"])
            await user.think("20s")
    return seen


def note(user, board, entry):
    """Each number of a board stands for one entry, whoever looks."""
    known = confirmed.setdefault((board, entry["n"]), entry.get("key"))
    user.check(known == entry.get("key"), f"{board}: number {entry['n']} is {known} and {entry.get('key')}")


async def confirmed_strokes_are_on_their_boards(world):
    """Unless a later entry wiped them."""
    logs = {}
    for board in BOARDS:
        rows = world.durable("BOARD").storage(board).sql("SELECT n, entry FROM log") if touched(board) else []
        logs[board] = {row["n"]: json.loads(row["entry"]) for row in rows}
    for (board, number), key in confirmed.items():
        log = logs[board]
        wiped = any(entry["type"] == "clear" and later >= number for later, entry in log.items())
        assert wiped or (number in log and log[number].get("key") == key), f"{board} lost {number}, {key}"


def touched(board):
    return any(name == board for name, _ in confirmed)


CHECKS = [confirmed_strokes_are_on_their_boards]
