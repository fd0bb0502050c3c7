// A link shortener: links in PostgreSQL, those that are followed in a cache, clicks in a journal first.
package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"rsc.io/qr"
)

// App is the service.
type App struct {
	Settings
	store    *Store
	follower *Follower
	journal  *Journal
	tokens   *Issuer
	metrics  *Metrics
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// ServeHTTP answers a request, and counts it.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun, out := time.Now(), &recorder{w, 200}
	route, err := a.serve(out, r)
	if err != nil {
		problemOf(err).send(out)
	}
	method := r.Method
	if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, method) {
		method = "other"
	}
	a.metrics.request(method, route, out.status, time.Since(begun))
}

// handlers are the methods of a resource.
type handlers map[string]func() error

func (h handlers) serve(w http.ResponseWriter, method string) error {
	if serve, there := h[method]; there {
		return serve()
	}
	if serve, there := h["GET"]; there && method == "HEAD" {
		return serve()
	}
	var allowed []string
	for one := range h {
		allowed = append(allowed, one)
	}
	slices.Sort(allowed)
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return problem(405, "the resource does not have this method")
}

func (a *App) serve(w http.ResponseWriter, r *http.Request) (string, error) {
	path := r.URL.Path
	plain := func(text string) func() error { return func() error { _, err := fmt.Fprint(w, text); return err } }
	switch path {
	case "/healthz":
		return path, handlers{"GET": plain("ok")}.serve(w, r.Method)
	case "/readyz":
		return path, handlers{"GET": func() error {
			if err := a.ready(); err != nil {
				return err
			}
			return plain("ok")()
		}}.serve(w, r.Method)
	case "/metrics":
		return path, handlers{"GET": func() error {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
			a.metrics.write(w)
			return nil
		}}.serve(w, r.Method)
	}
	if strings.HasPrefix(path, "/v1/") {
		return a.owned(w, r, strings.Split(path[len("/v1/"):], "/"))
	}
	code := path[1:]
	if !coding.MatchString(code) || slices.Contains(reserved, code) {
		return "unknown", problem(404, "there is nothing of this name")
	}
	return "/{code}", handlers{"GET": func() error { return a.follow(w, r, code) }}.serve(w, r.Method)
}

func (a *App) owned(w http.ResponseWriter, r *http.Request, parts []string) (string, error) {
	who, denied := a.tokens.caller(r.Header.Get("Authorization"))
	route, found := "unknown", handlers(nil)
	switch {
	case len(parts) == 1 && parts[0] == "links":
		route, found = "/v1/links", handlers{"GET": func() error { return a.list(w, r, who) }, "POST": func() error { return a.create(w, r, who) }}
	case len(parts) == 1 && parts[0] == "imports":
		route, found = "/v1/imports", handlers{"POST": func() error { return a.bulk(w, r, who) }}
	case len(parts) == 2 && parts[0] == "links":
		code := parts[1]
		route, found = "/v1/links/{code}", handlers{"GET": func() error { return a.show(w, r, who, code) },
			"PATCH": func() error { return a.patch(w, r, who, code) }, "DELETE": func() error { return a.remove(w, r, who, code) }}
	case len(parts) == 3 && parts[0] == "links" && parts[2] == "clicks":
		route, found = "/v1/links/{code}/clicks", handlers{"GET": func() error { return a.clicks(w, r, who, parts[1]) }}
	case len(parts) == 3 && parts[0] == "links" && parts[2] == "qr":
		route, found = "/v1/links/{code}/qr", handlers{"GET": func() error { return a.picture(w, who, parts[1]) }}
	}
	if denied != nil {
		return route, denied
	}
	if found == nil || (len(parts) > 1 && !coding.MatchString(parts[1])) {
		return "unknown", problem(404, "there is nothing of this name")
	}
	return route, found.serve(w, r.Method)
}

// ready wants tables, and then one of database and cache.
func (a *App) ready() error {
	if !a.store.made.Load() {
		return errAway
	}
	parts := make(chan error, 2)
	go func() { parts <- a.store.ping() }()
	go func() {
		parts <- a.follower.cache.try(func(ctx context.Context) error { return a.follower.cache.client.Ping(ctx).Err() })
	}()
	if err := <-parts; err == nil {
		return nil
	}
	return <-parts
}

func (a *App) picture(w http.ResponseWriter, who Caller, code string) error {
	err := a.store.ask(1500*time.Millisecond, func(ctx context.Context, q querier) error { _, err := row(ctx, q, code, who); return err })
	if err != nil {
		return err
	}
	symbol, err := qr.Encode(a.public+"/"+code, qr.M)
	if err != nil {
		return err
	}
	const scale, quiet = 8, 4
	side := (symbol.Size + 2*quiet) * scale
	drawn := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			if symbol.Black(x/scale-quiet, y/scale-quiet) {
				drawn.SetColorIndex(x, y, 1)
			}
		}
	}
	w.Header().Set("Content-Type", "image/png")
	return png.Encode(w, drawn)
}

func every(pause time.Duration, work func()) {
	for {
		time.Sleep(pause)
		work()
	}
}

func main() {
	s := settings()
	s.database.MaxConns = 10
	s.database.ConnConfig.ConnectTimeout = time.Second
	pool, err := pgxpool.NewWithConfig(context.Background(), s.database)
	if err != nil {
		refuse("DATABASE_URL", "postgresql://user:password@host:port/name")
	}
	s.kept.DialTimeout, s.kept.ReadTimeout, s.kept.WriteTimeout = 250*time.Millisecond, 250*time.Millisecond, 250*time.Millisecond
	s.kept.PoolSize, s.kept.MaxRetries, s.kept.ConnMaxIdleTime = 32, 1, time.Second
	s.kept.DisableIdentity, s.kept.ContextTimeoutEnabled = true, true

	store := &Store{pool: pool}
	metrics := &Metrics{requests: map[string]*series{}, cached: map[string]int64{}}
	follower := &Follower{store: store, cache: &Cache{client: redis.NewClient(s.kept)}, stale: s.stale, metrics: metrics, flights: map[string]*flight{}}
	app := &App{Settings: s, store: store, follower: follower, metrics: metrics,
		journal: &Journal{folder: s.folder, store: store}, tokens: &Issuer{name: s.issuer, address: s.keySet}}
	go store.prepare()
	go every(300*time.Millisecond, func() { app.journal.flush() })
	go every(500*time.Millisecond, follower.tell)

	server := &http.Server{Addr: fmt.Sprintf("127.0.0.1:%d", s.port), Handler: app}
	asked, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-asked.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 7*time.Second)
		defer cancel()
		server.Shutdown(ctx)
		app.journal.flush()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-ended
}
