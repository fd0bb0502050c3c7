package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Account is one of a person.
type Account struct {
	seq, version int64
	id, email    string
	roles        []string
	created      time.Time
}

const accountColumns = "seq, version, id, email, roles, created_at"

func (c *Account) places() []any {
	return []any{&c.seq, &c.version, &c.id, &c.email, &c.roles, &c.created}
}

func (c *Account) MarshalJSON() ([]byte, error) {
	roles := slices.Sorted(slices.Values(c.roles))
	slices.Reverse(roles)
	return json.Marshal(map[string]any{"id": c.id, "email": c.email, "roles": roles, "created_at": shown(c.created)})
}

func (c *Account) tag() string { return fmt.Sprintf(`"%s.%d"`, c.id, c.version) }

func shown(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000Z") }

func findAccount(q Sql, condition string, value any) *Account {
	var c Account
	if !q.row("SELECT "+accountColumns+" FROM accounts WHERE "+condition, []any{value}, c.places()...) {
		return nil
	}
	return &c
}

// makeAdmin makes the one of the settings; whoever is there stays as they are.
func (a *App) makeAdmin() error {
	if a.adminEmail == "" {
		return nil
	}
	there := false
	err := a.store.transaction(patience, func(q Sql) { there = findAccount(q, "email = $1", a.adminEmail) != nil })
	if err != nil || there {
		return err
	}
	hash := a.line.hash(a.adminPassword)
	return a.store.transaction(patience, func(q Sql) {
		q.lock(starting)
		q.exec("INSERT INTO accounts (id, email, password, roles) VALUES ($1, $2, $3, '{admin,user}') ON CONFLICT (email) DO NOTHING",
			newID(), a.adminEmail, hash)
	})
}

func (a *Ask) sendAccount(c *Account) {
	a.Header().Set("ETag", c.tag())
	a.send(200, c)
}

func (a *Ask) showOwn() {
	who := a.anyone()
	var c *Account
	a.transaction(func(q Sql) { c = findAccount(q, "id = $1", who.id) })
	if c == nil && who.client != firstParty {
		panic(problem(403, "the token is in nobody's name"))
	}
	if c == nil {
		panic(badToken())
	}
	a.sendAccount(c)
}

func (a *Ask) listAccounts() {
	a.admin()
	limit, after := a.page()
	var items []*Account
	a.transaction(func(q Sql) {
		items = nil
		q.rows("SELECT "+accountColumns+" FROM accounts WHERE seq > $1 ORDER BY seq LIMIT $2", []any{after, limit + 1}, func(scan func(...any)) {
			var c Account
			scan(c.places()...)
			items = append(items, &c)
		})
	})
	sendPage(a, items, limit, func(c *Account) int64 { return c.seq })
}

func (a *Ask) showAccount() {
	a.admin()
	var c *Account
	a.transaction(func(q Sql) { c = findAccount(q, "id = $1", a.account) })
	if c == nil {
		panic(problem(404, "there is no such account"))
	}
	a.sendAccount(c)
}

func (a *Ask) changeRoles() {
	who := a.admin()
	roles := texts(1, "role", func(role string) bool { return slices.Contains(rolesOf, role) })
	wanted := a.fields(map[string]rule{"roles": roles})["roles"].([]string)
	slices.Sort(wanted)
	var c *Account
	a.transaction(func(q Sql) {
		c = a.accountToChange(q)
		if !matches(a.request.Header.Values("If-Match"), c.tag()) {
			panic(problem(412, "the account has changed since"))
		}
		if !slices.Contains(wanted, "admin") {
			demandAnotherAdmin(q, c)
		}
		q.exec("UPDATE accounts SET roles = $2, version = version + 1 WHERE id = $1", c.id, wanted)
		c = findAccount(q, "id = $1", c.id)
		a.tell(q, "roles_changed", c.id, who.id)
	})
	a.sendAccount(c)
}

func (a *Ask) deleteAccount() {
	who := a.admin()
	a.transaction(func(q Sql) {
		c := a.accountToChange(q)
		demandAnotherAdmin(q, c)
		q.exec("DELETE FROM accounts WHERE id = $1", c.id)
		q.exec("DELETE FROM outbox WHERE email = $1", c.email)
		a.tell(q, "user_deleted", c.id, who.id)
	})
	a.WriteHeader(204)
}

// accountToChange is that of the path: nobody else changes it, or any administrator, until the transaction ends.
func (a *Ask) accountToChange(q Sql) *Account {
	q.lock(lastAdmin)
	c := findAccount(q, "id = $1 FOR UPDATE", a.account)
	if c == nil {
		panic(problem(404, "there is no such account"))
	}
	return c
}

func demandAnotherAdmin(q Sql, c *Account) {
	if slices.Contains(c.roles, "admin") && q.exec("SELECT 1 FROM accounts WHERE 'admin' = ANY(roles) AND id <> $1", c.id) == 0 {
		panic(problem(409, "this is the last administrator"))
	}
}

// matches is If-Match (RFC 9110, 13.1.1).
func matches(given []string, tag string) bool {
	if len(given) == 0 {
		return true
	}
	for _, one := range strings.Split(strings.Join(given, ","), ",") {
		if one = strings.TrimSpace(one); one == "*" || one == tag {
			return true
		}
	}
	return false
}
