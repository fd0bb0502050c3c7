package main

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var challenges = regexp.MustCompile(`^[0-9A-Za-z_-]{43}$`)

// authorize gives a code for another program, by way of the browser (RFC 6749, 4.1.1; RFC 7636; RFC 9207).
func (a *Ask) authorize() {
	who := a.person()
	given, twice := map[string]string{}, map[string]bool{}
	for _, pair := range a.parameters() {
		_, there := given[pair.name]
		twice[pair.name] = there || twice[pair.name]
		given[pair.name] = pair.value
	}
	c := a.findClient(given["client_id"])
	if c == nil || twice["client_id"] {
		panic(problem(400, "no client has this client_id"))
	}
	target := given["redirect_uri"]
	if !slices.Contains(c.redirects, target) || twice["redirect_uri"] {
		panic(problem(400, "the client does not have this redirect_uri"))
	}
	name, value := "error", refusal(c, given, twice)
	if value == "" {
		name, value = "code", a.newCode(who, c, target, given)
	}
	query := name + "=" + url.QueryEscape(value)
	if state, there := given["state"]; there {
		query += "&state=" + url.QueryEscape(state)
	}
	joint := "?"
	if strings.Contains(target, "?") {
		joint = "&"
	}
	secret(a)
	a.Header().Set("Location", target+joint+query+"&iss="+url.QueryEscape(a.issuer))
	a.WriteHeader(303)
}

// refusal is the error that the client is told of; empty if there is none.
func refusal(c *Client, given map[string]string, twice map[string]bool) string {
	for _, again := range twice {
		if again {
			return "invalid_request"
		}
	}
	kind, there := given["response_type"]
	switch {
	case !there:
		return "invalid_request"
	case kind != "code":
		return "unsupported_response_type"
	case !slices.Contains(c.grants, "authorization_code"):
		return "unauthorized_client"
	case !challenges.MatchString(given["code_challenge"]) || given["code_challenge_method"] != "S256":
		return "invalid_request"
	case !within(scopesOf(c, given), c.scopes):
		return "invalid_scope"
	}
	return ""
}

func scopesOf(c *Client, given map[string]string) []string {
	if scope, there := given["scope"]; there {
		return strings.Fields(scope)
	}
	return c.scopes
}

func within(some, all []string) bool {
	for _, one := range some {
		if !slices.Contains(all, one) {
			return false
		}
	}
	return true
}

func (a *Ask) newCode(who Who, c *Client, target string, given map[string]string) string {
	code := newSecret()
	a.transaction(func(q Sql) {
		// An access token that outlives its session opens nothing new; who ends the session meanwhile waits.
		if q.exec("SELECT 1 FROM families WHERE id = $1 AND NOT ended FOR SHARE", who.family) == 0 {
			panic(badToken())
		}
		q.exec(`INSERT INTO codes (hash, client_id, account_id, redirect_uri, challenge, scope, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second')`,
			kept(code), c.id, who.id, target, given["code_challenge"], strings.Join(scopesOf(c, given), " "), float64(a.code))
	})
	return code
}
