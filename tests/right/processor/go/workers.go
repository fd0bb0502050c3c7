package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Worker parses blocks, and aggregates the readings of the sensors that it owns. It does one thing after the other.
type Worker struct {
	number  int
	windows *OpenWindows
	mine    chan func(*Worker)
}

// Workers are as many goroutines as WORKERS says. What concerns a worker's windows goes to him, in order; blocks are parsed by whoever
// is free.
type Workers struct {
	all    []*Worker
	shared chan func(*Worker)
}

func startWorkers(settings Settings) *Workers {
	workers := &Workers{shared: make(chan func(*Worker))}
	for number := range settings.Workers {
		worker := &Worker{number, newOpenWindows(settings), make(chan func(*Worker), 64)}
		workers.all = append(workers.all, worker)
		go worker.run(workers.shared)
	}
	return workers
}

func (w *Worker) run(shared <-chan func(*Worker)) {
	for {
		select {
		case job := <-w.mine:
			job(w)
		case job := <-shared:
			job(w)
		}
	}
}

// parse reads a block, all workers together if it is large.
func (w *Workers) parse(block []byte, first int) (readings []Reading, rejected []Rejected) {
	pieces := splitBlock(block, first, len(w.all))
	var done sync.WaitGroup
	done.Add(len(pieces))
	for i := range pieces {
		piece := &pieces[i]
		w.shared <- func(*Worker) {
			piece.readings, piece.rejected = parseBlock(piece.block, piece.first)
			done.Done()
		}
	}
	done.Wait()
	for _, piece := range pieces {
		readings = append(readings, piece.readings...)
		rejected = append(rejected, piece.rejected...)
	}
	return readings, rejected
}

// each gives every worker the same kind of work, to be done after what he has.
func (w *Workers) each(work func(*Worker)) *sync.WaitGroup {
	var done sync.WaitGroup
	done.Add(len(w.all))
	for _, worker := range w.all {
		worker.mine <- func(worker *Worker) {
			defer done.Done()
			work(worker)
		}
	}
	return &done
}

// Applying is under way; when it is done, closed is what each worker closed.
type Applying struct {
	done   *sync.WaitGroup
	closed [][]ClosedWindow
}

func (w *Workers) apply(steps []Step) *Applying {
	applying := &Applying{closed: make([][]ClosedWindow, len(w.all))}
	applying.done = w.each(func(worker *Worker) {
		for _, step := range steps {
			for _, reading := range step.Readings[worker.number] {
				worker.windows.add(reading.Sensor, reading.Ts, reading.Value)
			}
			if step.CloseTo != never {
				closed := worker.windows.close(step.CloseTo)
				applying.closed[worker.number] = append(applying.closed[worker.number], closed...)
			}
		}
	})
	return applying
}

// save writes the windows of each worker to a file of his own in the folder.
func (w *Workers) save(folder string, fail func(error)) *sync.WaitGroup {
	return w.each(func(worker *Worker) {
		file, err := os.Create(filepath.Join(folder, fmt.Sprintf("windows-%d", worker.number)))
		if err == nil {
			defer file.Close()
			err = worker.windows.save(file)
		}
		if err != nil {
			fail(err)
		}
	})
}

// restore reads what any number of workers saved: each takes what is his now.
func (w *Workers) restore(folder string, closedTo int64, fail func(error)) *sync.WaitGroup {
	paths, _ := filepath.Glob(filepath.Join(folder, "windows-*"))
	return w.each(func(worker *Worker) {
		isMine := func(sensor string) bool { return ownerOf(sensor, len(w.all)) == worker.number }
		for _, path := range paths {
			file, err := os.Open(path)
			if err == nil {
				err = worker.windows.restore(file, closedTo, isMine)
				file.Close()
			}
			if err != nil {
				fail(err)
			}
		}
	})
}

type piece struct {
	block    []byte
	first    int
	readings []Reading
	rejected []Rejected
}

const smallestPiece = 8 << 10

// splitBlock cuts a block into up to so many pieces of whole lines.
func splitBlock(block []byte, first, parts int) (pieces []piece) {
	size := max(smallestPiece, len(block)/parts)
	for len(block) > size {
		end := bytes.IndexByte(block[size:], '\n')
		if end < 0 {
			break
		}
		end += size
		pieces = append(pieces, piece{block: block[:end], first: first})
		first += bytes.Count(block[:end], []byte{'\n'}) + 1
		block = block[end+1:]
	}
	return append(pieces, piece{block: block, first: first})
}
