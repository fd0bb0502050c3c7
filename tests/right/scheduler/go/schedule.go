package main

type schedule struct {
	Policy   string              `json:"policy"`
	Timeline []segment           `json:"timeline"`
	Tasks    map[string]measures `json:"tasks"`
	Summary  summary             `json:"summary"`
}

type measures struct {
	Completion int64 `json:"completion"`
	Turnaround int64 `json:"turnaround"`
	Waiting    int64 `json:"waiting"`
	Response   int64 `json:"response"`
	Switches   int64 `json:"switches"`
}

type summary struct {
	Makespan        int64   `json:"makespan"`
	Throughput      float64 `json:"throughput"`
	Utilization     float64 `json:"utilization"`
	MeanTurnaround  float64 `json:"mean_turnaround"`
	MeanWaiting     float64 `json:"mean_waiting"`
	MeanResponse    float64 `json:"mean_response"`
	Fairness        float64 `json:"fairness"`
	Switches        int64   `json:"switches"`
	MissedDeadlines int64   `json:"missed_deadlines"`
}

func (m *machine) schedule(policy string) *schedule {
	s := &schedule{Policy: policy, Tasks: map[string]measures{}}
	busy := 0.0
	for _, p := range m.processors {
		s.Timeline = append(s.Timeline, p.segments...)
		for _, part := range p.segments {
			busy += float64(part.End - part.Start)
		}
	}
	count := float64(len(m.load.tasks))
	var jobs, speeds, squares float64
	for _, t := range m.load.tasks {
		waiting := t.maxTurnaround - t.work()
		s.Tasks[t.id] = measures{t.completion, t.maxTurnaround, waiting, t.maxResponse, t.switches}
		s.Summary.Makespan = max(s.Summary.Makespan, t.completion)
		s.Summary.MeanTurnaround += float64(t.maxTurnaround) / count
		s.Summary.MeanWaiting += float64(waiting) / count
		s.Summary.MeanResponse += float64(t.maxResponse) / count
		s.Summary.Switches += t.switches
		s.Summary.MissedDeadlines += t.missed
		speed := float64(t.work()) / float64(t.maxTurnaround)
		speeds += speed
		squares += speed * speed
		jobs += float64(t.completed)
	}
	s.Summary.Throughput = jobs / float64(s.Summary.Makespan)
	s.Summary.Utilization = busy / float64(s.Summary.Makespan) / float64(m.load.cpus)
	s.Summary.Fairness = speeds * speeds / (count * squares)
	return s
}
