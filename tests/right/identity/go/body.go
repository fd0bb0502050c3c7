package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const longestBody = 64 << 10

// body reads it whole, if it is of that type.
func (a *Ask) body(media string) []byte {
	given, _, _ := strings.Cut(a.request.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(given), media) {
		panic(problem(415, "the body must be "+media))
	}
	var body []byte
	var err error
	a.notCounted(func() { body, err = io.ReadAll(http.MaxBytesReader(a.ResponseWriter, a.request.Body, longestBody)) })
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		panic(problem(413, "the body has more than 65536 bytes"))
	}
	if err != nil {
		panic(problem(400, "the body was cut off"))
	}
	return body
}

// A rule gives back the value that counts, or what is wrong with it.
type rule func(json.RawMessage) (any, string)

// fields reads a JSON object; everything that is wrong is told at once.
func (a *Ask) fields(rules map[string]rule) map[string]any {
	body := bytes.TrimSpace(a.body("application/json"))
	var given map[string]json.RawMessage
	if !utf8.Valid(body) || len(body) == 0 || body[0] != '{' || json.Unmarshal(body, &given) != nil {
		panic(problem(400, "the body is no JSON object"))
	}
	found, bad := map[string]any{}, []Wrong(nil)
	for field, rule := range rules {
		value, why := any(nil), "is missing"
		if raw, there := given[field]; there {
			value, why = rule(raw)
		}
		if why != "" {
			bad = append(bad, Wrong{field, why})
		}
		found[field] = value
	}
	for field := range given {
		if rules[field] == nil {
			bad = append(bad, Wrong{field, "is not known"})
		}
	}
	if bad != nil {
		slices.SortFunc(bad, func(one, other Wrong) int { return strings.Compare(one.Field, other.Field) })
		panic(&Problem{status: 422, detail: "some fields are wrong", wrong: bad})
	}
	return found
}

// form reads a form; what stands in it twice is a mistake.
func (a *Ask) form() map[string]string {
	pairs, ok := pairsOf(string(a.body("application/x-www-form-urlencoded")))
	form := map[string]string{}
	for _, pair := range pairs {
		_, twice := form[pair.name]
		ok = ok && !twice && !strings.Contains(pair.value, "\x00")
		form[pair.name] = pair.value
	}
	if !ok {
		panic(oauthError("invalid_request"))
	}
	return form
}

// need is for what a form must have.
func need(form map[string]string, names ...string) {
	for _, name := range names {
		if _, there := form[name]; !there {
			panic(oauthError("invalid_request"))
		}
	}
}

// halfPair finds a \u escape of half of a pair of surrogates, which no text can have.
func halfPair(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		if i >= len(raw) || raw[i] != 'u' {
			continue
		}
		first := unit(raw, i)
		i += 4
		if first < 0xd800 || first > 0xdfff {
			continue
		}
		if first > 0xdbff || i+2 >= len(raw) || raw[i+1] != '\\' || raw[i+2] != 'u' {
			return true
		}
		if second := unit(raw, i+2); second < 0xdc00 || second > 0xdfff {
			return true
		}
		i += 6
	}
	return false
}

func unit(raw []byte, at int) int64 {
	if at+5 > len(raw) {
		return 0
	}
	value, _ := strconv.ParseInt(string(raw[at+1:at+5]), 16, 32)
	return value
}
