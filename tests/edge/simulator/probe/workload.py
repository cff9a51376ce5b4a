"""Users that do everything the probe can."""

PLACES = {"FRA": 2, "SYD": 1, "IAD": 1}


async def session(user):
    room = user.choose(["one", "two"])
    key = user.choose(["brief", "lasting"])
    async with user.websocket(f"/live/{room}", route="/live/{room}") as socket:
        for turn in range(4):
            await user.post(f"/count/{room}", route="/count/{room}")
            if user.number % 5 == 0:
                reply = await user.get(f"/alone/{room}", route="/alone/{room}")
                user.check(reply.status == 500 or reply.text == "0", "somebody counted in a critical section")
            await user.get(f"/kv/{key}", route="/kv/{key}")
            if user.number % 3 == 0:
                text = f"{user.number}-{turn}"
                await user.put(f"/kv/{key}?ttl={turn}", route="/kv/{key}", content=text)
            await user.get(f"/kv/{key}", route="/kv/{key}")
            await socket.send(f"{user.number}.{turn}")
            await socket.receive()
            if turn == 0:
                await user.get("/words")
            await user.think("20s")


async def pairs_are_equal(world):
    for name in ("one", "two"):
        stored = world.durable("ROOM").storage(name)
        assert stored.get("a") == stored.get("b"), f"{name}: {stored.get('a')} and {stored.get('b')}"


CHECKS = [pairs_are_equal]
