import asyncio


async def test_each_path_counts_for_itself(client):
    assert (await client.get("/a")).text == "/a: visit number 1\n"
    assert (await client.get("/a")).text == "/a: visit number 2\n"
    assert (await client.get("/b")).text == "/b: visit number 1\n"


async def test_no_visit_is_lost_when_many_come_at_once(client, world):
    await asyncio.gather(*(client.get("/a") for _ in range(20)))
    assert world.durable("COUNTERS").storage("/a").get("count") == 20


async def test_a_day_after_its_last_use_it_begins_anew(client, world):
    await client.get("/a")
    await world.advance("23h")
    assert (await client.get("/a")).text == "/a: visit number 2\n"
    await world.advance("24h 1s")
    assert (await client.get("/a")).text == "/a: visit number 1\n"
