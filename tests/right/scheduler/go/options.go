package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const largest = 1_000_000_000

type options struct {
	policy      string
	workload    string
	quantum     int64
	aging       int64
	levels      int64
	allotment   int64
	boost       int64
	seed        int64
	latency     int64
	granularity int64
	perCPU      bool
}

type numberOption struct {
	into      *int64
	low, high int64
}

func parseOptions(words []string) (*options, error) {
	o := &options{quantum: 4, levels: 3, seed: 1, latency: 24, granularity: 3}
	numbers := map[string]numberOption{
		"--quantum":     {&o.quantum, 1, largest},
		"--aging":       {&o.aging, 0, largest},
		"--levels":      {&o.levels, 1, largest},
		"--allotment":   {&o.allotment, 1, largest},
		"--boost":       {&o.boost, 0, largest},
		"--seed":        {&o.seed, 1, 2147483646},
		"--latency":     {&o.latency, 1, largest},
		"--granularity": {&o.granularity, 1, largest},
	}
	for len(words) > 0 {
		name := words[0]
		if len(words) == 1 {
			return nil, fmt.Errorf("%q needs a value, or is unknown", name)
		}
		value := words[1]
		words = words[2:]
		number, isNumber := numbers[name]
		switch {
		case isNumber:
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil || n < number.low || n > number.high || strings.HasPrefix(value, "+") {
				return nil, fmt.Errorf("%s: must be a whole number from %d to %d, not %.40q", name, number.low, number.high, value)
			}
			*number.into = n
		case name == "--policy":
			if _, known := policies[value]; !known {
				return nil, fmt.Errorf("--policy: there is no %.40q", value)
			}
			o.policy = value
		case name == "--workload":
			if value == "" {
				return nil, errors.New("--workload: must name a file")
			}
			o.workload = value
		case name == "--queues":
			if value != "global" && value != "per-cpu" {
				return nil, fmt.Errorf("--queues: must be global or per-cpu, not %.40q", value)
			}
			o.perCPU = value == "per-cpu"
		default:
			return nil, fmt.Errorf("unknown option %.40q", name)
		}
	}
	if o.policy == "" {
		return nil, errors.New("--policy is missing")
	}
	if o.allotment == 0 {
		o.allotment = o.quantum
	}
	return o, nil
}
