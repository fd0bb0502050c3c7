// Processor takes readings of many sensors at once, and says what each window of event time held.
//
// A block of lines goes this way: a connection reads it, workers parse it, the sequencer decides one reading after the other what it
// is and logs what is new, the workers aggregate, and what they close is shown. Only then is the block acknowledged and the
// next one read, so that nothing queues up behind a fast sender.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

const memoryBoundMiB = 800

func main() {
	settings, err := readSettings(os.LookupEnv)
	if err == nil {
		err = checkWindows(settings)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	debug.SetMemoryLimit(memoryBoundMiB * 3 / 4 << 20)
	if err := run(settings); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(settings Settings) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	service, err := startService(settings)
	if err != nil {
		return err
	}
	ingest, err := listenForReadings(service, settings.IngestPort)
	if err != nil {
		return err
	}
	api, err := listenForRequests(service, settings.Port)
	if err != nil {
		return err
	}
	<-signals
	apiStopped := make(chan struct{})
	go func() {
		api.stop()
		close(apiStopped)
	}()
	ingest.stop()
	<-apiStopped
	return nil
}
