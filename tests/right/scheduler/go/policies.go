package main

import (
	"cmp"
	"slices"
)

// policy is what a rule may say; base says nothing in particular.
type policy interface {
	preemptive() bool
	onlyAfterWaking() bool // replacing is considered at ticks at which a task became ready in step 2
	boosts() bool

	joins(t *task, q *queue, first bool) // is about to become ready, for the first time or coming back
	leaves(t *task, q *queue)            // its burst has ended
	runs(t *task, ticks int64)
	usedUp(t *task) bool // the turn ends before the slice does
	sliceEnds(t *task)
	picked(t *task, q *queue, now int64)
	moves(t *task, from, to *queue)

	compare(a, b *task, now int64) int // the smaller one is to run
	pick(q *queue, now int64) *task
	replaces(ready, running *task, q *queue, now int64) bool
	overtakes(ready, running *task, now int64) int64 // in how many ticks; 0: time changes nothing

	slice(t *task, q *queue) int64 // the length of a slice; 0: none
	sliceUsed(t *task) int64       // what an earlier turn used of it
	renewed(t *task, q *queue, count, ran int64)
	change(t *task) int64 // ticks that it runs until something changes
}

var policies = map[string]func(*options) policy{
	"fcfs":     func(o *options) policy { return &fcfs{base{o}} },
	"sjf":      func(o *options) policy { return &shortest{base{o}, false} },
	"srtf":     func(o *options) policy { return &shortest{base{o}, true} },
	"rr":       func(o *options) policy { return &roundRobin{fcfs{base{o}}} },
	"priority": func(o *options) policy { return &byPriority{base{o}} },
	"mlfq":     func(o *options) policy { return &feedback{base{o}} },
	"lottery":  func(o *options) policy { return &lottery{roundRobin{fcfs{base{o}}}, uint64(o.seed)} },
	"stride":   func(o *options) policy { return &stride{base{o}} },
	"cfs":      func(o *options) policy { return &cfs{base{o}} },
	"eevdf":    func(o *options) policy { return &eevdf{base{o}} },
	"edf":      func(o *options) policy { return &byDeadline{base{o}} },
	"rm":       func(o *options) policy { return &rateMonotonic{base{o}} },
}

type base struct{ opts *options }

func (base) preemptive() bool                          { return false }
func (base) onlyAfterWaking() bool                     { return false }
func (base) boosts() bool                              { return false }
func (base) joins(*task, *queue, bool)                 {}
func (base) leaves(*task, *queue)                      {}
func (base) runs(*task, int64)                         {}
func (base) usedUp(*task) bool                         { return false }
func (base) sliceEnds(*task)                           {}
func (base) picked(*task, *queue, int64)               {}
func (base) moves(*task, *queue, *queue)               {}
func (base) overtakes(*task, *task, int64) int64       { return 0 }
func (base) slice(*task, *queue) int64                 { return 0 }
func (base) sliceUsed(*task) int64                     { return 0 }
func (base) renewed(*task, *queue, int64, int64)       {}
func (base) change(*task) int64                        { return never }
func (base) compare(a, b *task, now int64) int         { return 0 }
func (base) replaces(*task, *task, *queue, int64) bool { return false }

// least is the first in the ready order of those that compare as the smallest.
func least(tasks []*task, compare func(a, b *task) int) *task { return slices.MinFunc(tasks, compare) }

type fcfs struct{ base }

func (fcfs) pick(q *queue, now int64) *task { return q.ready[0] }

type shortest struct {
	base
	preempts bool
}

func (s shortest) preemptive() bool                              { return s.preempts }
func (shortest) compare(a, b *task, now int64) int               { return cmp.Compare(a.left, b.left) }
func (s shortest) pick(q *queue, now int64) *task                { return pickBy(s, q, now) }
func (s shortest) replaces(r, o *task, q *queue, now int64) bool { return s.compare(r, o, now) < 0 }

func pickBy(p interface {
	compare(a, b *task, now int64) int
}, q *queue, now int64) *task {
	return least(q.ready, func(a, b *task) int { return p.compare(a, b, now) })
}

type roundRobin struct{ fcfs }

func (r roundRobin) slice(*task, *queue) int64 { return r.opts.quantum }

type byPriority struct{ base }

func (byPriority) preemptive() bool { return true }

// rankOf freezes while the task runs; running tasks have readySince -1.
func (p byPriority) rankOf(t *task, now int64) int64 {
	switch {
	case p.opts.aging == 0:
		return t.priority
	case t.readySince < 0:
		return t.rank
	default:
		return t.priority*p.opts.aging - (now - t.readySince)
	}
}
func (p byPriority) compare(a, b *task, now int64) int {
	return cmp.Compare(p.rankOf(a, now), p.rankOf(b, now))
}
func (p byPriority) pick(q *queue, now int64) *task                { return pickBy(p, q, now) }
func (p byPriority) replaces(r, o *task, q *queue, now int64) bool { return p.compare(r, o, now) < 0 }
func (p byPriority) picked(t *task, q *queue, now int64) {
	t.rank = p.rankOf(t, now)
	t.readySince = -1
}
func (p byPriority) overtakes(ready, running *task, now int64) int64 {
	if p.opts.aging == 0 {
		return 0
	}
	return max(0, p.rankOf(ready, now)-p.rankOf(running, now)+1)
}

