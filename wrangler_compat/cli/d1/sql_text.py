"""Texts of SQL, cut into statements that run as one transaction.

Source: wrangler 4.164, `d1 execute --file`.
"""

from __future__ import annotations

from edge.errors import UserError
from edge.sql.logic.rules import has_statement, semicolons

_BEGIN = "BEGIN TRANSACTION"
_SQLITE_FILE = b"SQLite format 3\0"


def split(sql: str) -> list[str]:
    """The statements of a text, none when it is empty or all comments. One transaction around all of them is
    left out, as D1 has its own. Raises UserError."""
    from edge.sql.statements import statements  # with SQLite, which `--help` does without

    sql = sql.removeprefix("\ufeff")
    if _BEGIN in sql:
        sql = sql.replace(f"{_BEGIN};", "", 1).replace("COMMIT;", "", 1)
        if _BEGIN in sql:
            raise UserError(
                "The SQL contains several transactions. D1 runs your SQL in a transaction for you: take "
                "BEGIN TRANSACTION and COMMIT out of it."
            )
    if not has_statement(sql):
        return []
    *_, last = [-1, *semicolons(sql)]
    if last >= 0 and not has_statement(sql[last + 1 :]):
        sql = sql[: last + 1]  # a comment at the end is none
    return [statement.rstrip().removesuffix(";") for statement in statements(sql)]


def decode(data: bytes, file: str) -> str:
    """The text of a file of SQL. Raises UserError."""
    if data.startswith(_SQLITE_FILE):
        raise UserError(
            f"Provided file is a binary SQLite database file instead of an SQL text file. Export it as text "
            f"first: sqlite3 {file} .dump > dump.sql"
        )
    try:
        return data.decode()
    except UnicodeDecodeError as mistake:
        raise UserError(f"{file} is not UTF-8 text (byte {mistake.start})") from None
