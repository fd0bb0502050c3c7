CREATE TABLE idempotency_answers (
    owner       text        NOT NULL,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,
    status      integer     NOT NULL,
    fields      text        NOT NULL,
    body        bytea       NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_answers_by_time ON idempotency_answers (answered_at);
