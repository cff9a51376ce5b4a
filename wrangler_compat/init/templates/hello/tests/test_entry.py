async def test_it_greets(client):
    reply = await client.get("/")
    assert (reply.status, reply.text) == (200, "Hello from the edge!\n")
