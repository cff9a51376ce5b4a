async def test_everybody_in_a_room_hears_it(client):
    async with client.websocket("/lobby") as ann, client.websocket("/lobby") as bob:
        await ann.send("good morning")
        assert await ann.receive() == await bob.receive() == "good morning"


async def test_who_comes_later_hears_what_was_said(client, world):
    async with client.websocket("/lobby") as ann:
        await ann.send("good morning")
        await ann.receive()
    await world.advance("1d")
    async with client.websocket("/lobby") as bob, client.websocket("/attic") as cleo:
        assert await bob.receive() == "good morning"
        await cleo.send("nobody here?")
        assert await cleo.receive() == "nobody here?"


async def test_a_plain_request_is_refused(client):
    assert (await client.get("/lobby")).status == 426
