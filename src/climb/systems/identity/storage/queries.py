"""The queries as functions, and the rows that they answer."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from climb.stack.database.migrations import migrations_in
from climb.stack.database.queries import Queries
from climb.stack.http.conditions import tag

HERE = Path(__file__).parent
MIGRATIONS = migrations_in(HERE / "migrations")

ACCOUNTS, ADMINS, KEYS = 1, 2, 3  # what turns are taken for
GRANTS = ("authorization_code", "refresh_token", "client_credentials")


class Account(msgspec.Struct, frozen=True):
    """An account as it is shown."""

    id: str
    email: str
    roles: list[str]
    created_at: datetime
    version: int

    @property
    def tag(self) -> str:
        """Another one whenever the account has changed."""
        return tag(self.id, self.version)


class ListedAccount(Account, frozen=True):
    """An account and its place in the list."""

    number: int


class KnownPassword(msgspec.Struct, frozen=True):
    """The password of somebody who is logged in."""

    email: str
    password_hash: str


class Standing(msgspec.Struct, frozen=True):
    """What is known of a login before the password is looked at."""

    user_id: str | None
    password_hash: str | None
    locked_s: float
    failed: int
    failed_in_all: int


class Granted(msgspec.Struct, frozen=True):
    """What tokens are made of."""

    family_id: str
    user_id: str
    roles: list[str]
    scopes: list[str]


class DueMessage(msgspec.Struct, frozen=True):
    """A message whose turn it is."""

    id: int
    to_address: str
    attempts: int


class WordedMessage(msgspec.Struct, frozen=True):
    """What a message says, and to whom."""

    to_address: str
    said: str


class Entry(msgspec.Struct, frozen=True):
    """A line of the audit log."""

    id: int
    written_by: int
    at: datetime
    event: str
    user_id: str | None
    by_id: str | None
    client_address: str
    request_id: str


class LiveKey(msgspec.Struct, frozen=True):
    """A key as it is kept, and what decides how long it is shown."""

    kid: str
    private_key: bytes
    access_s: int
    created_at_s: float
    superseded_at_s: float | None
    now_s: float


class Client(msgspec.Struct, frozen=True):
    """Another program."""

    id: str
    secret_hash: bytes | None
    redirect_uris: list[str]
    grants: list[str]
    scopes: list[str]


class Code(msgspec.Struct, frozen=True):
    """An authorization code."""

    client_id: str
    user_id: str
    redirect_uri: str
    scopes: list[str]
    challenge: str
    family_id: str | None
    lasts: bool


class LinkedAccount(msgspec.Struct, frozen=True):
    """Whose password a message resets."""

    user_id: str


_accounts = Queries(HERE / "accounts.sql")
find_account = _accounts.row("find_account", Account)
is_there = _accounts.value("is_there", bool)
lock_account = _accounts.row("lock_account", Account)
password_of = _accounts.row("password_of", KnownPassword)
list_accounts = _accounts.rows("list_accounts", ListedAccount)
knows_address = _accounts.value("knows_address", bool)
take_turn = _accounts.nothing("take_turn")
make_admin = _accounts.count("make_admin")
confirm = _accounts.row("confirm", Account)
change_roles = _accounts.row("change_roles", Account)
another_admin = _accounts.value("another_admin", bool)
delete_account = _accounts.count("delete_account")
change_password = _accounts.count("change_password")
set_password = _accounts.count("set_password")

_sessions = Queries(HERE / "sessions.sql")
login_standing = _sessions.row("login_standing", Standing)
note_failure = _sessions.nothing("note_failure")
note_throttled = _sessions.nothing("note_throttled")
forget_failures = _sessions.nothing("forget_failures")
begin_session = _sessions.row("begin_session", Granted)
rotate = _sessions.row("rotate", Granted)
end_if_replayed = _sessions.count("end_if_replayed")
is_current = _sessions.value("is_current", bool)
end_family = _sessions.nothing("end_family")
end_family_of_token = _sessions.nothing("end_family_of_token")
end_families = _sessions.count("end_families")
drop_codes = _sessions.nothing("drop_codes")

_messages = Queries(HERE / "messages.sql")
leave_message = _messages.nothing("leave_message")
claim_messages = _messages.rows("claim_messages", DueMessage)
word_message = _messages.row("word_message", WordedMessage)
message_done = _messages.nothing("message_done")
message_later = _messages.nothing("message_later")
hold_messages = _messages.nothing("hold_messages")
reset_link = _messages.row("reset_link", LinkedAccount)
drop_resets = _messages.nothing("drop_resets")
use_reset = _messages.value("use_reset", bool)

_audit = Queries(HERE / "audit.sql")
list_audit = _audit.rows("list_audit", Entry)

_keys = Queries(HERE / "keys.sql")
live_keys = _keys.rows("live_keys", LiveKey)
make_first_key = _keys.count("make_first_key")
make_key = _keys.nothing("make_key")
sign_for_longer = _keys.nothing("sign_for_longer")
drop_keys = _keys.nothing("drop_keys")

_clients = Queries(HERE / "clients.sql")
make_client = _clients.nothing("make_client")
find_client = _clients.row("find_client", Client)
make_code = _clients.count("make_code")
find_code = _clients.row("find_code", Code)
lock_owner = _clients.value("lock_owner", bool)
hold_owner = _clients.value("hold_owner", bool)
use_code = _clients.row("use_code", Granted)
end_family_of_code = _clients.nothing("end_family_of_code")
note_issued = _clients.nothing("note_issued")

_cleaning = Queries(HERE / "cleaning.sql")
CLEANING = tuple(_cleaning.count(name) for name in _cleaning.statements)
