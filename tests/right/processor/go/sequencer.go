package main

import (
	"container/heap"
	"hash/fnv"
	"math"
	"time"
)

const never = math.MinInt64

type Sensor struct {
	Name    string
	Highest int64 // seq
	Clock   int64 // the largest ts
	Idle    bool
	owner   int
	takenAt time.Time
	inHeap  bool
	queued  int64 // the clock with which it is in the heap
}

// Step is what the workers do next: count readings, each worker his own, then perhaps close windows.
type Step struct {
	Readings [][]Reading
	CloseTo  int64
}

// Sequencer decides, one reading after the other, what each of them is, and how far event time has come. The same calls in the same
// order lead to the same state, for any number of workers: that is how a log is replayed. It does little for a reading;
// parsing and aggregating are the workers'.
type Sequencer struct {
	settings                   Settings
	sensors                    map[string]*Sensor
	clocks                     clockHeap
	watermark, closedTo        int64 // closedTo: the watermark, down to the last place where a window can end
	accepted, late, duplicates int
}

func newSequencer(settings Settings) *Sequencer {
	return &Sequencer{settings: settings, sensors: map[string]*Sensor{}, watermark: never, closedTo: never}
}

// take takes what is no duplicate. Whoever calls logs `taken` before anything of this is told.
func (q *Sequencer) take(readings []Reading, now time.Time) (taken []Reading, steps []Step) {
	step := q.newStep()
	for _, reading := range readings {
		sensor := q.sensor(reading.Sensor)
		if reading.Seq <= sensor.Highest {
			q.duplicates++
			continue
		}
		sensor.Highest = reading.Seq
		sensor.takenAt = now
		taken = append(taken, reading)
		if q.endOfLastWindow(reading.Ts) <= q.closedTo {
			q.late++
		} else {
			q.accepted++
			step.Readings[sensor.owner] = append(step.Readings[sensor.owner], reading)
		}
		sensor.Clock = max(sensor.Clock, reading.Ts)
		q.wake(sensor)
		if q.advance() {
			step.CloseTo = q.closedTo
			steps = append(steps, step)
			step = q.newStep()
		}
	}
	return taken, append(steps, step)
}

// highest gives what is acknowledged for these readings.
func (q *Sequencer) highest(readings []Reading) map[string]int64 {
	acks := map[string]int64{}
	for _, reading := range readings {
		acks[reading.Sensor] = q.sensors[reading.Sensor].Highest
	}
	return acks
}

func (q *Sequencer) idleNow(now time.Time) (names []string) {
	for _, sensor := range q.sensors {
		if !sensor.Idle && now.Sub(sensor.takenAt) >= time.Duration(q.settings.IdleMs)*time.Millisecond {
			names = append(names, sensor.Name)
		}
	}
	return names
}

func (q *Sequencer) letIdle(names []string) []Step {
	for _, name := range names {
		q.sensors[name].Idle = true
	}
	if !q.advance() {
		return nil
	}
	step := q.newStep()
	step.CloseTo = q.closedTo
	return []Step{step}
}

// begin: after a start, all known sensors count as not idle.
func (q *Sequencer) begin(now time.Time) {
	for _, sensor := range q.sensors {
		sensor.takenAt = now
		q.wake(sensor)
	}
}

func (q *Sequencer) sensor(name string) *Sensor {
	sensor := q.sensors[name]
	if sensor == nil {
		sensor = &Sensor{Name: name, Clock: -1, owner: ownerOf(name, q.settings.Workers)}
		q.sensors[name] = sensor
	}
	return sensor
}

// ownerOf is the worker that aggregates a sensor's readings.
func ownerOf(name string, workers int) int {
	hash := fnv.New32a()
	hash.Write([]byte(name))
	return int(hash.Sum32() % uint32(workers))
}

func (q *Sequencer) endOfLastWindow(ts int64) int64 {
	return ts - ts%q.settings.SlideMs + q.settings.WindowMs
}

func (q *Sequencer) wake(sensor *Sensor) {
	sensor.Idle = false
	if !sensor.inHeap {
		sensor.inHeap, sensor.queued = true, sensor.Clock
		heap.Push(&q.clocks, sensor)
	}
}

// lowestClock is the smallest clock of all sensors that are not idle. What the heap says of a sensor may be out of date until it is on top.
func (q *Sequencer) lowestClock() (clock int64, found bool) {
	for len(q.clocks) > 0 {
		sensor := q.clocks[0]
		switch {
		case sensor.Idle:
			heap.Pop(&q.clocks)
			sensor.inHeap = false
		case sensor.queued != sensor.Clock:
			sensor.queued = sensor.Clock
			heap.Fix(&q.clocks, 0)
		default:
			return sensor.Clock, true
		}
	}
	return 0, false
}

// advance moves the watermark, which never goes back; true if windows may have to be closed.
func (q *Sequencer) advance() bool {
	lowest, found := q.lowestClock()
	if !found || lowest-q.settings.LatenessMs <= q.watermark {
		return false
	}
	q.watermark = lowest - q.settings.LatenessMs
	closedTo := q.watermark - q.watermark%q.settings.SlideMs // below 0 nothing ends: rounding upwards there does no harm
	moved := closedTo > q.closedTo
	q.closedTo = max(q.closedTo, closedTo)
	return moved
}

func (q *Sequencer) newStep() Step {
	return Step{Readings: make([][]Reading, q.settings.Workers), CloseTo: never}
}

// savedSequencer is what a snapshot holds of it.
type savedSequencer struct {
	Sensors             []Sensor
	Watermark, ClosedTo int64
	Accepted, Late      int
}

func (q *Sequencer) state() savedSequencer {
	saved := savedSequencer{Watermark: q.watermark, ClosedTo: q.closedTo, Accepted: q.accepted, Late: q.late}
	for _, sensor := range q.sensors {
		saved.Sensors = append(saved.Sensors, *sensor)
	}
	return saved
}

func (q *Sequencer) restore(saved savedSequencer) {
	q.watermark, q.closedTo, q.accepted, q.late = saved.Watermark, saved.ClosedTo, saved.Accepted, saved.Late
	for _, was := range saved.Sensors {
		sensor := q.sensor(was.Name)
		sensor.Highest, sensor.Clock = was.Highest, was.Clock
		if sensor.Idle = was.Idle; !sensor.Idle {
			q.wake(sensor)
		}
	}
}

// clockHeap has the sensor with the smallest queued clock on top.
type clockHeap []*Sensor

func (h clockHeap) Len() int           { return len(h) }
func (h clockHeap) Less(i, j int) bool { return h[i].queued < h[j].queued }
func (h clockHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *clockHeap) Push(sensor any)   { *h = append(*h, sensor.(*Sensor)) }
func (h *clockHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
