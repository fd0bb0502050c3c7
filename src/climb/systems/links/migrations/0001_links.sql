CREATE TABLE links (
    number     bigint      GENERATED ALWAYS AS IDENTITY,
    code       text        PRIMARY KEY COLLATE "C",
    url        text        NOT NULL,
    owner      text        NOT NULL,
    version    integer     NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    deleted_at timestamptz
);
CREATE INDEX links_by_owner ON links (owner, created_at DESC, number DESC) WHERE deleted_at IS NULL;

-- What was changed or deleted, for those who remember how it was. A reader that has seen all transactions before some moment asks
-- for what later ones have written: numbers and times would not do, since they are given before the commit.
CREATE TABLE link_changes (
    written_by xid8        NOT NULL DEFAULT pg_current_xact_id(),
    code       text        NOT NULL COLLATE "C",
    at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX link_changes_in_order ON link_changes (written_by);
CREATE INDEX link_changes_by_time ON link_changes (at);
