package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Journal keeps clicks in files until they are in the database. Each file is one batch: its name is kept in the transaction that
// counts it, so that it is counted once, however often it is tried.
type Journal struct {
	folder  string
	store   *Store
	mutex   sync.Mutex
	file    *os.File
	flushes sync.Mutex
}

func (j *Journal) add(code string, at time.Time) error {
	line := fmt.Appendf(nil, "%s %d\n", code, at.Unix())
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if j.file == nil {
		name := filepath.Join(j.folder, rand.Text()+".clicks")
		file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		j.file = file
	}
	_, err := j.file.Write(line)
	if err != nil { // half a line may be there: the next click begins another file
		j.file.Close()
		j.file = nil
	}
	return err
}

// flush counts what was written before.
func (j *Journal) flush() error {
	j.flushes.Lock()
	defer j.flushes.Unlock()
	names, _ := filepath.Glob(filepath.Join(j.folder, "*.clicks"))
	if len(names) == 0 || !j.store.made.Load() || j.store.ping() != nil {
		return errAway
	}
	j.mutex.Lock()
	if j.file != nil {
		j.file.Close()
		j.file = nil
	}
	j.mutex.Unlock()
	for _, name := range names {
		if err := j.count(name); err != nil {
			return err
		}
		os.Remove(name)
		j.store.ask(time.Second, func(ctx context.Context, q querier) error {
			_, err := q.Exec(ctx, "DELETE FROM batches WHERE id = $1", filepath.Base(name))
			return err
		})
	}
	return nil
}

func (j *Journal) count(name string) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	type hour struct {
		code string
		at   int64
	}
	counts := map[hour]int64{}
	for len(content) > 0 {
		line, rest, whole := bytes.Cut(content, []byte("\n"))
		code, at, _ := strings.Cut(string(line), " ")
		second, err := strconv.ParseInt(at, 10, 64)
		if whole && err == nil {
			counts[hour{code, second - second%3600}]++
		}
		content = rest
	}
	var codes []string
	var hours []time.Time
	var sums []int64
	for one, sum := range counts {
		codes, hours, sums = append(codes, one.code), append(hours, time.Unix(one.at, 0)), append(sums, sum)
	}
	return j.store.change(2*time.Second, func(ctx context.Context, q querier) error {
		tag, err := q.Exec(ctx, "INSERT INTO batches VALUES ($1) ON CONFLICT DO NOTHING", filepath.Base(name))
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		_, err = q.Exec(ctx, `INSERT INTO clicks SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bigint[]) AS t (code, hour, count)
			ORDER BY code, hour ON CONFLICT (code, hour) DO UPDATE SET count = clicks.count + excluded.count`, codes, hours, sums)
		return err
	})
}

func (a *App) clicks(w http.ResponseWriter, r *http.Request, who Caller, code string) error {
	query := r.URL.Query()
	var wrong []Wrong
	bound := func(name string) *time.Time {
		if !query.Has(name) {
			return nil
		}
		at, good := parseTime(query.Get(name))
		if !good || !at.Equal(at.Truncate(time.Hour)) {
			wrong = append(wrong, Wrong{name, "must be a full hour in UTC"})
			return nil
		}
		return &at
	}
	from, to := bound("from"), bound("to")
	if from != nil && to != nil && !from.Before(*to) {
		wrong = append(wrong, Wrong{"to", "must be later than from"})
	}
	by := "day"
	if query.Has("by") {
		by = query.Get("by")
	}
	if by != "hour" && by != "day" {
		wrong = append(wrong, Wrong{"by", "must be hour or day"})
	}
	if wrong != nil {
		return &Problem{status: 422, wrong: wrong}
	}
	type item struct {
		Start string `json:"start"`
		Count int64  `json:"count"`
	}
	items, total := []item{}, int64(0)
	err := a.store.ask(1500*time.Millisecond, func(ctx context.Context, q querier) error {
		if _, err := row(ctx, q, code, who); err != nil {
			return err
		}
		rows, err := q.Query(ctx, `SELECT date_trunc($2, hour, 'UTC') AS start, sum(count)::bigint FROM clicks
			WHERE code = $1 AND hour >= coalesce($3::timestamptz, '-infinity') AND hour < coalesce($4::timestamptz, 'infinity') GROUP BY start ORDER BY start`, code, by, from, to)
		if err != nil {
			return err
		}
		var start time.Time
		var count int64
		_, err = pgx.ForEachRow(rows, []any{&start, &count}, func() error {
			items, total = append(items, item{written(start), count}), total+count
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	return send(w, 200, map[string]any{"total": total, "items": items})
}
