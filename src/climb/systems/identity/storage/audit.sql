-- name: list_audit
-- An entry is shown when no transaction that began before its own can still add one in front of it; ours last less than 1.9 s.
SELECT id, written_by::text::bigint AS written_by, at, event, user_id, by_id, client_address, request_id FROM audit
WHERE (written_by, id) > (:after_written_by::text::xid8, :after_id)
  AND (written_by < pg_snapshot_xmin(pg_current_snapshot()) OR at < now() - interval '1.9 seconds')
  AND (:event::text IS NULL OR event = :event) AND (:user_id::text IS NULL OR user_id = :user_id)
ORDER BY written_by, id LIMIT :most;
