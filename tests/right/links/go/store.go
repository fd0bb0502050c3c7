package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const schema = `
SELECT pg_advisory_xact_lock(7261);
CREATE TABLE IF NOT EXISTS links (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	code text COLLATE "C" NOT NULL UNIQUE,
	url text NOT NULL,
	owner text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	expires_at timestamptz,
	version bigint NOT NULL DEFAULT 1,
	deleted boolean NOT NULL DEFAULT false
);
CREATE INDEX IF NOT EXISTS links_by_owner ON links (owner, id DESC);
CREATE TABLE IF NOT EXISTS clicks (
	code text COLLATE "C" NOT NULL, hour timestamptz NOT NULL, count bigint NOT NULL, PRIMARY KEY (code, hour)
);
CREATE TABLE IF NOT EXISTS batches (id text PRIMARY KEY);
CREATE TABLE IF NOT EXISTS untold (code text COLLATE "C" PRIMARY KEY);
CREATE TABLE IF NOT EXISTS once (
	owner text NOT NULL, key text NOT NULL, request bytea NOT NULL, at timestamptz NOT NULL DEFAULT now(),
	status int NOT NULL, type text NOT NULL, location text NOT NULL, body bytea NOT NULL, PRIMARY KEY (owner, key)
);`

var errAway = errors.New("this part does not answer")

// Breaker keeps a part that does not answer from being asked again and again: after some failures in a row one asks now and then, and
// the others are told at once. One failure alone may be a connection that broke, or a machine that was busy.
type Breaker struct{ closedUntil, failed atomic.Int64 }

const failures = 3

func (b *Breaker) try(ctx context.Context, limit time.Duration, ask func(context.Context) error) error {
	if b.failed.Load() >= failures {
		now, until := time.Now().UnixNano(), b.closedUntil.Load()
		if now < until || !b.closedUntil.CompareAndSwap(until, now+int64(500*time.Millisecond)) {
			return errAway
		}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := ask(ctx)
	if errors.Is(err, errAway) {
		b.closedUntil.Store(time.Now().Add(300 * time.Millisecond).UnixNano())
		b.failed.Add(1)
	} else {
		b.failed.Store(0)
	}
	return err
}

// Store is the database.
type Store struct {
	pool    *pgxpool.Pool
	breaker Breaker
	made    atomic.Bool
}

type querier interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
	QueryRow(context.Context, string, ...any) pgx.Row
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
}

// away turns whatever does not come from the statement itself into errAway.
func (s *Store) away(err error) error {
	var said *pgconn.PgError
	var ours *Problem
	switch {
	case err == nil || errors.Is(err, pgx.ErrNoRows) || errors.As(err, &ours):
		return err
	case errors.As(err, &said) && said.Code[:2] != "57" && said.Code[:2] != "53" && said.Code[:2] != "08":
		return err
	}
	s.pool.Reset() // what waits in the pool has probably broken too
	return errAway
}

// ask runs something that reads, or one statement.
func (s *Store) ask(limit time.Duration, work func(context.Context, querier) error) error {
	if !s.made.Load() {
		return errAway
	}
	return s.breaker.try(context.Background(), limit, func(ctx context.Context) error { return s.away(work(ctx, s.pool)) })
}

// change runs a transaction.
func (s *Store) change(limit time.Duration, work func(context.Context, querier) error) error {
	return s.ask(limit, func(ctx context.Context, _ querier) error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return work(ctx, tx) })
	})
}

// prepare makes the tables as soon as the database is there.
func (s *Store) prepare() {
	for !s.made.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			_, err := tx.Conn().PgConn().Exec(ctx, schema).ReadAll()
			return err
		})
		cancel()
		if err == nil {
			s.made.Store(true)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (s *Store) ping() error {
	return s.ask(700*time.Millisecond, func(ctx context.Context, q querier) error {
		_, err := q.Exec(ctx, "SELECT 1")
		return err
	})
}
