-- name: add_note
INSERT INTO notes (owner, text) VALUES (:owner, :text) RETURNING number, owner, text, version, created_at;

-- name: find_note
SELECT number, owner, text, version, created_at FROM notes WHERE number = :number;

-- name: newest_notes
SELECT number, owner, text, version, created_at FROM notes
WHERE number < coalesce(:before, 9223372036854775807) ORDER BY number DESC LIMIT :limit;

-- name: change_note
UPDATE notes SET text = :text, version = version + 1 WHERE number = :number AND version = :version
RETURNING number, owner, text, version, created_at;

-- name: remove_note
DELETE FROM notes WHERE number = :number;

-- name: count_notes
SELECT count(*) FROM notes;
