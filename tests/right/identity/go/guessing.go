package main

import (
	"fmt"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const sprayed = 10 // times FAILURES, of one client address with whatever e-mail addresses

// pair has the tries of one e-mail and client address that are under way.
type pair struct {
	door   chan struct{} // one after the other they look whether they may try
	left   chan struct{} // somebody has tried
	trying atomic.Int64
	here   int
}

// Guessing counts failed logins in the database: for each pair of e-mail and client address, and for each client address.
type Guessing struct {
	settings Settings
	mutex    sync.Mutex
	pairs    map[string]*pair
}

// pairOf is short, however long the e-mail address is: an index has no room for any text.
func pairOf(a *Ask, email string) string { return fmt.Sprintf("%s %x", a.address, kept(email)) }

func (g *Guessing) enter(who string) *pair {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	p := g.pairs[who]
	if p == nil {
		p = &pair{door: make(chan struct{}, 1), left: make(chan struct{}, 1)}
		g.pairs[who] = p
	}
	p.here++
	return p
}

func (g *Guessing) leave(who string, p *pair) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if p.here--; p.here == 0 {
		delete(g.pairs, who)
	}
}

// turn is one to try a password, until it is given back. After too many failures there is none; of those that come at once some wait.
func (g *Guessing) turn(a *Ask, email string) (leave func()) {
	who := pairOf(a, email)
	p, in := g.enter(who), false
	defer func() {
		if !in {
			g.leave(who, p)
		}
	}()
	g.wait(a, email, p)
	in = true
	return func() {
		p.trying.Add(-1)
		select {
		case p.left <- struct{}{}:
		default:
		}
		g.leave(who, p)
	}
}

// wait until one more wrong password would not be one too many.
func (g *Guessing) wait(a *Ask, email string, p *pair) {
	select {
	case p.door <- struct{}{}:
	case <-time.After(time.Until(a.until)): // those before wait for the database
		panic(unavailable("the database does not answer", 1))
	}
	defer func() { <-p.door }()
	for {
		trying := int(p.trying.Load())
		if trying+g.failed(a, email) < g.settings.failures || trying == 0 {
			break
		}
		if int(p.trying.Load()) == trying {
			a.notCounted(func() { <-p.left })
		}
	}
	p.trying.Add(1)
}

// failed is how often the pair has; it ends the request if the pair, or the client, is locked.
func (g *Guessing) failed(a *Ask, email string) (failed int) {
	var left *float64
	a.transaction(func(q Sql) {
		q.row(`SELECT (SELECT extract(epoch FROM max(until) - now())::float8 FROM locks WHERE who = ANY($1) AND until > now()),
			(SELECT count(*) FROM failures WHERE who = $2 AND at > now() - $3 * interval '1 second')`,
			[]any{[]string{pairOf(a, email), a.address}, pairOf(a, email), float64(g.settings.lock)}, &left, &failed)
		if left != nil {
			var account string
			q.row("SELECT id FROM accounts WHERE email = $1", []any{email}, &account)
			a.tell(q, "login_throttled", account, "")
		}
	})
	if left != nil {
		seconds := strconv.Itoa(max(1, int(math.Ceil(*left))))
		panic(&Problem{status: 429, detail: "there were too many failures", headers: map[string]string{"Retry-After": seconds}})
	}
	return failed
}

// count one more failure.
func (g *Guessing) count(q Sql, a *Ask, email string) {
	g.countFor(q, pairOf(a, email), g.settings.failures)
	g.countFor(q, a.address, sprayed*g.settings.failures)
}

func (g *Guessing) countFor(q Sql, who string, most int) {
	seconds := float64(g.settings.lock)
	q.exec("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", who)
	q.exec("DELETE FROM failures WHERE who = $1 AND at <= now() - $2 * interval '1 second'", who, seconds)
	q.exec("INSERT INTO failures (who) VALUES ($1)", who)
	var count int
	q.row("SELECT count(*) FROM failures WHERE who = $1", []any{who}, &count)
	if count >= most {
		q.exec(`INSERT INTO locks (who, until) VALUES ($1, now() + $2 * interval '1 second')
			ON CONFLICT (who) DO UPDATE SET until = excluded.until`, who, seconds)
	}
}

// forget the failures of a pair, after a success.
func (g *Guessing) forget(q Sql, a *Ask, email string) {
	q.exec("DELETE FROM failures WHERE who = $1", pairOf(a, email))
}
