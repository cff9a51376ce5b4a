"""Accounts: who may be asked for, and by which token."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from hmac import compare_digest

from edge.errors import UserError
from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from wrangler_compat.cloud.catalogue import Catalogue

_ID = re.compile("[0-9a-f]{32}")
_TOKEN = re.compile("[A-Za-z0-9_.~+/=-]+")


@dataclass(frozen=True, slots=True)
class Account:
    """An account with its one API token."""

    id: str
    name: str
    token: str
    created_ms: int


class Accounts:
    """The accounts of a cloud."""

    def __init__(self, catalogue: Catalogue, clock: Clock, random: RandomStreams) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._random = random

    def all(self) -> Sequence[Account]:
        """The accounts in the order of their making."""
        return [Account(*row) for row in self._catalogue.rows("SELECT * FROM accounts ORDER BY rowid")]

    def of_token(self, token: str) -> Account | None:
        """The account that `token` opens."""
        for account in self.all():
            if compare_digest(account.token.encode(), token.encode()):
                return account
        return None

    def ensure(self, name: str, *, token: str | None = None, account_id: str | None = None) -> Account:
        """The account called `name`, made when there is none; `token` becomes its token when given, else
        a new account draws its own. Raises UserError for a token or id that cannot be one, or is another
        account's."""
        if token is not None and not _TOKEN.fullmatch(token):
            raise UserError("a token is made of letters, digits and _.~+/=- only")
        if account_id is not None and not _ID.fullmatch(account_id):
            raise UserError(f'an account id is 32 hexadecimal digits, not "{account_id}"')
        try:
            return self._ensured(name, token, account_id)
        except sqlite3.IntegrityError:
            raise UserError("another account of this cloud has that id or token") from None

    def _ensured(self, name: str, token: str | None, account_id: str | None) -> Account:
        found = next((account for account in self.all() if account.name == name), None)
        if found is None:
            new_id = account_id or self._random.bytes("cloud.account", 16).hex()
            new_token = token or self._random.bytes("cloud.token", 20).hex()
            account = Account(new_id, name, new_token, self._clock.now_ms())
            self._catalogue.change(
                "INSERT INTO accounts VALUES (?, ?, ?, ?)", new_id, name, new_token, account.created_ms
            )
            return account
        if account_id not in (None, found.id):
            raise UserError(f'the account "{name}" has the id {found.id} already')
        if token not in (None, found.token):
            self._catalogue.change("UPDATE accounts SET token = ? WHERE id = ?", token, found.id)
            return Account(found.id, name, token or found.token, found.created_ms)
        return found
