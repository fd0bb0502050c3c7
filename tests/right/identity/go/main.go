// An identity service: accounts, sessions, signed tokens, and OAuth for other programs, on PostgreSQL.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// App is the service.
type App struct {
	Settings
	store    *Store
	keys     *Keys
	line     *Line
	outbox   *Outbox
	guessing *Guessing
	metrics  *Metrics
	started  atomic.Bool
}

// start waits for the database, and makes what is needed in it.
func (a *App) start() {
	for a.prepare() != nil {
		time.Sleep(200 * time.Millisecond)
	}
	a.started.Store(true)
	go a.keys.follow()
	go a.outbox.postAll()
}

func (a *App) prepare() error {
	if err := a.store.makeTables(); err != nil {
		return err
	}
	if err := a.keys.makeFirst(); err != nil {
		return err
	}
	return a.makeAdmin()
}

func main() {
	s := readSettings()
	store := openStore(s.database)
	app := &App{Settings: s, store: store, line: newLine(), metrics: &Metrics{requests: map[string]*series{}}}
	app.keys = &Keys{store: store, access: s.access}
	app.outbox = &Outbox{store: store, url: s.mail, good: s.link, came: make(chan struct{}, 1)}
	app.guessing = &Guessing{settings: s, pairs: map[string]*pair{}}
	go app.start()

	server := &http.Server{Addr: fmt.Sprintf("127.0.0.1:%d", s.port), Handler: app}
	asked, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-asked.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
		defer cancel()
		server.Shutdown(ctx)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-ended
}
