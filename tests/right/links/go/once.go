package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
)

var keying = regexp.MustCompile(`^[ -~]{1,128}$`)

// Saved is an answer that can be given again.
type Saved struct {
	status         int
	kind, location string
	body           []byte
}

func (s Saved) send(w http.ResponseWriter) {
	w.Header().Set("Content-Type", s.kind)
	if s.location != "" {
		w.Header().Set("Location", s.location)
	}
	w.WriteHeader(s.status)
	w.Write(s.body)
}

// once does the work, in a transaction that also keeps its answer under the request's key. Who holds the lock of a key is under way;
// the lock goes with the transaction, and so with the program.
func (a *App) once(r *http.Request, who Caller, content []byte, limit time.Duration, work func(context.Context, querier) (Saved, error)) (saved Saved, err error) {
	keys := r.Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		err = a.store.change(limit, func(ctx context.Context, q querier) (err error) { saved, err = work(ctx, q); return })
		return
	}
	key := keys[0]
	if len(keys) > 1 || !keying.MatchString(key) {
		return saved, wrongField("Idempotency-Key", "must be one, of 1 to 128 printable ASCII characters")
	}
	digest := sha256.Sum256(append([]byte(r.Method+" "+r.URL.Path+"\n"), content...))
	err = a.store.change(limit, func(ctx context.Context, q querier) error {
		var mine bool
		if err := q.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 1))", who.sub+"\n"+key).Scan(&mine); err != nil {
			return err
		}
		if !mine {
			return &Problem{status: 409, detail: "a request with this key is under way", retry: true}
		}
		var before []byte
		err := q.QueryRow(ctx, "SELECT request, status, type, location, body FROM once WHERE owner = $1 AND key = $2 AND at > now() - interval '1 day'", who.sub, key).
			Scan(&before, &saved.status, &saved.kind, &saved.location, &saved.body)
		if err == nil {
			if string(before) != string(digest[:]) {
				return wrongField("Idempotency-Key", "was used for another request")
			}
			return nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if saved, err = work(ctx, q); err != nil {
			return err
		}
		_, err = q.Exec(ctx, `INSERT INTO once (owner, key, request, status, type, location, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (owner, key) DO UPDATE SET request = excluded.request, at = now(), status = excluded.status, type = excluded.type, location = excluded.location, body = excluded.body`,
			who.sub, key, digest[:], saved.status, saved.kind, saved.location, saved.body)
		return err
	})
	return
}
