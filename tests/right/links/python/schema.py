"""The tables."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS links (
    code text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    owner text NOT NULL,
    url text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    deleted_at timestamptz,
    version bigint NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS links_of_owners ON links (owner, number DESC);
CREATE TABLE IF NOT EXISTS clicks (
    code text NOT NULL,
    hour timestamptz NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (code, hour)
);
CREATE TABLE IF NOT EXISTS batches (id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS answers (
    owner text NOT NULL,
    key text NOT NULL,
    request bytea NOT NULL,
    status integer NOT NULL,
    headers text NOT NULL,
    body bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, key)
);
"""
