package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

const mostJobs = 1_000_000

type workload struct {
	tasks         []*task
	cpus          int
	switchCost    int64
	migrationCost int64
}

// place is an object of the document, and where it stands.
type place struct {
	fields map[string]any
	path   string
}

func (p place) at(name string) string {
	if p.path == "" {
		return name
	}
	return p.path + "." + name
}

func (p place) number(name string, low, high, otherwise int64) (int64, error) {
	value, given := p.fields[name]
	if !given {
		return otherwise, nil
	}
	return wholeNumber(value, p.at(name), low, high)
}

func wholeNumber(value any, path string, low, high int64) (int64, error) {
	if text, ok := value.(json.Number); ok {
		n, err := strconv.ParseInt(text.String(), 10, 64)
		if err == nil && low <= n && n <= high {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%s: must be a whole number from %d to %d, not %s", path, low, high, shown(value))
}

func shown(value any) string {
	switch value := value.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%.40q", value)
	default:
		return fmt.Sprintf("%.40v", value)
	}
}

// readWorkload goes through generic values, because a struct would take what must be told apart: null from nothing, a
// name in capitals from the field.
func readWorkload(data []byte) (*workload, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the workload is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("the workload is not JSON: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("the workload is not JSON: something follows the document")
	}
	fields, ok := document.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the workload must be an object, not %s", shown(document))
	}
	return workloadOf(place{fields: fields})
}

func workloadOf(p place) (*workload, error) {
	load := &workload{}
	cpus, err1 := p.number("cpus", 1, 64, 1)
	until, err2 := p.number("until", 1, largest, 0)
	var err3, err4, err5 error
	load.switchCost, err3 = p.number("switch_cost", 0, largest, 0)
	load.migrationCost, err4 = p.number("migration_cost", 0, largest, 0)
	load.cpus = int(cpus)
	load.tasks, err5 = readTasks(p.fields, until)
	if err := first(err1, err2, err3, err4, err5); err != nil {
		return nil, err
	}
	jobs := int64(0)
	for _, t := range load.tasks {
		jobs += t.jobs
	}
	if jobs > mostJobs {
		return nil, fmt.Errorf("until: %d jobs are more than %d", jobs, mostJobs)
	}
	return load, nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func readTasks(fields map[string]any, until int64) ([]*task, error) {
	list, ok := fields["tasks"].([]any)
	if !ok || len(list) == 0 {
		return nil, errors.New("tasks: must be a list of at least one task")
	}
	tasks := make([]*task, 0, len(list))
	seen := map[string]bool{}
	for index, value := range list {
		path := fmt.Sprintf("tasks[%d]", index)
		object, ok := value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s: must be an object, not %s", path, shown(value))
		}
		t, err := readTask(place{object, path}, until)
		if err != nil {
			return nil, err
		}
		if seen[t.id] {
			return nil, fmt.Errorf("%s.id: %.40q is taken", path, t.id)
		}
		seen[t.id] = true
		t.index = index
		tasks = append(tasks, t)
	}
	return tasks, nil
}

func readTask(p place, until int64) (*task, error) {
	t := &task{}
	t.id, _ = p.fields["id"].(string)
	if t.id == "" {
		return nil, fmt.Errorf("%s: must be a text that is not empty", p.at("id"))
	}
	var errs [7]error
	t.bursts, errs[0] = readBursts(p.fields["bursts"], p.at("bursts"))
	t.release, errs[1] = p.number("arrival", 0, largest, 0)
	t.priority, errs[2] = p.number("priority", -1000, 1000, 0)
	t.nice, errs[3] = p.number("nice", -20, 19, 0)
	t.tickets, errs[4] = p.number("tickets", 1, 1_000_000, 100)
	t.period, errs[5] = p.number("period", 1, largest, 0)
	t.deadline, errs[6] = p.number("deadline", 1, largest, t.period)
	if err := first(errs[:]...); err != nil {
		return nil, err
	}
	t.jobs = 1
	if t.period > 0 {
		if until == 0 {
			return nil, errors.New("until: must be given, since a task has a period")
		}
		t.jobs = max(1, (until-t.release+t.period-1)/t.period)
	}
	return t, nil
}

func readBursts(value any, path string) ([]int64, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%s: must be a list of ticks", path)
	}
	if len(list)%2 == 0 {
		return nil, fmt.Errorf("%s: must have an odd number of bursts, not %d", path, len(list))
	}
	bursts := make([]int64, len(list))
	for index, value := range list {
		ticks, err := wholeNumber(value, fmt.Sprintf("%s[%d]", path, index), 1, largest)
		if err != nil {
			return nil, err
		}
		bursts[index] = ticks
	}
	return bursts, nil
}
