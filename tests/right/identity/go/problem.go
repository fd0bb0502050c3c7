package main

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// Wrong is a field and what is wrong with it.
type Wrong struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Problem is an answer that is not 2xx or 3xx (RFC 9457), or an error of OAuth (RFC 6749, 5.2). Handlers panic with it.
type Problem struct {
	status  int
	detail  string
	wrong   []Wrong
	headers map[string]string
	oauth   string
}

func (p *Problem) Error() string { return p.detail + p.oauth }

func problem(status int, detail string) *Problem { return &Problem{status: status, detail: detail} }

func wrong(field, message string) *Problem {
	return &Problem{status: 422, detail: "some fields are wrong", wrong: []Wrong{{field, message}}}
}

func unavailable(detail string, seconds int) *Problem {
	return &Problem{status: 503, detail: detail, headers: map[string]string{"Retry-After": strconv.Itoa(seconds)}}
}

func unauthorized(detail, challenge string) *Problem {
	return &Problem{status: 401, detail: detail, headers: map[string]string{"WWW-Authenticate": challenge}}
}

func noToken() *Problem { return unauthorized("there is no access token", "Bearer") }

func badToken() *Problem {
	return unauthorized("the access token is not good", `Bearer error="invalid_token"`)
}

func oauthError(code string) *Problem { return &Problem{status: 400, oauth: code} }

func invalidClient() *Problem {
	return &Problem{status: 401, oauth: "invalid_client", headers: map[string]string{"WWW-Authenticate": `Basic realm="clients"`}}
}

func (p *Problem) send(w http.ResponseWriter) {
	for name, value := range p.headers {
		w.Header().Set(name, value)
	}
	if p.oauth != "" {
		secret(w)
		send(w, p.status, map[string]any{"error": p.oauth})
		return
	}
	body := map[string]any{"type": "about:blank", "title": http.StatusText(p.status), "status": p.status}
	if p.detail != "" {
		body["detail"] = p.detail
	}
	if p.wrong != nil {
		body["errors"] = p.wrong
	}
	w.Header().Set("Content-Type", "application/problem+json")
	write(w, p.status, body)
}

// secret: nobody on the way may keep it.
func secret(w http.ResponseWriter) { w.Header().Set("Cache-Control", "no-store") }

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	write(w, status, body)
}

func write(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.WriteHeader(status)
	w.Write(text)
}
