-- name: lock_idempotency_key
SELECT pg_try_advisory_xact_lock(:lock);

-- name: find_answer
SELECT fingerprint, status, fields, body
FROM idempotency_answers
WHERE owner = :owner AND key = :key AND answered_at > :oldest;

-- name: keep_answer
-- One that is too old to count may still be there.
INSERT INTO idempotency_answers (owner, key, fingerprint, status, fields, body, answered_at)
VALUES (:owner, :key, :fingerprint, :status, :fields, :body, :now)
ON CONFLICT (owner, key) DO UPDATE
SET fingerprint = excluded.fingerprint, status = excluded.status, fields = excluded.fields,
    body = excluded.body, answered_at = excluded.answered_at;

-- name: forget_answers_before
WITH gone AS (
    DELETE FROM idempotency_answers
    WHERE (owner, key) IN (SELECT owner, key FROM idempotency_answers WHERE answered_at <= :oldest LIMIT 1000)
    RETURNING 1
)
SELECT count(*) FROM gone;
