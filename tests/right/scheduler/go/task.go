package main

import "container/heap"

type task struct {
	index    int
	id       string
	bursts   []int64
	priority int64
	nice     int64
	tickets  int64
	period   int64 // 0: none
	deadline int64 // 0: none
	jobs     int64 // still to be completed

	release int64 // of its job
	burst   int
	left    int64 // of its burst
	begun   bool  // its job
	arrived bool
	home    *processor // where it ran last

	readySince int64
	rank       int64 // priority, when it was picked
	level      int64
	used       int64 // of the allotment (mlfq), of the quantum (eevdf)
	vtime      vtime // pass, or virtual runtime
	vdeadline  vtime
	lag        vtime

	completed     int64
	completion    int64
	maxTurnaround int64
	maxResponse   int64
	switches      int64
	missed        int64
}

func (t *task) work() int64 {
	sum := int64(0)
	for _, ticks := range t.bursts {
		sum += ticks
	}
	return sum
}

func (t *task) complete(now int64) {
	turnaround := now - t.release
	t.completed++
	t.jobs--
	t.completion = now
	t.maxTurnaround = max(t.maxTurnaround, turnaround)
	if t.deadline > 0 && turnaround > t.deadline {
		t.missed++
	}
}

// sleeper is a task that becomes ready at a later tick.
type sleeper struct {
	tick int64
	task *task
}

type sleepers []sleeper

func (s sleepers) Len() int { return len(s) }
func (s sleepers) Less(i, j int) bool {
	return s[i].tick < s[j].tick || s[i].tick == s[j].tick && s[i].task.index < s[j].task.index
}
func (s sleepers) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *sleepers) Push(x any)   { *s = append(*s, x.(sleeper)) }
func (s *sleepers) Pop() any {
	old := *s
	last := old[len(old)-1]
	*s = old[:len(old)-1]
	return last
}

func (s *sleepers) add(tick int64, t *task) { heap.Push(s, sleeper{tick, t}) }
func (s *sleepers) take() *task             { return heap.Pop(s).(sleeper).task }
