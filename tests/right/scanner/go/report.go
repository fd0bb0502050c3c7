package main

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

const (
	stateOpen     = "open"
	stateClosed   = "closed"
	stateFiltered = "filtered"
)

// A result is one line of output. Pointers, because what is absent is null.
type result struct {
	Host    string    `json:"host"`
	Port    uint16    `json:"port"`
	State   string    `json:"state"`
	RTT     *float64  `json:"rtt_ms"`
	Service *string   `json:"service"`
	Banner  *string   `json:"banner"`
	HTTP    *httpInfo `json:"http"`
	TLS     *tlsInfo  `json:"tls"`
}

type summary struct {
	Hosts    int     `json:"hosts"`
	Ports    int     `json:"ports"`
	Open     int     `json:"open"`
	Closed   int     `json:"closed"`
	Filtered int     `json:"filtered"`
	Elapsed  float64 `json:"elapsed_s"`
}

// A report prints results as they come. Nothing waits in a buffer, so an interrupt loses nothing.
type report struct {
	mu       sync.Mutex
	out      *json.Encoder
	all      bool
	start    time.Time
	total    summary
	hosts    map[string]bool
	probing  map[endpoint]result // known to be open, not yet known what is there
	finished bool
}

type endpoint struct {
	host string
	port uint16
}

func newReport(out io.Writer, all bool) *report {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return &report{
		out: encoder, all: all, start: time.Now(), hosts: map[string]bool{}, probing: map[endpoint]result{},
	}
}

// opened notes a port that is open while its probes still run.
func (r *report) opened(early result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.probing[endpoint{early.Host, early.Port}] = early
}

func (r *report) add(done result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finished {
		return // a worker that did not notice the interrupt must not write behind the summary
	}
	delete(r.probing, endpoint{done.Host, done.Port})
	r.write(done)
}

func (r *report) write(done result) {
	r.hosts[done.Host] = true
	r.total.Ports++
	switch done.State {
	case stateOpen:
		r.total.Open++
	case stateClosed:
		r.total.Closed++
	case stateFiltered:
		r.total.Filtered++
	}
	if r.all || done.State == stateOpen {
		r.out.Encode(done)
	}
}

// finish prints the ports that an interrupt caught in the middle of their probes, and the summary.
func (r *report) finish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, early := range r.probing {
		r.write(early)
	}
	r.finished = true
	r.total.Hosts = len(r.hosts)
	r.total.Elapsed = time.Since(r.start).Seconds()
	r.out.Encode(map[string]summary{"summary": r.total})
}
