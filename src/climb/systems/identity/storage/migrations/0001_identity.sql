CREATE TABLE users (
    id            text        PRIMARY KEY,
    -- Accounts are made one after the other (see confirm), so that this is the order in which they became visible, too.
    number        bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
    email         text        NOT NULL UNIQUE,
    password_hash text        NOT NULL,
    roles         text[]      NOT NULL,
    version       integer     NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX users_who_are_admins ON users (id) WHERE 'admin' = ANY (roles);

CREATE TABLE clients (
    id            text        PRIMARY KEY,
    name          text        NOT NULL,
    secret_hash   bytea,
    redirect_uris text[]      NOT NULL,
    grants        text[]      NOT NULL,
    scopes        text[]      NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);

-- All that grew out of one login, or out of one code. A refresh token is used up by the one statement that changes `current`.
CREATE TABLE families (
    id         text        PRIMARY KEY,
    user_id    text        NOT NULL REFERENCES users ON DELETE CASCADE,
    client_id  text        REFERENCES clients ON DELETE CASCADE,
    scopes     text[]      NOT NULL DEFAULT '{}',
    current    bytea       UNIQUE,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE INDEX families_of_a_user ON families (user_id);
CREATE INDEX families_by_end ON families (expires_at);

-- By which one is known that is used a second time; kept for as long as it could have been good.
CREATE TABLE used_tokens (
    hash       bytea       PRIMARY KEY,
    family_id  text        NOT NULL REFERENCES families ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX used_tokens_by_end ON used_tokens (expires_at);
CREATE INDEX used_tokens_of_a_family ON used_tokens (family_id);

-- What messages carried, as hashes. One that makes an account has the password with it; one that resets one has the account.
CREATE TABLE links (
    hash          bytea       PRIMARY KEY,
    kind          text        NOT NULL CHECK (kind IN ('confirm', 'reset')),
    email         text        NOT NULL,
    password_hash text,
    user_id       text        REFERENCES users ON DELETE CASCADE,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX links_of_an_address ON links (email, kind);
CREATE INDEX links_of_a_user ON links (user_id);
CREATE INDEX links_by_end ON links (expires_at);

-- Messages that have not been taken yet. `said` is what was decided when the first attempt was made.
CREATE TABLE messages (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    to_address    text        NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('confirm', 'reset')),
    password_hash text,
    said          text        CHECK (said IN ('confirm', 'exists', 'reset', 'nothing')),
    attempts      integer     NOT NULL DEFAULT 0,
    due_at        timestamptz NOT NULL DEFAULT now(),
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX messages_that_are_due ON messages (due_at, id);

-- The failed logins of a client address for one address (as a hash), and, where that is empty, for all together.
CREATE TABLE login_failures (
    client_address text          NOT NULL,
    address        bytea         NOT NULL,
    failed_at      timestamptz[] NOT NULL,
    locked_until   timestamptz,
    PRIMARY KEY (client_address, address)
);

CREATE TABLE codes (
    hash         bytea       PRIMARY KEY,
    client_id    text        NOT NULL REFERENCES clients ON DELETE CASCADE,
    user_id      text        NOT NULL REFERENCES users ON DELETE CASCADE,
    redirect_uri text        NOT NULL,
    scopes       text[]      NOT NULL,
    challenge    text        NOT NULL,
    expires_at   timestamptz NOT NULL,
    family_id    text
);
CREATE INDEX codes_of_a_user ON codes (user_id);
CREATE INDEX codes_by_end ON codes (expires_at);

CREATE TABLE signing_keys (
    kid         text        PRIMARY KEY,
    number      bigint      GENERATED ALWAYS AS IDENTITY,
    private_key bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- the longest that a token signed with it is good
    access_s    integer     NOT NULL
);

CREATE TABLE audit (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    written_by     xid8        NOT NULL DEFAULT pg_current_xact_id(),
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    event          text        NOT NULL,
    user_id        text,
    by_id          text,
    client_address text        NOT NULL,
    request_id     text        NOT NULL
);
CREATE UNIQUE INDEX audit_in_order ON audit (written_by, id);
CREATE INDEX audit_of_a_user ON audit (user_id, written_by, id);
CREATE INDEX audit_of_an_event ON audit (event, written_by, id);
