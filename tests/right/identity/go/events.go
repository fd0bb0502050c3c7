package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var eventNames = strings.Fields(`registered login login_failed login_throttled refreshed refresh_replayed logout password_changed
	password_reset roles_changed user_deleted client_created key_created token_issued`)

var (
	limits    = regexp.MustCompile(`^[0-9]{1,9}$`)
	positions = regexp.MustCompile(`^[0-9]{1,18}$`)
)

// tell is last in its transaction: events are in order, so nobody else's comes between this and the commit.
func (a *Ask) tell(q Sql, event, user, by string) {
	q.lock(newEvents)
	q.exec("INSERT INTO events (event, user_id, by, client_address, request_id) VALUES ($1, nullif($2, ''), nullif($3, ''), $4, $5)",
		event, user, by, a.address, a.id)
}

// Event is a line of the audit log.
type Event struct {
	seq     int64
	ID      string  `json:"id"`
	At      string  `json:"at"`
	Event   string  `json:"event"`
	User    *string `json:"user_id"`
	By      *string `json:"by"`
	Address string  `json:"client_address"`
	Request string  `json:"request_id"`
}

func (a *Ask) listEvents() {
	a.admin()
	limit, after := a.page()
	event, filtered := a.parameter("event")
	user, _ := a.parameter("user_id")
	if filtered && !slices.Contains(eventNames, event) {
		panic(wrong("event", "is no event"))
	}
	var items []*Event
	a.transaction(func(q Sql) {
		items = nil
		q.rows(`SELECT seq, at, event, user_id, by, client_address, request_id FROM events
			WHERE seq > $1 AND ($2 = '' OR event = $2) AND ($3 = '' OR user_id = $3) ORDER BY seq LIMIT $4`,
			[]any{after, event, user, limit + 1}, func(scan func(...any)) {
				var one Event
				var at time.Time
				scan(&one.seq, &at, &one.Event, &one.User, &one.By, &one.Address, &one.Request)
				one.ID, one.At = strconv.FormatInt(one.seq, 10), shown(at)
				items = append(items, &one)
			})
	})
	sendPage(a, items, limit, func(one *Event) int64 { return one.seq })
}

// page is how many items are wanted, and behind which.
func (a *Ask) page() (int, int64) {
	limit, after := 50, int64(0)
	if given, there := a.parameter("limit"); there {
		limit, _ = strconv.Atoi(given)
		if !limits.MatchString(given) || limit < 1 || limit > 200 {
			panic(wrong("limit", "must be 1 to 200"))
		}
	}
	if given, there := a.parameter("after"); there {
		after, _ = strconv.ParseInt(given, 10, 64)
		if !positions.MatchString(given) {
			panic(wrong("after", "is not the next of a page"))
		}
	}
	return limit, after
}

// sendPage sends one less than was asked for: that one says that there is more.
func sendPage[T any](a *Ask, items []T, limit int, seq func(T) int64) {
	var next *string
	if len(items) > limit {
		items = items[:limit]
		text := strconv.FormatInt(seq(items[limit-1]), 10)
		next = &text
	}
	if items == nil {
		items = []T{}
	}
	a.send(200, map[string]any{"items": items, "next": next})
}
