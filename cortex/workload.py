"""Users of Cortex, for `edge sim`: they chat, change their settings, lose their connection and come back.

What must hold: frames come in order, none lost and none repeated; a message that was answered has the whole
answer; no message runs with a configuration from before an acknowledged change; what one user keeps secret is
in no container of another, and in no log; what one changes in a sandbox is in no package that all share.
"""

import gzip
import hashlib
import json
import sys
from pathlib import Path

from edge.r2.logic.listing import ListOptions
from edge.simulator.user import LOST

if str(Path(__file__).parent) not in sys.path:
    sys.path.append(str(Path(__file__).parent))

from leaks import Leaks

ARRIVALS = "poisson"
PLACES = {"IAD": 3, "FRA": 2, "SYD": 1}

FIVE = "config_cache,skip_redundant,parallel,no_delays,cold_start"
ALL = f"{FIVE},one_round_trip,warm_agent,wake_early,resumable,knowledge,package_cache"
MESSAGES = 4
#: Some change what npm has put into their sandbox, which is theirs to do.
TAMPER = (
    "\n[tool:run for file in /usr/local/lib/node_modules/*/*/cli.js; do echo tampered > $file; done]"
    "\n[tool:run echo tampered > /tmp/cortex-package]"
)
#: Each user has one server that comes by npm; several users need the same packages.
PACKAGES = ("server-github@2025.4.8", "server-memory", "server-fetch")
LAST = ("done", "error", "process-exit")

leaks = Leaks("secret-of-")
#: By configuration hash: the user and the turn of the settings it was first seen with.
seen_with = {}


async def session(user):
    leaks.watch()
    token = await signed_in(user)
    if token is None:
        user.count("could not sign in")
        return
    auth = {"authorization": f"Bearer {token}"}
    await user.put("/api/secrets/SECRET", json={"value": f"secret-of-{user.number}"}, headers=auth, retries=3)
    package = f"@modelcontextprotocol/{user.random.choice(PACKAGES)}"
    await user.post("/api/mcp", json={"name": "npm", "command": f"npx -y {package}"}, headers=auth, retries=3)
    switches = ALL if user.number % 3 else FIVE
    made = await user.post("/api/sessions/create", json={"switches": switches}, headers=auth, retries=3)
    if made.status != 201:
        user.count("could not create a session")
        return
    session_id = json.loads(made.text)["data"]["id"]
    acknowledged = -1
    for turn in range(MESSAGES):
        if user.random.random() < 0.5:
            content = {"content": f"user {user.number} turn {turn}"}
            reply = await user.put("/api/user/claude-md", json=content, headers=auth)
            # A change that failed may have come into force all the same: then nothing is known.
            acknowledged = turn if reply.status == 200 else None
        await chat(user, token, session_id, f"m{user.number}-{turn}", switches, (turn, acknowledged))
        await user.think("30s")


async def signed_in(user):
    reply = await user.post("/api/auth/setup", json={"name": f"user{user.number}"}, retries=3)
    return json.loads(reply.text)["data"]["token"] if reply.status == 200 else None


async def chat(user, token, session_id, message_id, switches, settings):
    """One message, over as many connections as it takes."""
    frames, asked = [], False
    tool = TAMPER if user.random.random() < 0.3 else ""
    for _ in range(12):
        if frames and frames[-1]["type"] in LAST:
            break
        path = f"/api/sdk/ws?sessionId={session_id}&messageId={message_id}&switches={switches}"
        if asked and "resumable" not in switches:
            user.count("runs that cannot be taken up")
            return
        path += f"&after={frames[-1]['seq'] if frames else 0}" if asked else ""
        try:
            async with user.websocket(path, route="/api/sdk/ws", protocols=["cortex", token]) as socket:
                # Again after a lost connection: perhaps it did not arrive, and if it did nothing happens.
                asked = True
                await socket.send_json({"type": "query", "prompt": f"hello from {user.number}{tool}"})
                await listen(user, socket, frames)
        except LOST:
            user.count("connections lost")
        await user.think("2s")
    judge(user, message_id, frames, switches, settings)


async def listen(user, socket, frames):
    with user.timed("message until its end"):
        while not frames or frames[-1]["type"] not in LAST:
            frame = await socket.receive_json("90s")
            if frame["type"] != "ping":
                frames.append(frame)


def judge(user, message_id, frames, switches, settings):
    """What came for a message that ended."""
    if not frames or frames[-1]["type"] not in LAST:
        user.count("answers that never ended")
        return
    if "resumable" in switches:
        numbers = [frame["seq"] for frame in frames]
        user.check(numbers == list(range(1, len(frames) + 1)), f"{message_id}: frames {numbers}")
    user.check(all(frame.get("messageId") == message_id for frame in frames), f"{message_id}: foreign frames")
    if frames[-1]["type"] == "error":
        user.count(f"messages answered with an error: {frames[-1]['error'][:60]}")
        return
    text = "".join(frame["text"] for frame in frames if frame["type"] == "text-delta")
    whole = next((frame["fullText"] for frame in frames if frame["type"] == "done"), text)
    user.check(text == whole, f"{message_id}: {text!r} is not {whole!r}")
    user.check(
        text.startswith(f"You said: hello from {user.number}"), f"{message_id}: answered {text[:40]!r}"
    )
    turn, acknowledged = settings
    used = next((frame["configHash"] for frame in frames if frame["type"] == "session-init"), None)
    if used is None or acknowledged is None:
        return
    first = seen_with.setdefault(used, (user.number, acknowledged))
    user.check(first[0] == user.number, f"{message_id}: the configuration of user {first[0]}")
    user.check(first[1] == acknowledged, f"{message_id}: runs with turn {first[1]}, not {acknowledged}")
    user.count(f"messages answered, turn {min(turn, 9)}")


async def secrets_stay_with_their_user(world):
    """No container holds the secrets of two users."""
    for container in world.fleet.engine.inner.instances:
        stored = [
            container.tree.read(entry.path).decode(errors="replace")
            for entry in container.tree.list("/", recursive=True)
            if entry.kind == "file"
        ]
        found = [text for text in stored if "secret-of-" in text]
        assert len(found) <= 1, f"{container.spec.name} holds the secrets of several"


async def no_secret_is_logged(world):
    """Not in what Workers print, nor in what the emulator logs."""
    found = leaks.end()
    assert found == [], f"a secret was logged: {found[0]}"


async def nobody_changes_shared_packages(world):
    """What is kept has the hash that names it, and nothing that a user wrote."""
    bucket = world._products.bucket("cortex-packages")
    for entry in (await bucket.list(ListOptions("archives/"))).objects:
        content = (await bucket.get(entry.key)).data
        assert entry.key == f"archives/{hashlib.sha256(content).hexdigest()}", f"{entry.key} is another"
        assert b"tampered" not in gzip.decompress(content), f"{entry.key} was tampered with"


CHECKS = [secrets_stay_with_their_user, no_secret_is_logged, nobody_changes_shared_packages]
