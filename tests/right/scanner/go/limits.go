package main

import (
	"sync"
	"time"
)

// Slots bound the connections that are open at once. The bound falls when the system has fewer to give.
type slots struct {
	mu    sync.Mutex
	freed *sync.Cond
	limit int
	taken int
}

func newSlots(limit int) *slots {
	s := &slots{limit: limit}
	s.freed = sync.NewCond(&s.mu)
	return s
}

func (s *slots) acquire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.taken >= s.limit {
		s.freed.Wait()
	}
	s.taken++
}

func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	s.freed.Signal()
}

// shrink gives back a slot for which the system had no socket, and stops asking for that many.
func (s *slots) shrink() {
	s.mu.Lock()
	s.taken--
	s.limit = max(1, min(s.limit, s.taken))
	alone := s.taken == 0
	s.freed.Signal()
	s.mu.Unlock()
	if alone {
		// Nothing of ours will close soon. Whoever holds the descriptors may.
		time.Sleep(20 * time.Millisecond)
	}
}

// A pacer spaces the starts of connections evenly, so that no second, wherever it begins, holds more than the rate.
type pacer struct {
	mu     sync.Mutex
	rate   int
	next   time.Time
	recent []time.Time // starts within the last second
}

// lag is how far starts may trail their schedule and still catch up. Timers are late by a millisecond now and then.
const lag = 10 * time.Millisecond

func newPacer(rate int) *pacer {
	return &pacer{rate: rate}
}

// wait returns when one more connection may start. It sleeps with the lock held: the others wait in line behind it.
func (p *pacer) wait() {
	if p.rate == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	time.Sleep(time.Until(p.next))
	for len(p.recent) > 0 && time.Since(p.recent[0]) > time.Second {
		p.recent = p.recent[1:]
	}
	if len(p.recent) >= p.rate { // catching up went too far
		time.Sleep(time.Until(p.recent[0].Add(time.Second)))
		p.recent = p.recent[1:]
	}
	now := time.Now()
	p.recent = append(p.recent, now)
	if late := now.Add(-lag); p.next.Before(late) {
		p.next = late
	}
	p.next = p.next.Add(time.Second / time.Duration(p.rate))
}
