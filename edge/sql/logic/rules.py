"""What SQL the user of a Durable Object or of D1 may run: the authorizer's decisions, and the limits.

SQLite asks its authorizer while it compiles a statement: one question for each thing the statement would
do, as an action code with up to two names. The rules answer by allow list, so that what a newer SQLite
brings is refused until somebody has looked at it.

- Names that begin `_cf_` (in any case) belong to the platform.
- Transactions are the platform's as well: every turn is one. The refusal has a text of its own.
- Nothing temporary, nothing attached, virtual tables only from the modules below.
- Functions: SQLite's own, without those that tell about the host (`sqlite_…`). Functions that this
  machine's SQLite has and the platform's has not are *unknown*, with the text for unknown functions.

Sources: spec durable-objects.md section 6, corrections section 6, recordings `statement_errors`,
`functions`, `limits`; SQLite "Authorizer Action Codes".
"""

from __future__ import annotations

import re
from enum import Enum, IntEnum


class Action(IntEnum):
    """SQLite's action codes."""

    CREATE_INDEX = 1
    CREATE_TABLE = 2
    CREATE_TEMP_INDEX = 3
    CREATE_TEMP_TABLE = 4
    CREATE_TEMP_TRIGGER = 5
    CREATE_TEMP_VIEW = 6
    CREATE_TRIGGER = 7
    CREATE_VIEW = 8
    DELETE = 9
    DROP_INDEX = 10
    DROP_TABLE = 11
    DROP_TEMP_INDEX = 12
    DROP_TEMP_TABLE = 13
    DROP_TEMP_TRIGGER = 14
    DROP_TEMP_VIEW = 15
    DROP_TRIGGER = 16
    DROP_VIEW = 17
    INSERT = 18
    PRAGMA = 19
    READ = 20
    SELECT = 21
    TRANSACTION = 22
    UPDATE = 23
    ATTACH = 24
    DETACH = 25
    ALTER_TABLE = 26
    REINDEX = 27
    ANALYZE = 28
    CREATE_VTABLE = 29
    DROP_VTABLE = 30
    FUNCTION = 31
    SAVEPOINT = 32
    RECURSIVE = 33


class Verdict(Enum):
    """The answer to one question."""

    ALLOW = "allow"
    DENY = "deny"
    TRANSACTION = "deny with the text about transactions"
    UNKNOWN_FUNCTION = "deny as if the function did not exist"


TRANSACTION_REFUSED = (
    "To execute a transaction, please use the state.storage.transaction() or "
    "state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. "
    "The JavaScript API is safer because it will automatically roll back on exceptions, and because it "
    "interacts correctly with Durable Objects' automatic atomic write coalescing."
)
NO_STATEMENT = "SQL code did not contain a statement."
WRONG_BINDINGS = "Wrong number of parameter bindings for SQL query."
ONLY_LAST_HAS_PARAMETERS = (
    "When executing multiple SQL statements in a single call, only the last statement can have parameters."
)
TOO_LONG = "statement too long: SQLITE_TOOBIG"

#: Limits by the name after SQLITE_LIMIT_.
LIMITS = {
    "SQL_LENGTH": 100_000,
    "COLUMN": 100,
    "EXPR_DEPTH": 100,
    "COMPOUND_SELECT": 5,
    "VDBE_OP": 25_000,
    "FUNCTION_ARG": 127,
    "ATTACHED": 0,
    "LIKE_PATTERN_LENGTH": 50,
    "VARIABLE_NUMBER": 100,
    "TRIGGER_DEPTH": 10,
    "WORKER_THREADS": 0,
}

_VIRTUAL_MODULES = frozenset({"fts5", "fts5vocab", "rtree", "rtree_i32"})

_PRAGMAS_PLAIN = frozenset({"table_list"})
_PRAGMAS_READ_ONLY = frozenset({"data_version", "page_size"})
_PRAGMAS_BOOLEAN = frozenset(
    {
        "case_sensitive_like",
        "defer_foreign_keys",
        "foreign_keys",
        "ignore_check_constraints",
        "legacy_alter_table",
        "recursive_triggers",
        "reverse_unordered_selects",
    }
)
_PRAGMAS_ONE_NAME = frozenset(
    {"foreign_key_list", "index_info", "index_list", "index_xinfo", "table_info", "table_xinfo"}
)
_PRAGMAS_MAYBE_NAME = frozenset({"foreign_key_check", "quick_check"})
_BOOLEANS = frozenset({"0", "1", "off", "on", "false", "true", "no", "yes"})

