package main

import (
	"fmt"
	"io"
	"sort"
	"sync"
	"time"
)

var bounds = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}

type series struct {
	buckets [13]int64
	sum     float64
}

// Metrics counts what /metrics tells.
type Metrics struct {
	mutex    sync.Mutex
	requests map[string]*series
	cached   map[string]int64
}

func (m *Metrics) cache(result string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.cached[result]++
}

func (m *Metrics) request(method, route string, status int, took time.Duration) {
	labels := fmt.Sprintf(`method="%s",route="%s",status="%d"`, method, route, status)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	one := m.requests[labels]
	if one == nil {
		one = &series{}
		m.requests[labels] = one
	}
	one.buckets[sort.SearchFloat64s(bounds, took.Seconds())]++
	one.sum += took.Seconds()
}

func (m *Metrics) write(w io.Writer) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	fmt.Fprintln(w, "# TYPE http_requests_total counter")
	for labels, one := range m.requests {
		var count int64
		for _, n := range one.buckets {
			count += n
		}
		fmt.Fprintf(w, "http_requests_total{%s} %d\n", labels, count)
	}
	fmt.Fprintln(w, "# TYPE http_request_duration_seconds histogram")
	for labels, one := range m.requests {
		var count int64
		for i, n := range one.buckets {
			count += n
			bound := "+Inf"
			if i < len(bounds) {
				bound = fmt.Sprint(bounds[i])
			}
			fmt.Fprintf(w, "http_request_duration_seconds_bucket{%s,le=\"%s\"} %d\n", labels, bound, count)
		}
		fmt.Fprintf(w, "http_request_duration_seconds_sum{%s} %g\nhttp_request_duration_seconds_count{%s} %d\n", labels, one.sum, labels, count)
	}
	fmt.Fprintln(w, "# TYPE cache_requests_total counter")
	for _, result := range []string{"hit", "miss", "error"} {
		fmt.Fprintf(w, "cache_requests_total{result=\"%s\"} %d\n", result, m.cached[result])
	}
}
