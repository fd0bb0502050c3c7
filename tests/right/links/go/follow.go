package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// entry is what the cache knows of a code. Version 0: there is no such link.
type entry struct {
	Version int64      `json:"v"`
	URL     string     `json:"u,omitempty"`
	Expires *time.Time `json:"e,omitempty"`
	Deleted bool       `json:"d,omitempty"`
	Read    int64      `json:"r"` // when the database was asked, in ms
}

// An entry never makes way for an older version; of the same version the one that was read later stays.
var put = redis.NewScript(`
local had = redis.call('GET', KEYS[1])
if had then
	had = cjson.decode(had)
	if had.v > tonumber(ARGV[1]) or (had.v == tonumber(ARGV[1]) and had.r > tonumber(ARGV[2])) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1`)

// Cache is the Redis server.
type Cache struct {
	client  *redis.Client
	breaker Breaker
}

func (c *Cache) try(ask func(context.Context) error) error {
	return c.breaker.try(context.Background(), 250*time.Millisecond, func(ctx context.Context) error {
		if err := ask(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return errAway
		} else {
			return err
		}
	})
}

func (c *Cache) get(code string) (found *entry, err error) {
	var text string
	err = c.try(func(ctx context.Context) (err error) { text, err = c.client.Get(ctx, "link:"+code).Result(); return })
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err == nil && json.Unmarshal([]byte(text), &found) != nil {
		return nil, nil
	}
	return found, err
}

func (c *Cache) put(code string, e entry) error {
	text, _ := json.Marshal(e)
	life := time.Hour
	if e.Version == 0 {
		life = time.Minute
	}
	return c.try(func(ctx context.Context) error {
		return put.Run(ctx, c.client, []string{"link:" + code}, e.Version, e.Read, text, life.Milliseconds()).Err()
	})
}

// flight is a reading of the database that several wait for.
type flight struct {
	begun time.Time
	done  chan struct{}
	found entry
	err   error
}

// Follower finds out where a code leads.
//
// An entry of the cache is trusted for half of STALE_MS after the database was read for it. Then the database is asked again: so a
// change that the cache could not be told of is found. While the database can't be asked, entries of any age are trusted, since each
// change tells the cache in its own way, and what the cache could not be told is told it later from the table untold.
type Follower struct {
	store   *Store
	cache   *Cache
	stale   time.Duration
	metrics *Metrics
	mutex   sync.Mutex
	flights map[string]*flight
}

func (f *Follower) fresh(e *entry) bool {
	return time.Since(time.UnixMilli(e.Read)) < f.stale/2
}

func (f *Follower) find(code string) (entry, error) {
	known, err := f.cache.get(code)
	switch {
	case err != nil:
		f.metrics.cache("error")
	case known == nil:
		f.metrics.cache("miss")
	default:
		f.metrics.cache("hit")
		if f.fresh(known) {
			return *known, nil
		}
	}
	limit := time.Second
	if known != nil {
		limit = 400 * time.Millisecond
	}
	found, dbErr := f.read(code, limit, err == nil)
	if dbErr == nil {
		return found, nil
	}
	if known != nil && known.Version > 0 {
		return *known, nil
	}
	return entry{}, dbErr
}

// read asks the database once, however many ask at the moment.
func (f *Follower) read(code string, limit time.Duration, keep bool) (entry, error) {
	f.mutex.Lock()
	under, there := f.flights[code]
	if there && time.Since(under.begun) < f.stale/2 {
		f.mutex.Unlock()
		select {
		case <-under.done:
			return under.found, under.err
		case <-time.After(limit):
			return entry{}, errAway
		}
	}
	mine := &flight{begun: time.Now(), done: make(chan struct{})}
	f.flights[code] = mine
	f.mutex.Unlock()
	mine.found, mine.err = f.row(code, limit)
	if mine.err == nil && keep {
		f.cache.put(code, mine.found)
	}
	f.mutex.Lock()
	if f.flights[code] == mine {
		delete(f.flights, code)
	}
	f.mutex.Unlock()
	close(mine.done)
	return mine.found, mine.err
}

func (f *Follower) row(code string, limit time.Duration) (entry, error) {
	found := entry{Read: time.Now().UnixMilli()}
	err := f.store.ask(limit, func(ctx context.Context, q querier) error {
		return q.QueryRow(ctx, "SELECT version, url, expires_at, deleted FROM links WHERE code = $1", code).
			Scan(&found.Version, &found.URL, &found.Expires, &found.Deleted)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return found, nil
	}
	return found, err
}

// tell tells the cache of codes that were changed while it could not be told.
func (f *Follower) tell() {
	var codes []string
	err := f.store.ask(time.Second, func(ctx context.Context, q querier) error {
		rows, err := q.Query(ctx, "SELECT code FROM untold LIMIT 1000")
		if err == nil {
			codes, err = pgx.CollectRows(rows, pgx.RowTo[string])
		}
		return err
	})
	for _, code := range codes {
		if found, dbErr := f.row(code, time.Second); err == nil && dbErr == nil {
			f.told(code, found)
		}
	}
}

// told puts an entry into the cache, and notes when that was done.
func (f *Follower) told(code string, found entry) {
	if f.cache.put(code, found) == nil {
		f.store.ask(time.Second, func(ctx context.Context, q querier) error {
			_, err := q.Exec(ctx, "DELETE FROM untold u USING links l WHERE u.code = $1 AND l.code = u.code AND l.version <= $2", code, found.Version)
			return err
		})
	}
}

func (a *App) follow(w http.ResponseWriter, r *http.Request, code string) error {
	found, err := a.follower.find(code)
	switch {
	case err != nil:
		return err
	case found.Version == 0:
		return problem(404, "there is no such link")
	case found.Deleted:
		return problem(410, "this link was deleted")
	case found.Expires != nil && !time.Now().Before(*found.Expires):
		return problem(410, "this link has expired")
	}
	if r.Method == "GET" {
		if err := a.journal.add(code, time.Now()); err != nil {
			return errAway
		}
	}
	w.Header().Set("Location", found.URL)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(302)
	return nil
}
