package main

import (
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"
)

// Client is another program.
type Client struct {
	id                        string
	secret                    []byte
	redirects, grants, scopes []string
}

func (a *Ask) makeClient() {
	who := a.admin()
	fields := a.fields(map[string]rule{
		"name":          clientName,
		"redirect_uris": texts(0, "https address, or http one of this machine, without a fragment", isRedirect),
		"grants":        texts(1, "grant", func(grant string) bool { return slices.Contains(grantsOf, grant) }),
		"scopes":        texts(0, "scope", oneScope.MatchString),
		"confidential":  flag,
	})
	grants, redirects, confidential := fields["grants"].([]string), fields["redirect_uris"].([]string), fields["confidential"].(bool)
	var bad []Wrong
	if slices.Contains(grants, "authorization_code") && len(redirects) == 0 {
		bad = append(bad, Wrong{"redirect_uris", "must have one, for the grant authorization_code"})
	}
	if slices.Contains(grants, "client_credentials") && !confidential {
		bad = append(bad, Wrong{"confidential", "must be true, for the grant client_credentials"})
	}
	if bad != nil {
		panic(&Problem{status: 422, detail: "some fields are wrong", wrong: bad})
	}
	id, hidden := newID(), []byte(nil)
	fields["client_id"], fields["client_secret"] = id, nil
	if confidential {
		given := newSecret()
		fields["client_secret"], hidden = given, kept(given)
	}
	a.transaction(func(q Sql) {
		q.exec("INSERT INTO clients (id, secret, name, redirect_uris, grants, scopes) VALUES ($1, $2, $3, $4, $5, $6)",
			id, hidden, fields["name"], redirects, grants, fields["scopes"])
		a.tell(q, "client_created", "", who.id)
	})
	a.sendSecret(201, fields)
}

func (a *Ask) findClient(id string) (c *Client) {
	a.transaction(func(q Sql) {
		var one Client
		if q.row("SELECT id, secret, redirect_uris, grants, scopes FROM clients WHERE id = $1", []any{id},
			&one.id, &one.secret, &one.redirects, &one.grants, &one.scopes) {
			c = &one
		}
	})
	return c
}

// client is who asks: a confidential one by Basic with its secret, any other by its id in the form.
func (a *Ask) client(form map[string]string) *Client {
	given := a.request.Header.Get("Authorization")
	if given == "" {
		c := a.findClient(form["client_id"])
		if c == nil || c.secret != nil {
			panic(invalidClient())
		}
		return c
	}
	id, secret := readBasic(given)
	c := a.findClient(id)
	if c == nil || c.secret == nil || subtle.ConstantTimeCompare(kept(secret), c.secret) != 1 {
		panic(invalidClient())
	}
	if named, there := form["client_id"]; there && named != id {
		panic(invalidClient())
	}
	return c
}

func readBasic(given string) (string, string) {
	scheme, coded, _ := strings.Cut(given, " ")
	text, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(coded))
	id, secret, there := strings.Cut(string(text), ":")
	if err != nil || !strings.EqualFold(scheme, "Basic") || !there || !utf8.Valid(text) {
		panic(invalidClient())
	}
	id, secret = unescaped(id), unescaped(secret)
	if strings.Contains(id+secret, "\x00") {
		panic(invalidClient())
	}
	return id, secret
}
