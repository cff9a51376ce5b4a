async def test_a_note_is_kept_and_dropped(client):
    assert (await client.put("/milk", content="two bottles")).status == 204
    assert (await client.get("/milk")).text == "two bottles"
    assert (await client.get("/")).json() == ["milk"]
    await client.delete("/milk")
    assert (await client.get("/milk")).status == 404


async def test_a_note_expires(client, world):
    await client.put("/soup?ttl=600", content="on the stove")
    await world.advance("9m 59s")
    assert (await client.get("/soup")).text == "on the stove"
    await world.advance("1s")
    assert (await client.get("/soup")).status == 404


async def test_other_methods_are_refused(client):
    assert (await client.post("/milk")).status == 405
