// Scanner finds the open TCP ports of hosts and tells what answers there.
//
// A fixed number of workers take ports one by one. A worker never has more than one connection, so the number of
// workers is the bound on connections.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"
)

const (
	exitDone        = 0
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	// Before anything slow, so that an early SIGINT also ends in a summary.
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt)

	opts, err := parseOptions(os.Args[1:])
	if err != nil {
		usageError(err)
	}
	targets, err := parseTargets(opts.targets)
	if err != nil {
		usageError(err)
	}
	out := newReport(os.Stdout, opts.all)
	select {
	case <-scanAll(opts, targets, out):
		out.finish()
		os.Exit(exitDone)
	case <-interrupt:
		// The workers need no farewell: the system closes their connections.
		out.finish()
		os.Exit(exitInterrupted)
	}
}

func usageError(err error) {
	fmt.Fprintln(os.Stderr, "scanner:", err)
	os.Exit(exitUsage)
}

type job struct {
	host host
	port uint16
}

// scanAll starts the scan. The channel it returns is closed when the last port is done.
func scanAll(opts options, targets targets, out *report) <-chan struct{} {
	jobs := make(chan job)
	network := newNetwork(opts)
	var workers sync.WaitGroup
	work := func() {
		defer workers.Done()
		for job := range jobs {
			out.add(network.scan(job, out.opened))
		}
	}
	done := make(chan struct{})
	go func() {
		idle := opts.concurrency
		for host := range targets.hosts() {
			for _, port := range opts.ports {
				// Workers are born as jobs come, so a high limit costs nothing in a small scan.
				if idle > 0 {
					idle--
					workers.Add(1)
					go work()
				}
				jobs <- job{host, port}
			}
		}
		close(jobs)
		workers.Wait()
		close(done)
	}()
	return done
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}
