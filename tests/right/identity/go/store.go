package main

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed schema.sql
var schema string

// patience is how long a request waits for the database, all its transactions together.
const patience = 2400 * time.Millisecond

// Names of locks that are held until a transaction ends.
const (
	starting = iota + 1
	lastAdmin
	newAccounts
	newEvents
)

// Store is the database.
type Store struct{ pool *pgxpool.Pool }

func openStore(config *pgxpool.Config) *Store {
	config.MaxConns = 12
	config.ConnConfig.ConnectTimeout = time.Second
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		refuse("DATABASE_URL", err.Error())
	}
	return &Store{pool}
}

func (s *Store) makeTables() error {
	return s.transaction(10*time.Second, func(q Sql) {
		_, err := q.tx.Conn().PgConn().Exec(q.ctx, schema).ReadAll()
		q.must(err)
	})
}

// Sql is a transaction. Its methods end it by a panic if the database does not do what is asked.
type Sql struct {
	ctx context.Context
	tx  pgx.Tx
}

type broken struct{ error }

func (q Sql) must(err error) {
	if err != nil {
		panic(broken{err})
	}
}

// exec answers how many rows it concerned.
func (q Sql) exec(sql string, values ...any) int64 {
	tag, err := q.tx.Exec(q.ctx, sql, values...)
	q.must(err)
	return tag.RowsAffected()
}

// row reads one row into places; whether there was one.
func (q Sql) row(sql string, values []any, places ...any) bool {
	err := q.tx.QueryRow(q.ctx, sql, values...).Scan(places...)
	if errors.Is(err, pgx.ErrNoRows) {
		return false
	}
	q.must(err)
	return true
}

// rows calls each for every row.
func (q Sql) rows(sql string, values []any, each func(scan func(...any))) {
	found, err := q.tx.Query(q.ctx, sql, values...)
	q.must(err)
	defer found.Close()
	for found.Next() {
		each(func(places ...any) { q.must(found.Scan(places...)) })
	}
	q.must(found.Err())
}

func (q Sql) lock(name int) { q.exec("SELECT pg_advisory_xact_lock($1)", name) }

// transaction is committed when work returns, and undone when it panics; a Problem is the error then, or errAway.
func (s *Store) transaction(limit time.Duration, work func(Sql)) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return s.told(pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		defer func() {
			switch what := recover().(type) {
			case nil:
			case broken:
				err = what.error
			case *Problem:
				err = what
			default:
				panic(what)
			}
		}()
		work(Sql{ctx, tx})
		return nil
	}))
}

// told turns whatever does not come from the statement itself into a 503.
func (s *Store) told(err error) error {
	var said *pgconn.PgError
	var ours *Problem
	switch {
	case err == nil || errors.As(err, &ours):
		return err
	case errors.As(err, &said):
		if class := said.Code[:2]; class != "08" && class != "40" && class != "53" && class != "57" {
			return err
		}
	}
	s.pool.Reset() // what waits in the pool has probably broken too
	return unavailable("the database does not answer", 1)
}
