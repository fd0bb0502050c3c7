package main

import (
	"container/heap"
	"encoding/gob"
	"encoding/json"
	"io"
	"math"
)

type Window struct {
	Count           int
	Sum, Min, Max   float64
	FirstTs, LastTs int64
	Sketch          Sketch
}

func (w *Window) add(ts int64, value float64) {
	if w.Count == 0 {
		w.Min, w.Max, w.FirstTs, w.LastTs = value, value, ts, ts
	}
	w.Count++
	w.Sum += value
	w.Min = min(w.Min, value)
	w.Max = max(w.Max, value)
	w.FirstTs = min(w.FirstTs, ts)
	w.LastTs = max(w.LastTs, ts)
	w.Sketch.add(value)
}

// percentile is never beyond the extremes, which are known exactly.
func (w *Window) percentile(percent int) float64 {
	return max(w.Min, min(w.Sketch.percentile(percent, w.Count), w.Max))
}

// ClosedWindow is a window as it is shown.
type ClosedWindow struct {
	Sensor  string  `json:"sensor"`
	Start   int64   `json:"start"`
	End     int64   `json:"end"`
	Count   int     `json:"count"`
	Sum     float64 `json:"sum"`
	Min     float64 `json:"min"`
	Max     float64 `json:"max"`
	Mean    float64 `json:"mean"`
	P50     float64 `json:"p50"`
	P95     float64 `json:"p95"`
	P99     float64 `json:"p99"`
	FirstTs int64   `json:"first_ts"`
	LastTs  int64   `json:"last_ts"`
}

func (w *Window) closed(sensor string, start, end int64) ClosedWindow {
	sum := max(-math.MaxFloat64, min(w.Sum, math.MaxFloat64)) // JSON has no infinity
	return ClosedWindow{
		Sensor: sensor, Start: start, End: end,
		Count: w.Count, Sum: sum, Min: w.Min, Max: w.Max, Mean: sum / float64(w.Count),
		P50: w.percentile(50), P95: w.percentile(95), P99: w.percentile(99),
		FirstTs: w.FirstTs, LastTs: w.LastTs,
	}
}

func (c ClosedWindow) json() []byte {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // all its numbers are finite
	}
	return data
}

// OpenWindows are those of the sensors that one worker owns. Only its worker touches them, so there is no lock.
type OpenWindows struct {
	windowMs, slideMs int64
	closedTo          int64 // windows that end here or before are closed
	byStart           map[int64]map[string]*Window
	starts            startHeap // the keys of byStart
}

func newOpenWindows(settings Settings) *OpenWindows {
	return &OpenWindows{
		windowMs: settings.WindowMs, slideMs: settings.SlideMs, closedTo: never, byStart: map[int64]map[string]*Window{},
	}
}

// add counts a reading in its windows, the latest first, as far as they are open. No window starts before 1970.
func (o *OpenWindows) add(sensor string, ts int64, value float64) {
	for start := ts - ts%o.slideMs; start >= 0 && start > ts-o.windowMs; start -= o.slideMs {
		if start+o.windowMs <= o.closedTo {
			break
		}
		o.window(start, sensor).add(ts, value)
	}
}

func (o *OpenWindows) window(start int64, sensor string) *Window {
	windows := o.byStart[start]
	if windows == nil {
		windows = map[string]*Window{}
		o.byStart[start] = windows
		heap.Push(&o.starts, start)
	}
	window := windows[sensor]
	if window == nil {
		window = &Window{}
		windows[sensor] = window
	}
	return window
}

// close gives the windows that end here or before, in no order, and forgets them.
func (o *OpenWindows) close(closeTo int64) (closed []ClosedWindow) {
	o.closedTo = closeTo
	for len(o.starts) > 0 && o.starts[0]+o.windowMs <= closeTo {
		start := heap.Pop(&o.starts).(int64)
		for sensor, window := range o.byStart[start] {
			closed = append(closed, window.closed(sensor, start, start+o.windowMs))
		}
		delete(o.byStart, start)
	}
	return closed
}

type savedStart struct {
	Start   int64
	Windows map[string]*Window
}

func (o *OpenWindows) save(file io.Writer) error {
	encoder := gob.NewEncoder(file)
	for start, windows := range o.byStart {
		if err := encoder.Encode(savedStart{start, windows}); err != nil {
			return err
		}
	}
	return nil
}

// restore takes what is mine out of what any worker saved.
func (o *OpenWindows) restore(file io.Reader, closedTo int64, isMine func(sensor string) bool) error {
	o.closedTo = closedTo
	decoder := gob.NewDecoder(file)
	for {
		var saved savedStart
		if err := decoder.Decode(&saved); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		for sensor, window := range saved.Windows {
			if isMine(sensor) {
				*o.window(saved.Start, sensor) = *window
			}
		}
	}
}

type startHeap []int64

func (h startHeap) Len() int           { return len(h) }
func (h startHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h startHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *startHeap) Push(start any)    { *h = append(*h, start.(int64)) }
func (h *startHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
