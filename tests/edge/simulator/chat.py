"""Chat: a user reads the room's topic, joins, says ten things, sets the topic, and leaves."""

PLACES = {"FRA": 3, "IAD": 3, "SYD": 1, "GRU": 1}


async def session(user):
    room = f"r{user.random.randrange(200)}"
    await user.get(f"/kv/{room}", route="/kv/{room}")
    async with user.websocket(f"/live/{room}", route="/live/{room}") as socket:
        for turn in range(10):
            with user.timed("message until answered"):
                await socket.send(f"{user.number}.{turn}")
                await socket.receive()
            await user.think("30s")
    await user.put(f"/kv/{room}", route="/kv/{room}", content=f"{user.number}")
