// Scheduler plays the scheduler of an operating system.
//
// Everything is counted down: ticks until a processor has switched, of a burst, of a slice. Between two ticks at which
// something may happen all of it runs down by the same number. While nobody waits, slices may run below zero; how many
// have passed is found out at the next tick that matters.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
)

const exitRefused = 2

func main() {
	answer, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, oneLine(err.Error()))
		os.Exit(exitRefused)
	}
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(answer) != nil || out.Flush() != nil {
		os.Exit(1)
	}
}

func run(words []string) (*schedule, error) {
	opts, err := parseOptions(words)
	if err != nil {
		return nil, err
	}
	data, err := input(opts.workload)
	if err != nil {
		return nil, err
	}
	load, err := readWorkload(data)
	if err != nil {
		return nil, err
	}
	m := newMachine(load, opts)
	m.run()
	return m.schedule(opts.policy), nil
}

func input(path string) ([]byte, error) {
	if path == "" {
		return io.ReadAll(os.Stdin)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--workload: %w", err)
	}
	return data, nil
}

func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
}