type feedback struct{ base }

func (feedback) preemptive() bool                                { return true }
func (feedback) boosts() bool                                    { return true }
func (feedback) compare(a, b *task, now int64) int               { return cmp.Compare(a.level, b.level) }
func (f feedback) pick(q *queue, now int64) *task                { return pickBy(f, q, now) }
func (f feedback) replaces(r, o *task, q *queue, now int64) bool { return r.level < o.level }
func (f feedback) slice(*task, *queue) int64                     { return f.opts.quantum }
func (f feedback) runs(t *task, ticks int64)                     { t.used += ticks }
func (f feedback) leaves(t *task, q *queue)                      { f.sliceEnds(t) }
func (f feedback) usedUp(t *task) bool {
	return t.used >= f.opts.allotment && t.level < f.opts.levels-1
}
func (f feedback) sliceEnds(t *task) {
	if f.usedUp(t) {
		t.level++
		t.used = 0
	}
}
func (f feedback) change(t *task) int64 {
	if t.level == f.opts.levels-1 {
		return never
	}
	return f.opts.allotment - t.used
}

const (
	minstdFactor  = 48271
	minstdModulus = 2147483647
)

type lottery struct {
	roundRobin
	state uint64
}

func (l *lottery) pick(q *queue, now int64) *task {
	l.state = l.state * minstdFactor % minstdModulus
	total := uint64(0)
	for _, t := range q.ready {
		total += uint64(t.tickets)
	}
	winning, sum := l.state%total, uint64(0)
	inOrder := slices.SortedFunc(slices.Values(q.ready), func(a, b *task) int { return a.index - b.index })
	for _, t := range inOrder {
		if sum += uint64(t.tickets); sum > winning {
			return t
		}
	}
	panic("no winner")
}

func (l *lottery) renewed(t *task, q *queue, count, ran int64) {
	factor := uint64(minstdFactor)
	for ; count > 0; count >>= 1 {
		if count&1 == 1 {
			l.state = l.state * factor % minstdModulus
		}
		factor = factor * factor % minstdModulus
	}
}

type stride struct{ base }

func (stride) step(t *task) int64                  { return 1048576 / t.tickets }
func (s stride) slice(*task, *queue) int64         { return s.opts.quantum }
func (stride) compare(a, b *task, now int64) int   { return a.vtime.cmp(b.vtime) }
func (s stride) pick(q *queue, now int64) *task    { return pickBy(s, q, now) }
func (s stride) runs(t *task, ticks int64)         { t.vtime = t.vtime.plus(vticks(ticks, s.step(t))) }
func (stride) picked(t *task, q *queue, now int64) { q.floor = later(q.floor, t.vtime) }
func (stride) moves(t *task, from, to *queue)      { t.vtime = t.vtime.plus(to.floor.minus(from.floor)) }
func (stride) joins(t *task, q *queue, firstTime bool) {
	if firstTime {
		t.vtime = q.floor
	} else {
		t.vtime = later(t.vtime, q.floor)
	}
}
func (s stride) renewed(t *task, q *queue, count, ran int64) {
	q.floor = later(q.floor, t.vtime.minus(vticks(ran, s.step(t))))
}

var weights = []int64{
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
	1024, 820, 655, 526, 423, 335, 272, 215, 172, 137,
	110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
}

var inverses = []int64{
	48388, 59856, 76040, 92818, 118348, 147320, 184698, 229616, 287308, 360437,
	449829, 563644, 704093, 875809, 1099582, 1376151, 1717300, 2157191, 2708050, 3363326,
	4194304, 5237765, 6557202, 8165337, 10153587, 12820798, 15790321, 19976592, 24970740, 31350126,
	39045157, 49367440, 61356676, 76695844, 95443717, 119304647, 148102320, 186737708, 238609294, 286331153,
}

func weight(t *task) int64  { return weights[t.nice+20] }
func inverse(t *task) int64 { return inverses[t.nice+20] }

func weightOf(tasks []*task) int64 {
	sum := int64(0)
	for _, t := range tasks {
		sum += weight(t)
	}
	return sum
}

type cfs struct{ base }

