package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

type options struct {
	targets     []string
	ports       []uint16
	timeout     time.Duration
	concurrency int
	rate        int // 0: no limit
	all         bool
}

var defaultPorts = []uint16{80, 443, 8000, 8008, 8080, 8081, 8443, 8888}

// longest keeps an absurd but legal --timeout within what time.Duration can hold.
const longest = 365 * 24 * time.Hour

// parseOptions is by hand because package flag stops at the first word that is not an option.
func parseOptions(words []string) (options, error) {
	opts := options{ports: defaultPorts, timeout: time.Second, concurrency: 100}
	for i := 0; i < len(words); i++ {
		word := words[i]
		if !strings.HasPrefix(word, "-") {
			opts.targets = append(opts.targets, word)
			continue
		}
		if word == "--all" {
			opts.all = true
			continue
		}
		set, known := setters[word]
		if !known {
			return opts, fmt.Errorf("unknown option %s", word)
		}
		i++
		if i == len(words) {
			return opts, fmt.Errorf("%s needs a value", word)
		}
		if err := set(&opts, words[i]); err != nil {
			return opts, fmt.Errorf("%s: %w", word, err)
		}
	}
	if len(opts.targets) == 0 {
		return opts, errors.New("no target")
	}
	return opts, nil
}

var setters = map[string]func(*options, string) error{
	"--ports":       func(o *options, value string) (err error) { o.ports, err = parsePorts(value); return },
	"--timeout":     func(o *options, value string) (err error) { o.timeout, err = parseSeconds(value); return },
	"--concurrency": func(o *options, value string) (err error) { o.concurrency, err = parseCount(value); return },
	"--rate":        func(o *options, value string) (err error) { o.rate, err = parseCount(value); return },
}

// parsePorts keeps the order of the list and drops what is named again.
func parsePorts(list string) ([]uint16, error) {
	var ports []uint16
	seen := map[uint16]bool{}
	for _, part := range strings.Split(list, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		first, err := parsePort(low)
		if err != nil {
			return nil, err
		}
		last, err := parsePort(high)
		if err != nil {
			return nil, err
		}
		if first > last {
			return nil, fmt.Errorf("the range %s runs backwards", part)
		}
		for port := int(first); port <= int(last); port++ { // int: 65535 + 1 must not be 0
			if !seen[uint16(port)] {
				seen[uint16(port)] = true
				ports = append(ports, uint16(port))
			}
		}
	}
	return ports, nil
}

func parsePort(text string) (uint16, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("%q is not a port", text)
	}
	return uint16(port), nil
}

func parseSeconds(text string) (time.Duration, error) {
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(seconds) || math.IsInf(seconds, 0) || seconds <= 0 {
		return 0, fmt.Errorf("%q is not a number of seconds above 0", text)
	}
	return time.Duration(min(seconds, longest.Seconds()) * float64(time.Second)), nil
}

func parseCount(text string) (int, error) {
	count, err := strconv.ParseUint(text, 10, 31)
	if err != nil || count == 0 {
		return 0, fmt.Errorf("%q is not a whole number above 0", text)
	}
	return int(count), nil
}
