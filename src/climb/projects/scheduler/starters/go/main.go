// An OS scheduler emulator that schedules nothing yet: it reads a workload and prints an empty schedule.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
)

// Workload has the fields that the first stages need; the brief names the others.
type Workload struct {
	CPUs  int    `json:"cpus"`
	Tasks []Task `json:"tasks"`
}

type Task struct {
	ID      string  `json:"id"`
	Arrival int64   `json:"arrival"`
	Bursts  []int64 `json:"bursts"`
}

type Segment struct {
	CPU   int    `json:"cpu"`
	Task  string `json:"task"`
	Start int64  `json:"start"`
	End   int64  `json:"end"`
}

type Measures struct {
	Completion int64 `json:"completion"`
	Turnaround int64 `json:"turnaround"`
	Waiting    int64 `json:"waiting"`
	Response   int64 `json:"response"`
	Switches   int64 `json:"switches"`
}

type Summary struct {
	Makespan int64 `json:"makespan"`
}

type Schedule struct {
	Policy   string              `json:"policy"`
	Timeline []Segment           `json:"timeline"`
	Tasks    map[string]Measures `json:"tasks"`
	Summary  Summary             `json:"summary"`
}

type Options struct {
	policy   string
	workload string
	quantum  int64
	queues   string
}

// parse has the options of the first stages; add the others as you need them.
func parse() Options {
	var o Options
	flag.StringVar(&o.policy, "policy", "", "who decides")
	flag.StringVar(&o.workload, "workload", "", "the file with the workload")
	flag.Int64Var(&o.quantum, "quantum", 4, "ticks of a time slice")
	flag.StringVar(&o.queues, "queues", "global", "global or per-cpu")
	flag.Parse() // ends with exit code 2 if it cannot use a word
	return o
}

func read(path string) (Workload, error) {
	workload := Workload{CPUs: 1}
	var source io.Reader = os.Stdin
	if path != "" {
		file, err := os.Open(path)
		if err != nil {
			return workload, err
		}
		defer file.Close()
		source = file
	}
	err := json.NewDecoder(source).Decode(&workload)
	return workload, err
}

// fcfs says who uses which processor when, if the first to come is the first to run.
func fcfs(workload Workload, options Options) []Segment {
	timeline := []Segment{}
	// Begin here: go through workload.Tasks in the order of their arrival, and for each append a segment of processor 0:
	// from the tick at which it begins to that tick plus Bursts[0].
	return timeline
}

var policies = map[string]func(Workload, Options) []Segment{"fcfs": fcfs}

// measures says what each task got, and what the schedule is worth: for the second stage.
func measures(workload Workload, timeline []Segment) (map[string]Measures, Summary) {
	tasks := map[string]Measures{}
	for _, task := range workload.Tasks {
		tasks[task.ID] = Measures{}
	}
	return tasks, Summary{}
}

func main() {
	options := parse()
	policy, known := policies[options.policy]
	if !known {
		refuse("--policy: there is no " + options.policy)
	}
	workload, err := read(options.workload)
	if err != nil {
		refuse(err.Error())
	}
	timeline := policy(workload, options)
	tasks, summary := measures(workload, timeline)
	json.NewEncoder(os.Stdout).Encode(Schedule{options.policy, timeline, tasks, summary})
}

func refuse(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(2)
}
