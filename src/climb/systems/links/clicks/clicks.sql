-- name: take_turn
-- Whether this batch is still to be counted. Who moves the same one at the same time waits here for the other's end.
INSERT INTO click_journals (journal, counted) VALUES (:journal, :number)
ON CONFLICT (journal) DO UPDATE SET counted = excluded.counted WHERE click_journals.counted < excluded.counted
RETURNING counted;

-- name: count_hours
-- In order, so that two that count the same links wait for each other only in one direction.
INSERT INTO clicks (code, hour, count)
SELECT code, hour, count FROM unnest(:codes::text[], :hours::timestamptz[], :counts::bigint[]) AS given (code, hour, count)
ORDER BY code COLLATE "C", hour
ON CONFLICT (code, hour) DO UPDATE SET count = clicks.count + excluded.count;

-- name: count_totals
INSERT INTO click_totals (code, count)
SELECT code, sum(count) FROM unnest(:codes::text[], :counts::bigint[]) AS given (code, count)
GROUP BY code ORDER BY code COLLATE "C"
ON CONFLICT (code) DO UPDATE SET count = click_totals.count + excluded.count;

-- name: clicks_by
SELECT date_trunc(:by, hour AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS start, sum(count)::bigint AS count
FROM clicks
WHERE code = :code AND hour >= coalesce(:first, '-infinity'::timestamptz) AND hour < coalesce(:end, 'infinity'::timestamptz)
GROUP BY 1 ORDER BY 1;
