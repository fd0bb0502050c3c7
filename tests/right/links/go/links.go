package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

var (
	coding   = regexp.MustCompile(`^[0-9A-Za-z_-]{3,32}$`)
	reserved = []string{"healthz", "readyz", "metrics", "docs"}
	rfc3339  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$`)
)

func randomCode() string {
	for {
		var code [7]byte
		for i := range code {
			n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
			code[i] = alphabet[n.Int64()]
		}
		if !slices.Contains(reserved, string(code[:])) {
			return string(code[:])
		}
	}
}

// Link is a row of the table.
type Link struct {
	code, url, owner string
	created          time.Time
	expires          *time.Time
	version, clicks  int64
}

const columns = `code, url, owner, created_at, expires_at, version, (SELECT coalesce(sum(count), 0)::bigint FROM clicks c WHERE c.code = l.code)`

func scan(row pgx.CollectableRow) (l Link, err error) {
	err = row.Scan(&l.code, &l.url, &l.owner, &l.created, &l.expires, &l.version, &l.clicks)
	return
}

func (a *App) shown(l Link) map[string]any {
	var expires any
	if l.expires != nil {
		expires = written(*l.expires)
	}
	return map[string]any{"code": l.code, "short_url": a.public + "/" + l.code, "url": l.url, "owner": l.owner,
		"created_at": written(l.created), "expires_at": expires, "clicks": l.clicks}
}

func (l Link) tag() string { return fmt.Sprintf(`"v%d"`, l.version) }

// row is a link that somebody may see.
func row(ctx context.Context, q querier, code string, who Caller, locked ...string) (Link, error) {
	rows, err := q.Query(ctx, "SELECT "+columns+" FROM links l WHERE code = $1 AND NOT deleted AND (owner = $2 OR $3) "+strings.Join(locked, ""), code, who.sub, who.admin)
	if err != nil {
		return Link{}, err
	}
	found, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return found, problem(404, "there is no such link")
	}
	return found, err
}

// body reads at most so many bytes of one media type.
func body(r *http.Request, kind string, most int64) ([]byte, error) {
	if found, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || found != kind {
		return nil, problem(415, "the body must be "+kind)
	}
	content, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil {
		return nil, problem(400, "the body is not whole")
	}
	if int64(len(content)) > most {
		return nil, problem(413, "the body is too large")
	}
	return content, nil
}

func objectOf(content []byte) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if !utf8.Valid(content) || json.Unmarshal(content, &fields) != nil || fields == nil {
		return nil, problem(400, "the body must be a JSON object")
	}
	return fields, nil
}

// Asked is what a request wants of a link.
type Asked struct {
	url, code *string
	expires   *time.Time
	dated     bool
}

func (a *App) read(fields map[string]json.RawMessage, change bool) (asked Asked, wrong []Wrong) {
	for name, value := range fields {
		var text *string
		message := ""
		bad := json.Unmarshal(value, &text) != nil || (text == nil && name != "expires_at")
		switch {
		case name != "url" && name != "expires_at" && (name != "code" || change):
			message = "there is no such field"
		case bad:
			message = "must be a text"
		case text != nil && strings.Contains(*text, "\x00"):
			message = "must not have U+0000"
		case name == "url":
			asked.url, message = text, a.wrongTarget(*text)
		case name == "code":
			asked.code = text
			if !coding.MatchString(*text) || slices.Contains(reserved, *text) {
				message = "must be 3 to 32 characters of 0-9A-Za-z_-, and no name of the service's own"
			}
		case name == "expires_at":
			asked.dated = true
			if text != nil {
				at, good := parseTime(*text)
				asked.expires = &at
				if !good {
					message = "must be a time as in RFC 3339, in UTC with a Z"
				} else if !at.After(time.Now()) {
					message = "must not be in the past"
				}
			}
		}
		if message != "" {
			wrong = append(wrong, Wrong{name, message})
		}
	}
	if _, given := fields["url"]; !given && !change {
		wrong = append(wrong, Wrong{"url", "is required"})
	}
	if change && len(fields) == 0 {
		wrong = append(wrong, Wrong{"url", "url or expires_at must be there"})
	}
	return asked, wrong
}

// insert makes a link, with a random code if none was chosen.
func insert(ctx context.Context, q querier, who Caller, asked Asked) (Link, error) {
	for {
		code := randomCode()
		if asked.code != nil {
			code = *asked.code
		}
		rows, err := q.Query(ctx, `WITH l AS (INSERT INTO links (code, url, owner, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING *)
			SELECT `+columns+` FROM l`, code, *asked.url, who.sub, asked.expires)
		if err != nil {
			return Link{}, err
		}
		made, err := pgx.CollectExactlyOneRow(rows, scan)
		if !errors.Is(err, pgx.ErrNoRows) {
			return made, err
		}
		if asked.code != nil {
			return made, problem(409, "this code is taken")
		}
	}
}

func (a *App) create(w http.ResponseWriter, r *http.Request, who Caller) error {
	content, err := body(r, "application/json", 64<<10)
	if err != nil {
		return err
	}
	var made *Link
	answer, err := a.once(r, who, content, 1500*time.Millisecond, func(ctx context.Context, q querier) (Saved, error) {
		fields, err := objectOf(content)
		if err != nil {
			return Saved{}, err
		}
		asked, wrong := a.read(fields, false)
		if wrong != nil {
			return Saved{}, &Problem{status: 422, wrong: wrong}
		}
		link, err := insert(ctx, q, who, asked)
		if err != nil {
			return Saved{}, err
		}
		made = &link
		text, err := json.Marshal(a.shown(link))
		return Saved{201, "application/json", "/v1/links/" + link.code, text}, err
	})
	if err != nil {
		return err
	}
	if made != nil {
		a.follower.cache.put(made.code, entry{Version: made.version, URL: made.url, Expires: made.expires, Read: time.Now().UnixMilli()})
	}
	answer.send(w)
	return nil
}

func (a *App) show(w http.ResponseWriter, r *http.Request, who Caller, code string) error {
	var found Link
	err := a.store.ask(1500*time.Millisecond, func(ctx context.Context, q querier) (err error) { found, err = row(ctx, q, code, who); return })
	if err != nil {
		return err
	}
	w.Header().Set("ETag", found.tag())
	if named(r.Header.Values("If-None-Match"), found.tag(), true) {
		w.WriteHeader(304)
		return nil
	}
	return send(w, 200, a.shown(found))
}

// named says whether a field lists a tag (RFC 9110, 8.8.3.2 and 13.1).
func named(values []string, tag string, weak bool) bool {
	for _, one := range strings.Split(strings.Join(values, ","), ",") {
		one = strings.TrimSpace(one)
		if weak {
			one = strings.TrimPrefix(one, "W/")
		}
		if one == tag || one == "*" {
			return true
		}
	}
	return false
}

// alter locks a link, changes it, and tells the cache before the answer.
func (a *App) alter(r *http.Request, who Caller, code string, work func(context.Context, querier) error) (found Link, err error) {
	var now entry
	err = a.store.change(1300*time.Millisecond, func(ctx context.Context, q querier) error {
		if found, err = row(ctx, q, code, who, "FOR UPDATE"); err != nil {
			return err
		}
		if tags := r.Header.Values("If-Match"); tags != nil && !named(tags, found.tag(), false) {
			return problem(412, "the link has changed since")
		}
		if err := work(ctx, q); err != nil {
			return err
		}
		if _, err := q.Exec(ctx, "INSERT INTO untold VALUES ($1) ON CONFLICT DO NOTHING", code); err != nil {
			return err
		}
		return q.QueryRow(ctx, "UPDATE links SET version = version + 1 WHERE code = $1 RETURNING version, url, expires_at, deleted", code).
			Scan(&now.Version, &now.URL, &now.Expires, &now.Deleted)
	})
	if err != nil {
		return found, err
	}
	now.Read = time.Now().UnixMilli()
	found.version, found.url, found.expires = now.Version, now.URL, now.Expires
	if a.follower.cache.put(code, now) == nil {
		go a.follower.told(code, now)
	}
	return found, nil
}

func (a *App) patch(w http.ResponseWriter, r *http.Request, who Caller, code string) error {
	content, err := body(r, "application/json", 64<<10)
	if err != nil {
		return err
	}
	fields, err := objectOf(content)
	if err != nil {
		return err
	}
	asked, wrong := a.read(fields, true)
	if wrong != nil {
		return &Problem{status: 422, wrong: wrong}
	}
	found, err := a.alter(r, who, code, func(ctx context.Context, q querier) error {
		_, err := q.Exec(ctx, "UPDATE links SET url = coalesce($2, url), expires_at = CASE WHEN $3 THEN $4 ELSE expires_at END WHERE code = $1", code, asked.url, asked.dated, asked.expires)
		return err
	})
	if err != nil {
		return err
	}
	w.Header().Set("ETag", found.tag())
	return send(w, 200, a.shown(found))
}

func (a *App) remove(w http.ResponseWriter, r *http.Request, who Caller, code string) error {
	_, err := a.alter(r, who, code, func(ctx context.Context, q querier) error {
		_, err := q.Exec(ctx, "UPDATE links SET deleted = true WHERE code = $1", code)
		return err
	})
	if err == nil {
		w.WriteHeader(204)
	}
	return err
}

func (a *App) list(w http.ResponseWriter, r *http.Request, who Caller) error {
	query := r.URL.Query()
	if !utf8.ValidString(query.Get("q")) {
		return problem(400, "the query must be UTF-8")
	}
	var wrong []Wrong
	limit, after, text := 50, int64(1<<62), query.Get("q")
	if query.Has("limit") {
		var err error
		if limit, err = strconv.Atoi(query.Get("limit")); err != nil || limit < 1 || limit > 200 {
			wrong = append(wrong, Wrong{"limit", "must be a whole number from 1 to 200"})
		}
	}
	if query.Has("after") {
		bytes, err := raw.DecodeString(query.Get("after"))
		if after, _ = strconv.ParseInt(string(bytes), 36, 64); err != nil || after < 1 {
			wrong = append(wrong, Wrong{"after", "must be the next of the page before"})
		}
	}
	if utf8.RuneCountInString(text) > 200 || strings.Contains(text, "\x00") {
		wrong = append(wrong, Wrong{"q", "must have at most 200 characters, and no U+0000"})
	}
	if wrong != nil {
		return &Problem{status: 422, wrong: wrong}
	}
	items, next := []any{}, any(nil)
	err := a.store.ask(1500*time.Millisecond, func(ctx context.Context, q querier) error {
		rows, err := q.Query(ctx, `SELECT `+columns+`, id FROM links l WHERE owner = $1 AND NOT deleted AND id < $2
			AND ($3 = '' OR strpos(lower(url), lower($3)) > 0 OR strpos(lower(code), lower($3)) > 0) ORDER BY id DESC LIMIT $4`, who.sub, after, text, limit+1)
		if err != nil {
			return err
		}
		var l Link
		var id, last int64
		_, err = pgx.ForEachRow(rows, []any{&l.code, &l.url, &l.owner, &l.created, &l.expires, &l.version, &l.clicks, &id}, func() error {
			if len(items) == limit {
				next = raw.EncodeToString([]byte(strconv.FormatInt(last, 36)))
				return nil
			}
			items, last = append(items, a.shown(l)), id
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	return send(w, 200, map[string]any{"items": items, "next": next})
}

// bulk makes the links of an import together.
func (a *App) bulk(w http.ResponseWriter, r *http.Request, who Caller) error {
	content, err := body(r, "application/x-ndjson", 4<<20)
	if err != nil {
		return err
	}
	answer, err := a.once(r, who, content, 20*time.Second, func(ctx context.Context, q querier) (Saved, error) {
		lines := bytes.Split(bytes.TrimSuffix(content, []byte("\n")), []byte("\n"))
		if len(content) == 0 {
			return Saved{}, problem(422, "there is no line")
		}
		if len(lines) > 10000 {
			return Saved{}, problem(413, "there are more than 10,000 lines")
		}
		told, err := a.lines(ctx, q, who, lines)
		var text bytes.Buffer
		for _, one := range told {
			json.NewEncoder(&text).Encode(one)
		}
		return Saved{200, "application/x-ndjson", "", text.Bytes()}, err
	})
	if err != nil {
		return err
	}
	answer.send(w)
	return nil
}

func (a *App) lines(ctx context.Context, q querier, who Caller, lines [][]byte) ([]any, error) {
	type bad struct {
		Line   int     `json:"line"`
		Errors []Wrong `json:"errors"`
	}
	type good struct {
		Line int    `json:"line"`
		Code string `json:"code"`
	}
	told, taken := make([]any, len(lines)), map[string]bool{}
	waiting := map[string]int{} // the code, and the line that wants it
	chosen := map[string]Asked{}
	var later []int
	all := make([]Asked, len(lines))
	for i, line := range lines {
		fields, err := objectOf(line)
		if err != nil {
			told[i] = bad{i + 1, []Wrong{{"", "must be a JSON object"}}}
			continue
		}
		asked, wrong := a.read(fields, false)
		all[i] = asked
		switch {
		case wrong != nil:
			told[i] = bad{i + 1, wrong}
		case asked.code == nil:
			later = append(later, i)
		case taken[*asked.code]:
			told[i] = bad{i + 1, []Wrong{{"code", "this code is taken"}}}
		default:
			taken[*asked.code] = true
			waiting[*asked.code], chosen[*asked.code] = i, asked
		}
	}
	for first := true; first || len(later) > 0; first = false {
		for _, i := range later {
			code := randomCode()
			for taken[code] {
				code = randomCode()
			}
			taken[code] = true
			waiting[code], chosen[code] = i, all[i]
		}
		later = nil
		var codes, urls []string
		var expires []*time.Time
		for code := range waiting {
			codes = append(codes, code)
		}
		// In the order of the lines, since that is the order of a list.
		slices.SortFunc(codes, func(a, b string) int { return waiting[a] - waiting[b] })
		for _, code := range codes {
			urls, expires = append(urls, *chosen[code].url), append(expires, chosen[code].expires)
		}
		rows, err := q.Query(ctx, `INSERT INTO links (code, url, owner, expires_at) SELECT code, url, $3, expires
			FROM unnest($1::text[], $2::text[], $4::timestamptz[]) WITH ORDINALITY AS t (code, url, expires, n) ORDER BY n ON CONFLICT DO NOTHING RETURNING code`, codes, urls, who.sub, expires)
		if err != nil {
			return nil, err
		}
		made, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, err
		}
		for _, code := range made {
			told[waiting[code]] = good{waiting[code] + 1, code}
			delete(waiting, code)
		}
		for code, i := range waiting {
			if all[i].code == nil {
				later = append(later, i)
			} else {
				told[i] = bad{i + 1, []Wrong{{"code", "this code is taken"}}}
			}
			delete(waiting, code)
		}
		slices.Sort(later)
	}
	return told, nil
}
