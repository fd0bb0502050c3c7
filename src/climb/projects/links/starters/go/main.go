// A link shortener that keeps nothing yet: it answers every new link with 201, and knows no code.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const most = math.MaxInt32

// refuse ends the program, since a variable is missing or wrong.
func refuse(name, expected string) {
	fmt.Fprintf(os.Stderr, "%s: expected %s, got %q\n", name, expected, os.Getenv(name))
	os.Exit(2)
}

// text is a variable with one of these beginnings, or its default; without a default it is required.
func text(name, standard string, beginnings ...string) string {
	value, given := os.LookupEnv(name)
	if !given && standard != "" {
		return standard
	}
	for _, beginning := range beginnings {
		if strings.HasPrefix(value, beginning) && len(value) > len(beginning) {
			return value
		}
	}
	refuse(name, "an address like "+beginnings[0]+"…")
	return ""
}

// number is a variable that is a whole number, or its default.
func number(name, standard string, least, most int) int {
	written, given := os.LookupEnv(name)
	if !given {
		written = standard
	}
	value, err := strconv.Atoi(written)
	if err != nil || value < least || value > most {
		refuse(name, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return value
}

// answer writes JSON; what is not 2xx is a problem (RFC 9457).
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	if status >= 400 {
		w.Header().Set("Content-Type", "application/problem+json")
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

// problem says what is wrong.
func problem(w http.ResponseWriter, status int, title string) {
	answer(w, status, map[string]any{"type": "about:blank", "title": title, "status": status})
}

func add(w http.ResponseWriter, r *http.Request) {
	// Begin here: check the token (401), read the body, and say what is wrong with it (400, 415, 422). Then insert the link,
	// and answer with all of it and its Location. GET /{code} comes next.
	answer(w, 201, map[string]any{})
}

func main() {
	port := number("PORT", "", 1, 65535)
	databaseURL := text("DATABASE_URL", "", "postgresql://", "postgres://")
	text("CACHE_URL", "", "redis://")
	if folder, err := os.Stat(os.Getenv("DATA_DIR")); err != nil || !folder.IsDir() {
		refuse("DATA_DIR", "an existing folder")
	}
	issuer := text("ISSUER", "", "http://", "https://")
	text("JWKS_URL", issuer+"/.well-known/jwks.json", "http://", "https://")
	text("PUBLIC_URL", fmt.Sprintf("http://127.0.0.1:%d", port), "http://", "https://")
	number("STALE_MS", "2000", 100, most)
	number("ALLOW_PRIVATE", "0", 0, 1)

	// Connections are made when they are needed: at the start the database may not be there yet. Make your tables when it is.
	pool, err := pgxpool.New(context.Background(), databaseURL)
	if err != nil {
		refuse("DATABASE_URL", "postgresql://user:password@host:port/name")
	}
	defer pool.Close()

	routes := http.NewServeMux()
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") })
	routes.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		if pool.Ping(ctx) != nil {
			w.Header().Set("Retry-After", "1")
			problem(w, http.StatusServiceUnavailable, "The database does not answer")
			return
		}
		fmt.Fprint(w, "ok")
	})
	routes.HandleFunc("POST /v1/links", add)
	routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { problem(w, http.StatusNotFound, "Not found") })

	server := &http.Server{Addr: fmt.Sprintf("127.0.0.1:%d", port), Handler: routes}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-stop.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
		defer cancel()
		server.Shutdown(ctx) // takes no new connections, and waits for what is under way
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-stopped
}