_FUNCTIONS = frozenset(
    """
    abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil ceiling changes char coalesce concat
    concat_ws cos cosh count cume_dist current_date current_time current_timestamp date datetime degrees
    dense_rank exp first_value floor format glob group_concat hex highlight if ifnull iif instr json
    json_array json_array_insert json_array_length json_each json_error_position json_extract
    json_group_array json_group_object json_insert json_object json_patch json_pretty json_quote
    json_remove json_replace json_set json_tree json_type json_valid jsonb jsonb_array jsonb_each
    jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch
    jsonb_remove jsonb_replace jsonb_set jsonb_tree julianday lag last_insert_rowid last_value lead
    length like likelihood likely ln load_extension log log10 log2 lower ltrim match max min mod
    nth_value ntile nullif octet_length percent_rank pi pow power printf quote radians random randomblob
    rank replace round row_number rtreecheck rtreedepth rtreenode rtrim sign sin sinh snippet sqrt
    strftime string_agg substr substring subtype sum tan tanh time timediff total total_changes trim
    trunc typeof unhex unicode unistr unistr_quote unixepoch unlikely upper zeroblob -> ->>
    """.split()  # noqa: SIM905
)
#: In this SQLite build, not in the platform's.
_NOT_BUILT_IN = frozenset({"median", "percentile", "percentile_cont", "percentile_disc", "soundex"})

_NAMES_FIRST = frozenset(
    {
        Action.CREATE_TABLE,
        Action.CREATE_VIEW,
        Action.DROP_TABLE,
        Action.DROP_VIEW,
        Action.DELETE,
        Action.INSERT,
    }
    | {Action.UPDATE, Action.READ, Action.REINDEX, Action.ANALYZE, Action.DROP_VTABLE}
)
_NAMES_BOTH = frozenset({Action.CREATE_INDEX, Action.CREATE_TRIGGER, Action.DROP_INDEX, Action.DROP_TRIGGER})
_ALWAYS = frozenset({Action.SELECT, Action.RECURSIVE})

_INTERNAL = ("sqlite_rename_", "sqlite_drop_")
_ALTER = re.compile(r"\s*alter\b", re.IGNORECASE)
_RENAME_TO = re.compile(r"\brename\s+to\s+[\"'`\[]?\s*_cf_", re.IGNORECASE)


def is_reserved(name: str | None) -> bool:
    """Whether a table, index, trigger or view name belongs to the platform."""
    return name is not None and name[:4].lower() == "_cf_"


def decide(action: int, first: str | None, second: str | None, sql: str) -> Verdict:
    """Whether a statement of user code may do `action` with these names; `sql` is its text."""
    assert sql, "questions come from statements"
    if action in _ALWAYS:
        return Verdict.ALLOW
    if action in _NAMES_FIRST:
        return _allow(not is_reserved(first))
    if action == Action.FUNCTION:
        return _function((second or "").lower(), sql)
    if action in _NAMES_BOTH:
        return _allow(not is_reserved(first) and not is_reserved(second))
    if action in (Action.TRANSACTION, Action.SAVEPOINT):
        return Verdict.TRANSACTION
    if action == Action.PRAGMA:
        return _allow(_pragma((first or "").lower(), second))
    if action == Action.ALTER_TABLE:
        # SQLite does not tell the new name of a rename, so it is read from the text.
        return _allow(not is_reserved(second) and _RENAME_TO.search(sql) is None)
    if action == Action.CREATE_VTABLE:
        return _allow(not is_reserved(first) and (second or "").lower() in _VIRTUAL_MODULES)
    return Verdict.DENY  # temporary things, ATTACH, DETACH and whatever SQLite adds


def _allow(yes: bool) -> Verdict:
    return Verdict.ALLOW if yes else Verdict.DENY


def _function(name: str, sql: str) -> Verdict:
    if name in _FUNCTIONS:
        return Verdict.ALLOW
    if name.startswith(_INTERNAL) and _ALTER.match(sql) is not None:
        return Verdict.ALLOW  # how SQLite rewrites its schema; user SQL cannot call these itself
    return Verdict.UNKNOWN_FUNCTION if name in _NOT_BUILT_IN else Verdict.DENY


def _pragma(name: str, argument: str | None) -> bool:
    if name in _PRAGMAS_PLAIN or name in _PRAGMAS_READ_ONLY:
        return argument is None
    if name in _PRAGMAS_BOOLEAN:
        return argument is None or argument.lower() in _BOOLEANS
    if name in _PRAGMAS_ONE_NAME:
        return argument is not None and not is_reserved(argument)
    if name in _PRAGMAS_MAYBE_NAME:
        return argument is None or not is_reserved(argument)
    if name == "optimize":
        return argument is None or argument.isdigit() or argument.lower().startswith("0x")
    return False


_COMMENT = re.compile(r"--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z)", re.DOTALL)
_TOKEN_WITH_SEMICOLON = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\]|;", re.DOTALL
)
_STARTS_PLAINLY = re.compile(r"\s*[A-Za-z]")


def has_statement(sql: str) -> bool:
    """Whether there is more than blanks, comments and semicolons."""
    return _STARTS_PLAINLY.match(sql) is not None or _COMMENT.sub("", sql).strip(" \t\r\n\f;") != ""


def semicolons(sql: str) -> list[int]:
    """Where semicolons stand outside of strings, quoted names and comments."""
    return [found.start() for found in _TOKEN_WITH_SEMICOLON.finditer(sql) if found.group() == ";"]
