"""The frames of a session's runs in SQLite, numbered: what a browser that comes back has not seen yet.

At most 100,000 frames of a run are kept, more than a model says at one go, and the last 20 runs.
"""

import json

from envelope import ApiError

FRAMES_MAX = 100_000
RUNS_MAX = 20
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS runs (message TEXT PRIMARY KEY, began INTEGER, prompt TEXT, last INTEGER, "
    "ended INTEGER, agent_seq INTEGER)",
    "CREATE TABLE IF NOT EXISTS frames (message TEXT, seq INTEGER, frame TEXT, PRIMARY KEY (message, seq)) "
    "WITHOUT ROWID",
)


class RunBuffer:
    def __init__(self, sql):
        self._sql = sql
        self._begun = {}
        for statement in _SCHEMA:
            sql.exec(statement)

    def begin(self, message_id, prompt):
        """Begin a run; False when the message has one already. It is written with its first frame: a write
        now would hold the query back until it is durable."""
        if message_id in self._begun or self._row(message_id) is not None:
            return False
        self._begun[message_id] = prompt
        return True

    def _write_begun(self, message_id):
        prompt = self._begun.pop(message_id)
        began = self._sql.exec("SELECT ifnull(max(began), 0) + 1 AS n FROM runs").one()["n"]
        self._sql.exec("INSERT INTO runs VALUES (?, ?, ?, 0, 0, 0)", message_id, began, prompt)
        old = "SELECT message FROM runs WHERE began <= ?"
        self._sql.exec(f"DELETE FROM frames WHERE message IN ({old})", began - RUNS_MAX)
        self._sql.exec("DELETE FROM runs WHERE began <= ?", began - RUNS_MAX)

    def add(self, message_id, frame):
        """Number a frame and keep it; gives its text, None for one of the agent's that was there already."""
        if message_id in self._begun:
            self._write_begun(message_id)
        row = self._row(message_id)
        seq, agent_seq = row["last"] + 1, frame.get("seq", 0)
        if 0 < agent_seq <= row["agent_seq"]:
            return None
        text = json.dumps({**frame, "messageId": message_id, "seq": seq})
        ended = int(frame["type"] in ("done", "error"))  # SQL has no booleans
        self._sql.exec("INSERT INTO frames VALUES (?, ?, ?)", message_id, seq, text)
        self._sql.exec(
            "UPDATE runs SET last = ?, ended = max(ended, ?), agent_seq = max(agent_seq, ?) "
            "WHERE message = ?",
            seq, ended, agent_seq, message_id,
        )  # fmt: skip
        if seq > FRAMES_MAX:
            self._sql.exec("DELETE FROM frames WHERE message = ? AND seq <= ?", message_id, seq - FRAMES_MAX)
        return text

    def after(self, message_id, seq):
        """The texts of the frames after a number, in order."""
        rows = self._sql.exec(
            "SELECT frame FROM frames WHERE message = ? AND seq > ? ORDER BY seq", message_id, seq
        )
        return [row["frame"] for row in rows]

    def refusal(self, message_id, seq):
        """Why the frames after a number cannot be had (an ApiError), None when they can."""
        first = self._first(message_id)
        last = 0 if (row := self._row(message_id)) is None else row["last"]
        if row is None and message_id not in self._begun:
            return None if seq == 0 else ApiError(404, "the answer to this message is not kept (any more)")
        if seq > last:
            return ApiError(409, f"there is no frame {seq} of this answer, the last one is {last}")
        if seq + 1 < first:
            return ApiError(410, f"frame {seq + 1} of this answer is not kept any more")
        return None

    def is_all(self, message_id, seq):
        """Whether nothing comes after a frame."""
        row = self._row(message_id)
        return row is not None and bool(row["ended"]) and seq >= row["last"]

    def ended(self, message_id):
        """Whether its last frame is there; a run that is not known has nothing more to come."""
        row = self._row(message_id)
        return message_id not in self._begun and (row is None or bool(row["ended"]))

    def prompt(self, message_id):
        """The prompt of a run."""
        if message_id in self._begun:
            return self._begun[message_id]
        return self._sql.exec("SELECT prompt FROM runs WHERE message = ?", message_id).one()["prompt"]

    def said(self, message_id):
        """What was answered by now."""
        frames = map(json.loads, self.after(message_id, 0))
        return "".join(frame["text"] for frame in frames if frame["type"] == "text-delta")

    def agent_seq(self, message_id):
        """The number of the agent's last frame that is here."""
        row = self._row(message_id)
        return 0 if row is None else row["agent_seq"]

    def _first(self, message_id):
        sought = "SELECT ifnull(min(seq), 1) AS n FROM frames WHERE message = ?"
        return self._sql.exec(sought, message_id).one()["n"]

    def _row(self, message_id):
        return next(
            iter(self._sql.exec("SELECT last, ended, agent_seq FROM runs WHERE message = ?", message_id)),
            None,
        )
