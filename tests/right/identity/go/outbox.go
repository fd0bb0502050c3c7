package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// Outbox has messages to people: each waits in the database until it was taken, and gets its token when it leaves.
type Outbox struct {
	store *Store
	url   string
	good  int // seconds, for what a message carries
	came  chan struct{}
}

const (
	atOnce   = 20
	mostTry  = 100
	delivery = 3 * time.Second
)

// again is for how long after each try; longer than a delivery, so that none is made twice at once.
var again = []float64{4, 4, 4, 5, 10}

var poster = http.Client{Timeout: delivery, Transport: &http.Transport{DisableKeepAlives: true}}

type letter struct {
	id                    int64
	kind, email, password string
	tries                 int
}

func (o *Outbox) write(q Sql, kind, email, password string) {
	q.exec("INSERT INTO outbox (kind, email, password) VALUES ($1, $2, $3)", kind, email, password)
}

func (o *Outbox) wake() {
	select {
	case o.came <- struct{}{}:
	default:
	}
}

func (o *Outbox) postAll() {
	for {
		select {
		case <-o.came:
		case <-time.After(400 * time.Millisecond):
		}
		letters := o.due()
		for _, one := range letters {
			go o.deliver(one)
		}
		if len(letters) == atOnce {
			o.wake()
		}
	}
}

// due are some that are to be posted now; no other instance takes the same ones.
func (o *Outbox) due() (letters []letter) {
	o.store.transaction(patience, func(q Sql) {
		letters = nil
		q.rows("SELECT id, kind, email, password, tries FROM outbox WHERE due <= now() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
			[]any{atOnce}, func(scan func(...any)) {
				var one letter
				scan(&one.id, &one.kind, &one.email, &one.password, &one.tries)
				letters = append(letters, one)
			})
		for _, one := range letters {
			seconds := again[min(one.tries, len(again)-1)]
			q.exec("UPDATE outbox SET tries = tries + 1, due = now() + $2 * interval '1 second' WHERE id = $1", one.id, seconds)
		}
	})
	return letters
}

func (o *Outbox) deliver(one letter) {
	var message map[string]string
	if o.store.transaction(patience, func(q Sql) { message = o.compose(q, one) }) != nil {
		return
	}
	if message == nil || o.post(message) || one.tries >= mostTry {
		o.store.transaction(patience, func(q Sql) { q.exec("DELETE FROM outbox WHERE id = $1", one.id) })
	}
}

// compose says what is to be said, with a token of its own each time; nil if that is nothing.
func (o *Outbox) compose(q Sql, one letter) map[string]string {
	account := findAccount(q, "email = $1", one.email)
	switch {
	case one.kind == "registration" && account != nil:
		return map[string]string{"to": one.email, "kind": "exists"}
	case one.kind == "reset" && account == nil:
		return nil
	}
	kind, token, id := "confirm", newSecret(), (*string)(nil)
	if one.kind == "reset" {
		kind, id = "reset", &account.id
	}
	q.exec(`INSERT INTO letters (hash, outbox_id, kind, email, password, account_id, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second')`,
		kept(token), one.id, kind, one.email, one.password, id, float64(o.good))
	return map[string]string{"to": one.email, "kind": kind, "token": token}
}

// post is whether it was taken.
func (o *Outbox) post(message map[string]string) bool {
	body, _ := json.Marshal(message)
	answer, err := poster.Post(o.url, "application/json", bytes.NewReader(body))
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode >= 200 && answer.StatusCode < 300
}
