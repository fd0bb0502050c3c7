package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	defaultLimit  = 1000
	largestLimit  = 10_000
	largestBody   = 8 << 20
	bodiesAtOnce  = 24
	slowestBody   = 30 * time.Second
	quiet         = 5 * time.Second // a stream on which nothing happens gets a comment so often
	slowestStream = 30 * time.Second
	streamPage    = 1000
	httpPatience  = 4 * time.Second
)

// API answers HTTP.
type API struct {
	service  *Service
	server   *http.Server
	bodies   chan struct{}
	stopping chan struct{}
}

// badRequest names the parameter that is wrong.
type badRequest struct{ error }

func listenForRequests(service *Service, port int64) (*API, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, fmt.Errorf("PORT: %v", err)
	}
	a := &API{service: service, bodies: make(chan struct{}, bodiesAtOnce), stopping: make(chan struct{})}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ready") })
	routes.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, service.Stats()) })
	routes.HandleFunc("GET /metrics", a.metrics)
	routes.HandleFunc("GET /windows", orRefuse(a.windows))
	routes.HandleFunc("GET /stream", orRefuse(a.stream))
	routes.HandleFunc("POST /ingest", a.ingest)
	a.server = &http.Server{Handler: routes, ReadHeaderTimeout: 10 * time.Second}
	go a.server.Serve(listener)
	return a, nil
}

// stop takes no new requests, ends the streams, and finishes the answers that are owed.
func (a *API) stop() {
	close(a.stopping)
	ctx, cancel := context.WithTimeout(context.Background(), httpPatience)
	defer cancel()
	if a.server.Shutdown(ctx) != nil {
		a.server.Close()
	}
}

func answer(w http.ResponseWriter, status int, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(data)
}

func orRefuse(handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var bad badRequest
		if errors.As(handle(w, r), &bad) {
			answer(w, http.StatusBadRequest, map[string]string{"error": bad.Error()})
		}
	}
}

func (a *API) metrics(w http.ResponseWriter, _ *http.Request) {
	stats := a.service.Stats()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	write := func(name, kind string, value int64) {
		fmt.Fprintf(w, "# TYPE processor_%s %s\nprocessor_%s %d\n", name, kind, name, value)
	}
	write("accepted_total", "counter", int64(stats.Accepted))
	write("late_total", "counter", int64(stats.Late))
	write("duplicates_total", "counter", int64(stats.Duplicates))
	write("rejected_total", "counter", int64(stats.Rejected))
	write("windows_closed_total", "counter", int64(stats.WindowsClosed))
	write("sensors", "gauge", int64(stats.Sensors))
	if stats.Watermark != nil {
		write("watermark_ms", "gauge", *stats.Watermark)
	}
}

// ingest takes all lines of the body; the last one needs no newline.
func (a *API) ingest(w http.ResponseWriter, r *http.Request) {
	a.bodies <- struct{}{}
	defer func() { <-a.bodies }()
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(slowestBody))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		answer(w, http.StatusRequestEntityTooLarge, map[string]string{"error": fmt.Sprintf("a body has at most %d bytes", largestBody)})
		return
	}
	if err != nil {
		return // the client has vanished: nothing of it is taken
	}
	acks, rejected := map[string]int64{}, []Rejected{}
	for _, piece := range splitBlock(bytes.TrimSuffix(body, []byte{'\n'}), 1, len(body)/chunkBytes+1) {
		answer := a.service.Ingest(piece.block, piece.first)
		rejected = append(rejected, answer.Rejected...)
		for sensor, seq := range answer.Acks {
			acks[sensor] = seq
		}
	}
	answer(w, 200, map[string]any{"ack": acks, "rejected": rejected})
}

func (a *API) windows(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	query, err := readQuery(values)
	if err != nil {
		return err
	}
	after, next := int64(0), []byte("null")
	if values.Has("after") {
		if after, err = a.cursor("after", values.Get("after")); err != nil {
			return err
		}
		next, _ = json.Marshal(values.Get("after"))
	}
	page, _ := a.service.results.page(after, query)
	windows := make([]json.RawMessage, len(page))
	for i, window := range page {
		windows[i] = window.JSON
		next, _ = json.Marshal(strconv.FormatInt(window.After, 10))
	}
	answer(w, 200, map[string]any{"windows": windows, "next": json.RawMessage(next)})
	return nil
}

// stream sends what is in the results: a client that is slow delays itself, and takes no memory.
func (a *API) stream(w http.ResponseWriter, r *http.Request) error {
	query, err := readQuery(url.Values{"sensor": r.URL.Query()["sensor"]})
	if err != nil {
		return err
	}
	place, err := a.firstPlace(r)
	if err != nil {
		return err
	}
	query.limit = streamPage
	connection := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	for {
		size, _, news := a.service.results.state()
		var page []ShownWindow
		page, place = a.service.results.page(place, query)
		for _, window := range page {
			fmt.Fprintf(w, "id: %d\nevent: window\ndata: %s\n\n", window.After, window.JSON)
		}
		connection.SetWriteDeadline(time.Now().Add(slowestStream))
		if connection.Flush() != nil {
			return nil
		}
		if place < size {
			continue
		}
		select {
		case <-news:
		case <-time.After(quiet):
			fmt.Fprint(w, ": nothing closed\n\n")
		case <-r.Context().Done():
			return nil
		case <-a.stopping:
			return nil
		}
	}
}

// firstPlace is behind the cursor that was given, else behind all windows that are closed.
func (a *API) firstPlace(r *http.Request) (int64, error) {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		return a.cursor("Last-Event-ID", id)
	}
	if values := r.URL.Query(); values.Has("after") {
		return a.cursor("after", values.Get("after"))
	}
	size, _, _ := a.service.results.state()
	return size, nil
}

func (a *API) cursor(name, text string) (int64, error) {
	place, err := digits(text)
	if err != nil || !a.service.results.isPlace(place) {
		return 0, badRequest{fmt.Errorf("%s: %.40q is no cursor of this service", name, text)}
	}
	return place, nil
}

func readQuery(values url.Values) (query Query, err error) {
	if values.Has("sensor") && values["sensor"] != nil {
		if query.sensor = values.Get("sensor"); !isSensor(query.sensor) {
			return query, badRequest{fmt.Errorf("sensor: %.80q is no sensor's name", query.sensor)}
		}
	}
	number := func(name string, fallback, low, high int64) int64 {
		if !values.Has(name) {
			return fallback
		}
		value, wrong := digits(values.Get(name))
		if (wrong != nil || value < low || value > high) && err == nil {
			err = badRequest{fmt.Errorf("%s: expected a whole number from %d to %d, got %.40q", name, low, high, values.Get(name))}
		}
		return value
	}
	query.from = number("from", 0, 0, math.MaxInt64)
	query.to = number("to", math.MaxInt64, 0, math.MaxInt64)
	query.limit = int(number("limit", defaultLimit, 1, largestLimit))
	return query, err
}