func (cfs) preemptive() bool                    { return true }
func (cfs) onlyAfterWaking() bool               { return true }
func (cfs) compare(a, b *task, now int64) int   { return a.vtime.cmp(b.vtime) }
func (c cfs) pick(q *queue, now int64) *task    { return pickBy(c, q, now) }
func (cfs) runs(t *task, ticks int64)           { t.vtime = t.vtime.plus(vticks(ticks, inverse(t))) }
func (cfs) picked(t *task, q *queue, now int64) { q.floor = later(q.floor, t.vtime) }
func (cfs) moves(t *task, from, to *queue)      { t.vtime = t.vtime.plus(to.floor.minus(from.floor)) }
func (c cfs) joins(t *task, q *queue, firstTime bool) {
	if firstTime {
		t.vtime = q.floor
	} else {
		t.vtime = later(t.vtime, q.floor.minus(vticks(c.opts.latency/2, 4194304)))
	}
}
func (c cfs) slice(t *task, q *queue) int64 {
	return max(c.opts.granularity, c.opts.latency*weight(t)/weightOf(q.members()))
}
func (c cfs) replaces(ready, running *task, q *queue, now int64) bool {
	lead := running.vtime.minus(ready.vtime)
	return lead.cmp(vticks(c.opts.granularity, inverse(ready))) > 0
}
func (c cfs) renewed(t *task, q *queue, count, ran int64) {
	q.floor = later(q.floor, t.vtime.minus(vticks(ran, inverse(t))))
}

type eevdf struct{ base }

func (eevdf) preemptive() bool                  { return true }
func (eevdf) onlyAfterWaking() bool             { return true }
func (eevdf) compare(a, b *task, now int64) int { return a.vdeadline.cmp(b.vdeadline) }
func (eevdf) runs(t *task, ticks int64) {
	t.used += ticks
	t.vtime = t.vtime.plus(vticks(ticks, inverse(t)))
}

func (eevdf) weighted(q *queue) (sum vtime, weights int64) {
	for _, t := range q.members() {
		sum = sum.plus(t.vtime.times(weight(t)))
		weights += weight(t)
	}
	return sum, weights
}

func (e eevdf) now(q *queue) vtime {
	sum, weights := e.weighted(q)
	if weights == 0 {
		return q.resting
	}
	return sum.over(weights)
}

func (e eevdf) eligible(t *task, q *queue) bool {
	sum, weights := e.weighted(q)
	return t.vtime.times(weights).cmp(sum) <= 0
}

func (e eevdf) joins(t *task, q *queue, firstTime bool) {
	t.vtime = e.now(q).minus(t.lag)
	e.sliceEnds(t)
}

func (e eevdf) sliceEnds(t *task) {
	t.used = 0
	t.vdeadline = t.vtime.plus(vticks(e.opts.quantum, inverse(t)))
}

func (e eevdf) leaves(t *task, q *queue) {
	q.resting = e.now(q)
	bound := vticks(2*e.opts.quantum, inverse(t))
	t.lag = later(vtime{}.minus(bound), earlier(bound, q.resting.minus(t.vtime)))
}

func (e eevdf) pick(q *queue, now int64) *task {
	var eligible []*task
	for _, t := range q.ready {
		if e.eligible(t, q) {
			eligible = append(eligible, t)
		}
	}
	if len(eligible) > 0 {
		return least(eligible, func(a, b *task) int { return e.compare(a, b, now) })
	}
	return least(q.ready, func(a, b *task) int { return a.vtime.cmp(b.vtime) })
}

func (e eevdf) replaces(ready, running *task, q *queue, now int64) bool {
	return e.eligible(ready, q) && e.compare(ready, running, now) < 0
}

func (e eevdf) moves(t *task, from, to *queue) {
	change := e.now(to).minus(e.now(from))
	t.vtime = t.vtime.plus(change)
	t.vdeadline = t.vdeadline.plus(change)
}

func (e eevdf) slice(*task, *queue) int64 { return e.opts.quantum }
func (e eevdf) sliceUsed(t *task) int64   { return t.used }
func (e eevdf) renewed(t *task, q *queue, count, ran int64) {
	t.used = ran
	t.vdeadline = t.vtime.plus(vticks(e.opts.quantum-ran, inverse(t)))
}

type byDeadline struct{ base }

func (byDeadline) due(t *task) int64 {
	if t.deadline == 0 {
		return never
	}
	return t.release + t.deadline
}
func (byDeadline) preemptive() bool                                { return true }
func (b byDeadline) compare(x, y *task, now int64) int             { return cmp.Compare(b.due(x), b.due(y)) }
func (b byDeadline) pick(q *queue, now int64) *task                { return pickBy(b, q, now) }
func (b byDeadline) replaces(r, o *task, q *queue, now int64) bool { return b.compare(r, o, now) < 0 }

type rateMonotonic struct{ base }

func (rateMonotonic) rate(t *task) int64 {
	if t.period == 0 {
		return never
	}
	return t.period
}
func (rateMonotonic) preemptive() bool                    { return true }
func (r rateMonotonic) compare(a, b *task, now int64) int { return cmp.Compare(r.rate(a), r.rate(b)) }
func (r rateMonotonic) pick(q *queue, now int64) *task    { return pickBy(r, q, now) }
func (r rateMonotonic) replaces(a, b *task, q *queue, now int64) bool {
	return r.compare(a, b, now) < 0
}
