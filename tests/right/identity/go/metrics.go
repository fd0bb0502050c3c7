package main

import (
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"
)

var bounds = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

type series struct {
	buckets [12]int64
	sum     float64
}

// Metrics counts what /metrics tells.
type Metrics struct {
	mutex    sync.Mutex
	requests map[string]*series
}

func (m *Metrics) request(method, route string, status int, took time.Duration) {
	if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, method) {
		method = "other"
	}
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

func (a *Ask) showMetrics() {
	a.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	m := a.metrics
	m.mutex.Lock()
	defer m.mutex.Unlock()
	counts := map[string]int64{}
	fmt.Fprintln(a, "# TYPE http_request_duration_seconds histogram")
	for labels, one := range m.requests {
		for i, n := range one.buckets {
			counts[labels] += n
			bound := "+Inf"
			if i < len(bounds) {
				bound = fmt.Sprint(bounds[i])
			}
			fmt.Fprintf(a, "http_request_duration_seconds_bucket{%s,le=\"%s\"} %d\n", labels, bound, counts[labels])
		}
		fmt.Fprintf(a, "http_request_duration_seconds_sum{%s} %g\nhttp_request_duration_seconds_count{%s} %d\n", labels, one.sum, labels, counts[labels])
	}
	fmt.Fprintln(a, "# TYPE http_requests_total counter")
	for labels, count := range counts {
		fmt.Fprintf(a, "http_requests_total{%s} %d\n", labels, count)
	}
}
