package main

import "slices"

const never = int64(1) << 62

type segment struct {
	CPU   int    `json:"cpu"`
	Task  string `json:"task"`
	Start int64  `json:"start"`
	End   int64  `json:"end"`
}

type processor struct {
	number    int
	queue     *queue
	task      *task
	last      *task
	switching int64 // ticks until its task begins
	ran       int64 // ticks of its task in this turn
	slice     int64 // ticks left of the slice, if the policy has slices
	pickedAt  int64
	again     bool // replacing is to be considered when its task has run one tick
	segments  []segment
}

type queue struct {
	processors []*processor
	ready      []*task // in the ready order
	floor      vtime
	resting    vtime // the virtual time of an empty queue
	woken      bool  // a task became ready in step 2 of this tick
}

func (q *queue) members() []*task {
	all := slices.Clone(q.ready)
	for _, p := range q.processors {
		if p.task != nil {
			all = append(all, p.task)
		}
	}
	return all
}

func (q *queue) load() int {
	n := len(q.ready)
	for _, p := range q.processors {
		if p.task != nil {
			n++
		}
	}
	return n
}

func (q *queue) idle() *processor {
	for _, p := range q.processors {
		if p.task == nil {
			return p
		}
	}
	return nil
}

func (q *queue) remove(t *task) {
	at := slices.Index(q.ready, t)
	q.ready = slices.Delete(q.ready, at, at+1)
}

type machine struct {
	opts       *options
	policy     policy
	load       *workload
	processors []*processor
	queues     []*queue
	sleeping   sleepers
	now        int64
}

func newMachine(load *workload, opts *options) *machine {
	m := &machine{opts: opts, load: load, policy: policies[opts.policy](opts)}
	for number := range load.cpus {
		p := &processor{number: number}
		if number == 0 || opts.perCPU {
			m.queues = append(m.queues, &queue{})
		}
		p.queue = m.queues[len(m.queues)-1]
		p.queue.processors = append(p.queue.processors, p)
		m.processors = append(m.processors, p)
	}
	for _, t := range load.tasks {
		m.sleeping.add(t.release, t)
	}
	return m
}

func (m *machine) run() {
	for {
		ticks := m.quietTicks()
		if ticks == never {
			return
		}
		m.pass(ticks)
		m.endBursts()
		m.wake()
		m.endSlices()
		m.choose()
	}
}

// --- time

func (m *machine) someoneWaits() bool {
	return slices.ContainsFunc(m.queues, func(q *queue) bool { return len(q.ready) > 0 })
}

// quietTicks says how far the next tick is at which something may happen.
func (m *machine) quietTicks() int64 {
	ticks := never
	if len(m.sleeping) > 0 {
		ticks = m.sleeping[0].tick - m.now
	}
	for _, p := range m.processors {
		if p.task != nil {
			ticks = min(ticks, p.switching+p.task.left)
		}
	}
	if ticks == never {
		return never
	}
	waits := m.someoneWaits()
	if m.opts.boost > 0 && m.policy.boosts() {
		if skipped := m.skipBoosts(ticks); skipped > 0 {
			return skipped
		}
		ticks = min(ticks, m.opts.boost-m.now%m.opts.boost)
	}
	for _, p := range m.processors {
		if p.task == nil {
			continue
		}
		ticks = min(ticks, p.switching+m.policy.change(p.task))
		if waits {
			ticks = min(ticks, m.untilChoice(p))
		}
	}
	return ticks
}

// skipBoosts says how far the last boost but one is, of those before so many ticks have passed, if there are that many.
// While nobody waits, the earlier ones leave no trace: at this one everybody is on level 0 with nothing used.
func (m *machine) skipBoosts(ticks int64) int64 {
	if m.someoneWaits() {
		return 0
	}
	boost := ((m.now+ticks-1)/m.opts.boost - 1) * m.opts.boost
	if boost <= m.now {
		return 0
	}
	for _, t := range m.load.tasks {
		t.level, t.used = 0, 0
	}
	for _, p := range m.processors {
		if p.task != nil {
			p.task.used = min(0, p.switching-(boost-m.now))
		}
	}
	return boost - m.now
}

// untilChoice says when a processor's turn may end while others wait.
func (m *machine) untilChoice(p *processor) int64 {
	ticks := never
	if m.policy.slice(p.task, p.queue) > 0 {
		ticks = p.switching + p.slice
	}
	if !m.policy.preemptive() || len(p.queue.ready) == 0 {
		return ticks
	}
	if p.ran == 0 {
		ticks = min(ticks, p.switching+1)
	}
	for _, t := range p.queue.ready {
		if overtaken := m.policy.overtakes(t, p.task, m.now); overtaken > 0 {
			ticks = min(ticks, overtaken)
		}
	}
	return ticks
}

func (m *machine) pass(ticks int64) {
	m.now += ticks
	for _, p := range m.processors {
		if p.task == nil {
			continue
		}
		switching := min(ticks, p.switching)
		p.switching -= switching
		if ran := ticks - switching; ran > 0 {
			p.ran += ran
			p.slice -= ran
			p.task.left -= ran
			m.policy.runs(p.task, ran)
		}
	}
	for _, p := range m.processors {
		if p.task != nil && p.slice < 0 {
			m.countSlices(p)
		}
	}
}

