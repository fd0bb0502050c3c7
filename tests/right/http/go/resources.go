package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	countMost   = 10_000_000
	pauseMost   = 60_000
	linesAtOnce = 16 * 1024 // bytes
)

var knownMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

// resource answers requests; where it wants their bodies, it says where they go.
type resource struct {
	methods []string
	into    io.Writer // nil: the body is read and forgotten
	answer  func() *answer
}

// find is the resource that is asked for, or nil.
func find(r *request, b *body, root string) *resource {
	reading := knownMethods[:2]
	switch {
	case r.path == "/healthz":
		return &resource{reading, nil, func() *answer { return plain(200, "ok") }}
	case r.path == "/mirror" || strings.HasPrefix(r.path, "/mirror/"):
		sum := sha256.New()
		return &resource{knownMethods, sum, func() *answer { return mirror(r, b.read, sum) }}
	case r.path == "/echo":
		content := new(bytes.Buffer)
		return &resource{[]string{"POST", "PUT"}, content, func() *answer { return echo(r, content) }}
	case r.path == "/count":
		return &resource{reading, nil, func() *answer { return count(r.query) }}
	case isFile(r):
		return &resource{reading, nil, func() *answer { return fileAnswer(r, root) }}
	}
	return nil
}

// refusalOf is the answer to what no resource takes, or nil.
func refusalOf(r *request, found *resource) *answer {
	if !slices.Contains(knownMethods, r.method) {
		return plain(501, "unknown method\n")
	}
	for _, expectation := range r.fields.elements("expect") {
		if expectation != "100-continue" {
			return plain(417, "unknown expectation\n")
		}
	}
	if found == nil {
		return plain(404, "not found\n")
	}
	if !slices.Contains(found.methods, r.method) {
		return plain(405, "not with this method\n", field{"Allow", strings.Join(found.methods, ", ")})
	}
	return nil
}

func echo(r *request, content *bytes.Buffer) *answer {
	kind := "application/octet-stream"
	if kinds := r.fields.all("content-type"); len(kinds) > 0 && kinds[0] != "" {
		kind = kinds[0]
	}
	return &answer{status: 200, fields: []field{{"Content-Type", kind}}, body: content.Bytes()}
}

func mirror(r *request, bodyBytes int64, sum hash.Hash) *answer {
	method := r.method
	if method == "HEAD" {
		method = "GET" // so that the length is that of the answer to GET
	}
	document := map[string]any{
		"method": method, "target": r.target, "path": r.path, "query": r.query, "version": "1." + strconv.Itoa(r.minor),
		"fields": pairs(r.fields), "trailers": pairs(r.trailers),
		"body_bytes": bodyBytes, "body_sha256": hex.EncodeToString(sum.Sum(nil)),
	}
	text, _ := json.Marshal(document)
	return &answer{status: 200, fields: []field{{"Content-Type", "application/json"}}, body: text}
}

func pairs(list fields) [][2]string {
	pairs := make([][2]string, 0, len(list))
	for _, one := range list {
		pairs = append(pairs, [2]string{one.name, latin1(one.value)})
	}
	return pairs
}

// latin1 makes a character of each byte: values are bytes, JSON is text.
func latin1(value string) string {
	runes := make([]rune, len(value))
	for at := range len(value) {
		runes[at] = rune(value[at])
	}
	return string(runes)
}

func count(query string) *answer {
	to, pause := -1, 0
	seen := map[string]bool{}
	for _, part := range strings.Split(query, "&") {
		name, text, _ := strings.Cut(part, "=")
		value, err := strconv.ParseUint(text, 10, 32)
		most := map[string]int{"to": countMost, "pause_ms": pauseMost}[name]
		if most == 0 {
			continue
		}
		if err != nil || int(value) > most || seen[name] {
			return plain(400, "a parameter is wrong\n")
		}
		seen[name] = true
		if name == "to" {
			to = int(value)
		} else {
			pause = int(value)
		}
	}
	if to < 0 {
		return plain(400, "to is missing\n")
	}
	return &answer{
		status: 200, fields: []field{{"Content-Type", "text/plain"}}, length: -1,
		send: func(write func([]byte) error) error { return countTo(to, time.Duration(pause)*time.Millisecond, write) },
	}
}

func countTo(to int, pause time.Duration, write func([]byte) error) error {
	var lines []byte
	for number := 1; number <= to; number++ {
		lines = append(strconv.AppendInt(lines, int64(number), 10), '\n')
		if number < to && pause == 0 && len(lines) < linesAtOnce {
			continue
		}
		if err := write(lines); err != nil {
			return err
		}
		lines = lines[:0]
		if number < to {
			time.Sleep(pause)
		}
	}
	return nil
}
