-- name: leave_message
INSERT INTO messages (to_address, kind, password_hash) VALUES (:to_address, :kind, :password_hash);

-- name: claim_messages
UPDATE messages SET due_at = now() + :lease_s * interval '1 second', attempts = attempts + 1
WHERE id IN (SELECT id FROM messages WHERE due_at <= now() ORDER BY due_at, id LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING id, to_address, attempts;

-- name: word_message
-- What is said is decided once. What it carries is new each time: only its hash is kept, so it can't be said again.
WITH owner AS (
    SELECT u.id FROM users u JOIN messages m ON u.email = m.to_address WHERE m.id = :id
), message AS (
    UPDATE messages m SET said = coalesce(said, CASE
        WHEN kind = 'confirm' AND EXISTS (SELECT FROM owner) THEN 'exists'
        WHEN kind = 'reset' AND NOT EXISTS (SELECT FROM owner) THEN 'nothing'
        ELSE kind END)
    WHERE id = :id
    RETURNING to_address, said, password_hash,
              said = 'exists' OR (said = 'confirm' AND NOT EXISTS (SELECT FROM owner))
              OR (said = 'reset' AND EXISTS (SELECT FROM owner)) AS holds
), made AS (
    INSERT INTO links (hash, kind, email, password_hash, user_id, expires_at)
    SELECT :hash, said, to_address, password_hash, (SELECT id FROM owner), now() + :link_s * interval '1 second'
    FROM message WHERE holds AND said IN ('confirm', 'reset')
)
SELECT to_address, said FROM message WHERE holds;

-- name: message_done
DELETE FROM messages WHERE id = :id;

-- name: message_later
UPDATE messages SET due_at = now() + :delay_s * interval '1 second' WHERE id = :id AND created_at > now() - interval '1 hour';

-- name: hold_messages
UPDATE messages SET due_at = now() + :lease_s * interval '1 second' WHERE id = ANY (:ids::bigint[]);

-- name: reset_link
SELECT user_id FROM links WHERE hash = :hash AND kind = 'reset' AND expires_at > now();

-- name: drop_resets
-- First the messages that may be on their way for a second time, then, as a statement of its own, what they carried.
WITH owner AS (SELECT email FROM users WHERE id = :user_id)
DELETE FROM messages WHERE kind = 'reset' AND said IS NOT NULL AND to_address = (SELECT email FROM owner);

-- name: use_reset
WITH gone AS (
    DELETE FROM links WHERE user_id = :user_id AND kind = 'reset' RETURNING hash, expires_at
)
SELECT EXISTS (SELECT FROM gone WHERE hash = :hash AND expires_at > now());
