package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// Wrong is a field and what is wrong with it.
type Wrong struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Problem is an answer that is not 2xx or 3xx (RFC 9457).
type Problem struct {
	status int
	detail string
	wrong  []Wrong
	retry  bool
}

func (p *Problem) Error() string { return p.detail }

func problem(status int, detail string) *Problem { return &Problem{status: status, detail: detail} }

func wrongField(field, message string) *Problem {
	return &Problem{status: 422, wrong: []Wrong{{field, message}}}
}

func (p *Problem) send(w http.ResponseWriter) {
	body := map[string]any{"type": "about:blank", "title": http.StatusText(p.status), "status": p.status}
	if p.detail != "" {
		body["detail"] = p.detail
	}
	if p.wrong != nil {
		body["errors"] = p.wrong
	}
	if p.retry || p.status == 503 {
		w.Header().Set("Retry-After", "1")
	}
	if p.status == 401 {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	text, _ := json.Marshal(body)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.status)
	w.Write(text)
}

// problemOf is how an error is told.
func problemOf(err error) *Problem {
	var known *Problem
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, errAway):
		return problem(503, "a part that is needed does not answer")
	case errors.Is(err, errNoKeys):
		return problem(503, "the keys of the issuer are not known yet")
	case errors.Is(err, errNoToken):
		return problem(401, "a good access token is needed")
	}
	return problem(500, err.Error())
}

func send(w http.ResponseWriter, status int, body any) error {
	text, err := json.Marshal(body)
	if err == nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		w.Write(text)
	}
	return err
}

func written(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.999999Z") }

// parseTime reads a time of RFC 3339.
func parseTime(text string) (time.Time, bool) {
	if !rfc3339.MatchString(text) {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	return at.UTC(), err == nil
}