// countSlices makes up for slices that ended while nobody waited, each followed by another. One that ends now has not.
func (m *machine) countSlices(p *processor) {
	length := m.policy.slice(p.task, p.queue)
	if length == 0 {
		return
	}
	count := (-p.slice + length - 1) / length
	p.slice += count * length
	m.policy.renewed(p.task, p.queue, count, length-p.slice)
}

// --- step 1

func (m *machine) endBursts() {
	for _, p := range m.processors {
		t := p.task
		if t == nil || t.left > 0 {
			continue
		}
		m.policy.leaves(t, p.queue)
		m.stop(p)
		if t.burst+1 < len(t.bursts) {
			m.sleeping.add(m.now+t.bursts[t.burst+1], t)
			t.burst += 2
			continue
		}
		t.complete(m.now)
		if t.jobs > 0 {
			t.burst, t.begun = 0, false
			t.release += t.period
			m.sleeping.add(max(m.now, t.release), t)
		}
	}
}

// --- step 2

func (m *machine) wake() {
	for _, q := range m.queues {
		q.woken = false
	}
	for len(m.sleeping) > 0 && m.sleeping[0].tick == m.now {
		t := m.sleeping.take()
		q := m.home(t)
		t.left = t.bursts[t.burst]
		m.policy.joins(t, q, !t.arrived)
		t.arrived = true
		q.woken = true
		m.makeReady(t, q)
	}
}

func (m *machine) home(t *task) *queue {
	if t.home != nil {
		return t.home.queue
	}
	return slices.MinFunc(m.queues, func(a, b *queue) int { return a.load() - b.load() })
}

func (m *machine) makeReady(t *task, q *queue) {
	t.readySince = m.now
	q.ready = append(q.ready, t)
}

// --- step 3

func (m *machine) endSlices() {
	for _, p := range m.processors {
		if p.task == nil {
			continue
		}
		usedUp := m.policy.usedUp(p.task)
		if usedUp || p.slice == 0 && m.policy.slice(p.task, p.queue) > 0 {
			t := p.task
			m.policy.sliceEnds(t)
			m.stop(p)
			m.makeReady(t, p.queue)
		}
	}
	if m.opts.boost > 0 && m.policy.boosts() && m.now%m.opts.boost == 0 {
		m.boost()
	}
}

func (m *machine) boost() {
	for _, q := range m.queues {
		slices.SortStableFunc(q.ready, func(a, b *task) int { return int(a.level - b.level) })
	}
	for _, t := range m.load.tasks {
		t.level, t.used = 0, 0
	}
}

// --- step 4

func (m *machine) choose() {
	for _, q := range m.queues {
		for len(q.ready) > 0 && q.idle() != nil {
			t := m.policy.pick(q, m.now)
			p := t.home
			if p == nil || p.task != nil || p.queue != q {
				p = q.idle()
			}
			q.remove(t)
			m.start(t, p)
		}
	}
	for _, p := range m.processors {
		if p.task == nil {
			m.steal(p)
		}
	}
	if m.policy.preemptive() {
		for _, q := range m.queues {
			m.replace(q)
		}
	}
}

func (m *machine) steal(thief *processor) {
	fullest := slices.MaxFunc(m.queues, func(a, b *queue) int { return len(a.ready) - len(b.ready) })
	if len(fullest.ready) == 0 {
		return
	}
	t := m.policy.pick(fullest, m.now)
	m.policy.moves(t, fullest, thief.queue)
	fullest.remove(t)
	m.start(t, thief)
}

func (m *machine) replace(q *queue) {
	considered := q.woken || !m.policy.onlyAfterWaking()
	for _, p := range q.processors {
		if considered && p.task != nil && p.ran == 0 && p.pickedAt < m.now {
			p.again = true
		}
	}
	for len(q.ready) > 0 {
		var worst *processor
		for _, p := range q.processors {
			if p.task == nil || p.ran == 0 || !considered && !(p.again && p.ran == 1) {
				continue
			}
			if worst == nil || m.policy.compare(p.task, worst.task, m.now) >= 0 {
				worst = p
			}
		}
		if worst == nil {
			return
		}
		t := m.policy.pick(q, m.now)
		if !m.policy.replaces(t, worst.task, q, m.now) {
			return
		}
		other := worst.task
		q.remove(t)
		m.stop(worst)
		m.makeReady(other, q)
		m.start(t, worst)
	}
}

func (m *machine) start(t *task, p *processor) {
	p.switching = 0
	if p.last != t {
		t.switches++
		p.switching += m.load.switchCost
	}
	if t.home != nil && t.home != p {
		p.switching += m.load.migrationCost
	}
	if !t.begun {
		t.begun = true
		t.maxResponse = max(t.maxResponse, m.now+p.switching-t.release)
	}
	m.policy.picked(t, p.queue, m.now)
	t.home = p
	p.task, p.last = t, t
	p.ran, p.again, p.pickedAt = 0, false, m.now
	p.slice = m.policy.slice(t, p.queue) - m.policy.sliceUsed(t)
}

func (m *machine) stop(p *processor) {
	start := m.now - p.ran
	if n := len(p.segments); n > 0 && p.segments[n-1].Task == p.task.id && p.segments[n-1].End == start {
		p.segments[n-1].End = m.now
	} else {
		p.segments = append(p.segments, segment{p.number, p.task.id, start, m.now})
	}
	p.task = nil
}
