package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
)

const indexEvery = 64 << 10

// Results are the closed windows: a file that only grows, in the order in which they are shown. A line is the start, the sensor and
// the window's JSON, with tabs between. A cursor is the place in the file where the next line begins, so it stays valid for ever. In
// memory there is only every so-many-bytes a start and its place.
type Results struct {
	file       *os.File
	mutex      sync.Mutex
	size       int64
	count      int
	lastStart  int64
	lastSensor string
	index      []indexEntry
	news       chan struct{} // closed when something is added
}

type indexEntry struct{ start, place int64 }

// ShownWindow is the JSON of a window, and the cursor behind it.
type ShownWindow struct {
	JSON  []byte
	After int64
}

func openResults(dir string) (*Results, error) {
	file, err := os.OpenFile(filepath.Join(dir, "results"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	r := &Results{file: file, lastStart: -1, news: make(chan struct{})}
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil { // the end, or half a line if a kill came between
			return r, file.Truncate(r.size)
		}
		start, sensor, _ := splitLine(line)
		r.note(start, sensor, len(line))
	}
}

// note counts a line at the end of the file.
func (r *Results) note(start int64, sensor string, length int) {
	if len(r.index) == 0 || r.size-r.index[len(r.index)-1].place >= indexEvery {
		r.index = append(r.index, indexEntry{start, r.size})
	}
	r.lastStart, r.lastSensor = start, sensor
	r.size += int64(length)
	r.count++
}

func splitLine(line []byte) (start int64, sensor string, window []byte) {
	first, rest, _ := bytes.Cut(line, []byte{'\t'})
	name, window, _ := bytes.Cut(rest, []byte{'\t'})
	start, _ = strconv.ParseInt(string(first), 10, 64)
	return start, string(name), bytes.TrimSuffix(window, []byte{'\n'})
}

// append shows windows. After a crash some come again: they are there already.
func (r *Results) append(closed []ClosedWindow) error {
	slices.SortFunc(closed, func(a, b ClosedWindow) int { return compare(a.Start, a.Sensor, b.Start, b.Sensor) })
	r.mutex.Lock()
	defer r.mutex.Unlock()
	closed = slices.DeleteFunc(closed, func(w ClosedWindow) bool {
		return compare(w.Start, w.Sensor, r.lastStart, r.lastSensor) <= 0
	})
	if len(closed) == 0 {
		return nil
	}
	var data bytes.Buffer
	lengths := make([]int, len(closed))
	for i, window := range closed {
		before := data.Len()
		fmt.Fprintf(&data, "%d\t%s\t%s\n", window.Start, window.Sensor, window.json())
		lengths[i] = data.Len() - before
	}
	if _, err := r.file.Write(data.Bytes()); err != nil {
		return err
	}
	for i, window := range closed {
		r.note(window.Start, window.Sensor, lengths[i])
	}
	close(r.news)
	r.news = make(chan struct{})
	return nil
}

// compare orders windows by start, then by the bytes of the sensor.
func compare(startA int64, sensorA string, startB int64, sensorB string) int {
	if startA != startB {
		return int(min(1, max(-1, startA-startB)))
	}
	return strings.Compare(sensorA, sensorB)
}

// state gives the place behind the last window, how many there are, and what is closed when there are more.
func (r *Results) state() (size int64, count int, news <-chan struct{}) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.size, r.count, r.news
}

// placeOf is a place before the first window that starts then or later, and not far before it.
func (r *Results) placeOf(start int64) int64 {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	i := sort.Search(len(r.index), func(i int) bool { return r.index[i].start >= start })
	if i == 0 {
		return 0
	}
	return r.index[i-1].place
}

func (r *Results) isPlace(place int64) bool {
	size, _, _ := r.state()
	if place == 0 {
		return true
	}
	var before [1]byte
	_, err := r.file.ReadAt(before[:], place-1)
	return place <= size && err == nil && before[0] == '\n'
}

type Query struct {
	sensor   string // "" for all
	from, to int64
	limit    int
}

// page gives up to limit windows behind a place, and the place up to which was looked.
func (r *Results) page(after int64, query Query) (page []ShownWindow, looked int64) {
	size, _, _ := r.state()
	looked = max(after, r.placeOf(query.from))
	lines := bufio.NewReaderSize(io.NewSectionReader(r.file, looked, size-looked), 64<<10)
	for len(page) < query.limit {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		start, sensor, window := splitLine(line)
		if start >= query.to {
			break
		}
		looked += int64(len(line))
		if start >= query.from && (query.sensor == "" || query.sensor == sensor) {
			page = append(page, ShownWindow{window, looked})
		}
	}
	return page, looked
}
