package main

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Ask is a request and what answers it.
type Ask struct {
	*App
	http.ResponseWriter
	request *http.Request
	id      string
	address string
	account string    // of the path
	until   time.Time // for so long it may wait for the database, or for others that wait for it
	status  int
}

var requestID = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

type handlers map[string]func(*Ask)

var routes = map[string]handlers{
	"/healthz":               {"GET": func(a *Ask) { a.send(200, map[string]string{"status": "ok"}) }},
	"/readyz":                {"GET": (*Ask).ready},
	"/metrics":               {"GET": (*Ask).showMetrics},
	"/.well-known/jwks.json": {"GET": (*Ask).showKeys},
	"/.well-known/oauth-authorization-server": {"GET": (*Ask).showMetadata},
	"/v1/registrations":                       {"POST": (*Ask).register},
	"/v1/confirmations":                       {"POST": (*Ask).confirm},
	"/v1/sessions":                            {"POST": (*Ask).logIn, "DELETE": (*Ask).logOutEverywhere},
	"/v1/sessions/current":                    {"DELETE": (*Ask).logOut},
	"/v1/sessions/refresh":                    {"POST": (*Ask).refreshSession},
	"/v1/password-resets":                     {"POST": (*Ask).askForReset, "PUT": (*Ask).reset},
	"/v1/users/me":                            {"GET": (*Ask).showOwn},
	"/v1/users/me/password":                   {"PUT": (*Ask).changePassword},
	"/v1/users":                               {"GET": (*Ask).listAccounts},
	"/v1/users/{id}":                          {"GET": (*Ask).showAccount, "DELETE": (*Ask).deleteAccount},
	"/v1/users/{id}/roles":                    {"PUT": (*Ask).changeRoles},
	"/v1/audit":                               {"GET": (*Ask).listEvents},
	"/v1/keys":                                {"POST": (*Ask).makeKey},
	"/v1/clients":                             {"POST": (*Ask).makeClient},
	"/oauth/authorize":                        {"GET": (*Ask).authorize},
	"/oauth/token":                            {"POST": (*Ask).giveTokens},
	"/oauth/revoke":                           {"POST": (*Ask).revoke},
}

// routeOf is the template of a path, and the account that is in it.
func routeOf(path string) (string, string) {
	if _, there := routes[path]; there {
		return path, ""
	}
	parts := strings.Split(path, "/")
	if len(parts) < 4 || len(parts) > 5 || parts[1] != "v1" || parts[2] != "users" || parts[3] == "" {
		return "none", ""
	}
	id, err := url.PathUnescape(parts[3])
	switch {
	case err != nil:
		return "none", ""
	case len(parts) == 4:
		return "/v1/users/{id}", id
	case parts[4] == "roles":
		return "/v1/users/{id}/roles", id
	}
	return "none", ""
}

// ServeHTTP answers a request, names it, and counts it.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun, id := time.Now(), r.Header.Get("X-Request-Id")
	if !requestID.MatchString(id) {
		id = newID()
	}
	w.Header().Set("X-Request-Id", id)
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	route, account := routeOf(r.URL.EscapedPath())
	ask := &Ask{App: a, ResponseWriter: w, request: r, id: id, address: host, account: account, until: begun.Add(patience), status: 200}
	ask.answer(route)
	a.metrics.request(r.Method, route, ask.status, time.Since(begun))
}

// WriteHeader notes the status.
func (a *Ask) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *Ask) answer(route string) {
	defer func() {
		switch what := recover().(type) {
		case nil:
		case *Problem:
			what.send(a)
		default:
			fmt.Fprintln(os.Stderr, what)
			problem(500, "").send(a)
		}
	}()
	methods, there := routes[route]
	if !there {
		panic(problem(404, "there is nothing here"))
	}
	method := a.request.Method
	if method == "HEAD" {
		method = "GET"
	}
	handle, there := methods[method]
	if !there {
		var allowed []string
		for one := range methods {
			allowed = append(allowed, one)
		}
		slices.Sort(allowed)
		a.Header().Set("Allow", strings.Join(allowed, ", "))
		panic(problem(405, "the resource does not have this method"))
	}
	if strings.Contains(a.account, "\x00") {
		panic(wrong("path", "has a character U+0000"))
	}
	handle(a)
}

func (a *Ask) send(status int, body any) { send(a, status, body) }

func (a *Ask) sendSecret(status int, body any) {
	secret(a)
	send(a, status, body)
}

// transaction is one of this request's; it takes of the time that the request may wait for the database.
func (a *Ask) transaction(work func(Sql)) {
	if err := a.store.transaction(max(time.Until(a.until), 0), work); err != nil {
		panic(err)
	}
}

// notCounted is for what has nothing to do with the database.
func (a *Ask) notCounted(wait func()) {
	begun := time.Now()
	wait()
	a.until = a.until.Add(time.Since(begun))
}

// Pair is a name and a value of a query or a form.
type Pair struct{ name, value string }

// pairsOf reads a query or a form; false if it is no UTF-8.
func pairsOf(text string) (pairs []Pair, ok bool) {
	for _, each := range strings.Split(text, "&") {
		if each == "" {
			continue
		}
		name, value, _ := strings.Cut(each, "=")
		pair := Pair{unescaped(name), unescaped(value)}
		if !utf8.ValidString(pair.name) || !utf8.ValidString(pair.value) {
			return nil, false
		}
		pairs = append(pairs, pair)
	}
	return pairs, true
}

func unescaped(text string) string {
	if found, err := url.QueryUnescape(text); err == nil {
		return found
	}
	return text
}

func (a *Ask) parameters() []Pair {
	pairs, ok := pairsOf(a.request.URL.RawQuery)
	if !ok {
		panic(problem(400, "the query is no UTF-8"))
	}
	for _, pair := range pairs {
		if strings.Contains(pair.value, "\x00") {
			panic(wrong(pair.name, "has a character U+0000"))
		}
	}
	return pairs
}

func (a *Ask) parameter(name string) (string, bool) {
	value, there := "", false
	for _, pair := range a.parameters() {
		if pair.name == name {
			value, there = pair.value, true
		}
	}
	return value, there
}

func (a *Ask) ready() {
	if !a.started.Load() {
		panic(unavailable("it is starting", 1))
	}
	a.transaction(func(q Sql) { q.exec("SELECT 1") })
	a.send(200, map[string]string{"status": "ready"})
}
