-- name: login_standing
SELECT u.id AS user_id, u.password_hash,
       greatest(extract(epoch FROM p.locked_until - now()), extract(epoch FROM a.locked_until - now()), 0)::float8 AS locked_s,
       (SELECT count(*) FROM unnest(p.failed_at) AS f WHERE f > now() - :lock_s * interval '1 second')::int AS failed,
       (SELECT count(*) FROM unnest(a.failed_at) AS f WHERE f > now() - :lock_s * interval '1 second')::int AS failed_in_all
FROM (SELECT) AS one
LEFT JOIN users u ON u.email = :email
LEFT JOIN login_failures p ON p.client_address = :client_address AND p.address = :address
LEFT JOIN login_failures a ON a.client_address = :client_address AND a.address = '';

-- name: note_failure
-- Rows are locked in the order of the VALUES, the same in each such statement.
WITH failed AS (
    INSERT INTO login_failures AS known (client_address, address, failed_at, locked_until)
    VALUES (:client_address, :address, ARRAY[now()],
            CASE WHEN :most <= 1 THEN now() + :lock_s * interval '1 second' END),
           (:client_address, '', ARRAY[now()], NULL)
    ON CONFLICT (client_address, address) DO UPDATE SET
        failed_at = ARRAY(SELECT f FROM unnest(known.failed_at) AS f
                          WHERE f > now() - :lock_s * interval '1 second') || now(),
        locked_until = CASE
            WHEN (SELECT count(*) FROM unnest(known.failed_at) AS f WHERE f > now() - :lock_s * interval '1 second') + 1
                 >= CASE WHEN known.address = '' THEN 10 * :most ELSE :most END
            THEN now() + :lock_s * interval '1 second' ELSE known.locked_until END
)
INSERT INTO audit (event, user_id, by_id, client_address, request_id)
VALUES ('login_failed', :user_id, :by, :client_address, :request_id);

-- name: note_throttled
INSERT INTO audit (event, user_id, by_id, client_address, request_id)
VALUES ('login_throttled', :user_id, :by, :client_address, :request_id);

-- name: forget_failures
DELETE FROM login_failures WHERE client_address = :client_address AND address = :address;

-- name: begin_session
-- The lock makes a change of the password wait, or makes this see it: then nothing is begun.
WITH owner AS MATERIALIZED (
    SELECT id, roles FROM users WHERE id = :user_id AND password_hash = :password_hash FOR SHARE
), begun AS (
    INSERT INTO families (id, user_id, current, expires_at)
    SELECT :family_id, id, :current, now() + :refresh_s * interval '1 second' FROM owner
), cleared AS (
    DELETE FROM login_failures WHERE client_address = :client_address AND address = :address AND EXISTS (SELECT FROM owner)
), told AS (
    INSERT INTO audit (event, user_id, client_address, request_id)
    SELECT 'login', id, :client_address, :request_id FROM owner
)
SELECT :family_id AS family_id, id AS user_id, roles, '{}'::text[] AS scopes FROM owner;

-- name: rotate
-- Of several at once, one changes the row; the others wait for that, look again, and find another token in it.
WITH rotated AS (
    UPDATE families f SET current = :new, expires_at = now() + :refresh_s * interval '1 second'
    FROM users u
    WHERE f.current = :old AND f.ended_at IS NULL AND f.expires_at > now() AND u.id = f.user_id
      AND f.client_id IS NOT DISTINCT FROM :client_id AND :wanted::text[] <@ f.scopes
    RETURNING f.id, f.user_id, u.roles, f.scopes
), used AS (
    INSERT INTO used_tokens (hash, family_id, expires_at)
    SELECT :old, id, now() + :refresh_s * interval '1 second' FROM rotated
), told AS (
    INSERT INTO audit (event, user_id, client_address, request_id)
    SELECT 'refreshed', user_id, :client_address, :request_id FROM rotated
)
SELECT id AS family_id, user_id, roles, scopes FROM rotated;

-- name: end_if_replayed
WITH replayed AS MATERIALIZED (
    SELECT f.id, f.user_id FROM used_tokens t JOIN families f ON f.id = t.family_id
    WHERE t.hash = :hash AND f.client_id IS NOT DISTINCT FROM :client_id
), ended AS (
    UPDATE families SET ended_at = now() WHERE id = (SELECT id FROM replayed) AND ended_at IS NULL
)
INSERT INTO audit (event, user_id, client_address, request_id)
SELECT 'refresh_replayed', user_id, :client_address, :request_id FROM replayed;

-- name: is_current
SELECT EXISTS (
    SELECT FROM families WHERE current = :hash AND ended_at IS NULL AND expires_at > now() AND client_id IS NOT DISTINCT FROM :client_id
);

-- name: end_family
WITH ended AS (
    UPDATE families SET ended_at = now() WHERE id = :id AND user_id = :user_id AND ended_at IS NULL RETURNING user_id
)
INSERT INTO audit (event, user_id, by_id, client_address, request_id)
SELECT 'logout', user_id, :user_id, :client_address, :request_id FROM ended;

-- name: end_family_of_token
WITH family AS MATERIALIZED (
    SELECT id FROM families WHERE current = :hash AND client_id = :client_id
    UNION ALL
    SELECT f.id FROM used_tokens t JOIN families f ON f.id = t.family_id WHERE t.hash = :hash AND f.client_id = :client_id
), ended AS (
    UPDATE families SET ended_at = now() WHERE id = (SELECT id FROM family LIMIT 1) AND ended_at IS NULL RETURNING user_id
)
INSERT INTO audit (event, user_id, client_address, request_id)
SELECT 'logout', user_id, :client_address, :request_id FROM ended;

-- name: end_families
UPDATE families SET ended_at = now() WHERE user_id = :user_id AND ended_at IS NULL AND id <> :but;

-- name: drop_codes
-- Behind the end of the families, as a statement of its own: it sees the codes of those that held it up.
WITH gone AS (DELETE FROM codes WHERE user_id = :user_id AND family_id IS NULL)
INSERT INTO audit (event, user_id, by_id, client_address, request_id)
VALUES (:event, :user_id, :by, :client_address, :request_id);
