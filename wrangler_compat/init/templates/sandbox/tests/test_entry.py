"""Containers in tests are scripted; `@pytest.mark.edge(engine="process")` runs real ones."""


async def test_a_program_runs(client, world):
    programs = []

    async def python(process):
        source = process.files.read(process.argv[1]).decode()
        programs.append(source)
        await process.say("42\n")
        return 0

    world.fleet.engine.inner.program("python3 /workspace/main\\.py", python)
    reply = await client.post("/anna", content="print(6 * 7)")
    assert reply.json() == {"code": 0, "stdout": "42\n", "stderr": ""}
    assert programs == ["print(6 * 7)"]


async def test_a_sandbox_needs_a_name(client):
    assert (await client.post("/", content="1")).status == 405
