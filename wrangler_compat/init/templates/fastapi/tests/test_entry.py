async def test_it_greets(client):
    assert (await client.get("/", params={"name": "Ann"})).json() == {"message": "Hello, Ann!"}


async def test_an_order(client):
    reply = await client.post("/orders", json={"item": "tea", "count": 2})
    assert (reply.status, reply.json()) == (201, {"ordered": "2 x tea"})


async def test_an_order_that_is_none(client):
    assert (await client.post("/orders", json={"count": 2})).status == 422
