package main

import (
	"path/filepath"
	"sync"
	"time"
)

const (
	snapshotAfterBytes    = 64 << 20
	blocksAtWorkPerWorker = 3
	lookForIdleEvery      = 50 * time.Millisecond
	stepsOnTheWay         = 64
)

// Service is what happens to lines from their arrival to the ack: parse, take, log, aggregate, show.
type Service struct {
	settings Settings
	workers  *Workers
	results  *Results
	places   chan struct{} // bounds the blocks that are worked on; who finds no place waits, and reads no more meanwhile
	showing  chan func()   // what was applied and is to be shown, in order

	mutex     sync.Mutex // of what follows: the order in which it is got is the order of taking, of the log, and of the steps
	sequencer *Sequencer
	log       *Log
	rejected  int
}

type Answer struct {
	Acks     map[string]int64
	Rejected []Rejected
}

func startService(settings Settings) (*Service, error) {
	results, err := openResults(settings.DataDir)
	if err != nil {
		return nil, err
	}
	s := &Service{
		settings:  settings,
		workers:   startWorkers(settings),
		results:   results,
		places:    make(chan struct{}, blocksAtWorkPerWorker*settings.Workers),
		showing:   make(chan func(), stepsOnTheWay),
		sequencer: newSequencer(settings),
	}
	go func() {
		for show := range s.showing {
			show()
		}
	}()
	if err := s.recover(); err != nil {
		return nil, err
	}
	go s.lookForIdleSensors()
	return s, nil
}

func (s *Service) recover() error {
	log, snapshot := openLog(s.settings.DataDir)
	s.log = log
	if snapshot != "" {
		var saved savedSequencer
		if err := loadGob(filepath.Join(snapshot, "sequencer"), &saved); err != nil {
			return err
		}
		s.sequencer.restore(saved)
		s.workers.restore(snapshot, saved.ClosedTo, fail).Wait()
	}
	if err := log.replay(func(record Record) { s.apply(s.replayed(record)) }); err != nil {
		return err
	}
	<-s.apply(nil)
	s.sequencer.duplicates = 0
	s.sequencer.begin(time.Now())
	log.append(Record{Kind: recordStart})
	return nil
}

// replayed does again what a record says.
func (s *Service) replayed(record Record) (steps []Step) {
	switch record.Kind {
	case recordTaken:
		_, steps = s.sequencer.take(record.Readings, time.Time{})
	case recordIdle:
		steps = s.sequencer.letIdle(sensorsOf(record.Readings))
	case recordStart:
		s.sequencer.begin(time.Time{})
	}
	return steps
}

// Ingest takes the readings of whole lines. When it returns, they survive a crash.
func (s *Service) Ingest(block []byte, first int) Answer {
	s.places <- struct{}{}
	defer func() { <-s.places }()
	readings, rejected := s.workers.parse(block, first)
	acks, shown := s.take(readings, len(rejected))
	<-shown
	return Answer{acks, rejected}
}

func (s *Service) take(readings []Reading, rejected int) (acks map[string]int64, shown <-chan struct{}) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.rejected += rejected
	taken, steps := s.sequencer.take(readings, time.Now())
	if len(taken) > 0 {
		s.log.append(Record{Kind: recordTaken, Readings: taken})
	}
	shown = s.apply(steps)
	if s.log.size > snapshotAfterBytes {
		s.takeSnapshot()
	}
	return s.sequencer.highest(readings), shown
}

// apply gives the workers their steps, and sees to it that what they close is shown in order.
func (s *Service) apply(steps []Step) (shown <-chan struct{}) {
	done := make(chan struct{})
	applying := s.workers.apply(steps)
	s.showing <- func() {
		applying.done.Wait()
		var closed []ClosedWindow
		for _, of := range applying.closed {
			closed = append(closed, of...)
		}
		if err := s.results.append(closed); err != nil {
			fail(err)
		}
		close(done)
	}
	return done
}

func (s *Service) lookForIdleSensors() {
	for range time.Tick(lookForIdleEvery) {
		s.mutex.Lock()
		if names := s.sequencer.idleNow(time.Now()); len(names) > 0 {
			s.log.append(Record{Kind: recordIdle, Readings: named(names)})
			s.apply(s.sequencer.letIdle(names))
		}
		s.mutex.Unlock()
	}
}

// takeSnapshot is called with the mutex held: the workers save what they have between two steps, all between the same two.
func (s *Service) takeSnapshot() {
	folder := s.log.beginGeneration()
	generation, state := s.log.generation, s.sequencer.state()
	saved := s.workers.save(folder, fail)
	s.showing <- func() { // what was closed before is in the results by then
		saved.Wait()
		if err := saveGob(filepath.Join(folder, "sequencer"), state); err != nil {
			fail(err)
		}
		if err := s.log.finishSnapshot(folder, generation); err != nil {
			fail(err)
		}
	}
}

// fail ends the program: without its files it can promise nothing, and the log has all that was promised.
func fail(err error) {
	panic(err)
}

func named(names []string) []Reading {
	readings := make([]Reading, len(names))
	for i, name := range names {
		readings[i].Sensor = name
	}
	return readings
}

func sensorsOf(readings []Reading) []string {
	names := make([]string, len(readings))
	for i, reading := range readings {
		names[i] = reading.Sensor
	}
	return names
}

// Stats are what was counted; the watermark is null as long as there is none.
type Stats struct {
	Accepted        int     `json:"accepted"`
	Late            int     `json:"late"`
	Duplicates      int     `json:"duplicates"`
	Rejected        int     `json:"rejected"`
	Sensors         int     `json:"sensors"`
	WindowsClosed   int     `json:"windows_closed"`
	Watermark       *int64  `json:"watermark"`
	Workers         int     `json:"workers"`
	PercentileError float64 `json:"percentile_error"`
	MemoryBoundMiB  int     `json:"memory_bound_mib"`
}

func (s *Service) Stats() Stats {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, windows, _ := s.results.state()
	stats := Stats{
		Accepted: s.sequencer.accepted, Late: s.sequencer.late, Duplicates: s.sequencer.duplicates, Rejected: s.rejected,
		Sensors: len(s.sequencer.sensors), WindowsClosed: windows,
		Workers: s.settings.Workers, PercentileError: statedError, MemoryBoundMiB: memoryBoundMiB,
	}
	if watermark := s.sequencer.watermark; watermark != never {
		stats.Watermark = &watermark
	}
	return stats
}
