package main

import (
	"strings"
	"time"
)

// judge is 304, 412, or 0 for a request that is to be served (RFC 9110, 13.2.2).
func judge(f fields, tag string, modified time.Time) int {
	if list, ok := f.joined("if-match"); ok {
		if !matches(list, tag, false) {
			return 412
		}
	} else if since, ok := dateOf(f, "if-unmodified-since"); ok && modified.After(since) {
		return 412
	}
	if list, ok := f.joined("if-none-match"); ok {
		if matches(list, tag, true) {
			return 304
		}
	} else if since, ok := dateOf(f, "if-modified-since"); ok && !modified.After(since) {
		return 304
	}
	return 0
}

// matches says whether the tag is in the list; weak ones count if the comparison is weak. Tags may contain commas.
func matches(list, tag string, weakly bool) bool {
	if list == "*" {
		return true
	}
	found := false
	for list = strings.TrimLeft(list, " \t,"); list != ""; {
		isWeak := strings.HasPrefix(list, "W/")
		other, rest, ok := cutTag(strings.TrimPrefix(list, "W/"))
		if !ok {
			return false
		}
		found = found || other == tag && (weakly || !isWeak)
		rest = strings.TrimLeft(rest, " \t")
		if rest != "" && rest[0] != ',' {
			return false
		}
		list = strings.TrimLeft(rest, " \t,")
	}
	return found
}

func cutTag(text string) (tag, rest string, ok bool) {
	if text == "" || text[0] != '"' {
		return "", "", false
	}
	end := strings.IndexByte(text[1:], '"')
	if end < 0 || strings.ContainsAny(text[1:1+end], " \t") {
		return "", "", false
	}
	return text[:end+2], text[end+2:], true
}

func dateOf(f fields, name string) (time.Time, bool) {
	if text, ok := f.joined(name); ok {
		return readDate(text)
	}
	return time.Time{}, false
}

const twoDigitForm = "Monday, 02-Jan-06 15:04:05 GMT"

// readDate reads the three forms of RFC 9110, 5.6.7.
func readDate(text string) (time.Time, bool) {
	for _, form := range []string{dateForm, twoDigitForm, "Mon Jan _2 15:04:05 2006"} {
		date, err := time.Parse(form, text)
		// Parse also takes parts of a second, and days without their zero or space.
		if err != nil || strings.Count(text, ",") != strings.Count(form, ",") || strings.Contains(text, ".") {
			continue
		}
		if form != twoDigitForm && len(text) != len(form) {
			continue
		}
		if form == twoDigitForm {
			date = inThisCentury(date)
		}
		return date, true
	}
	return time.Time{}, false
}

// inThisCentury takes a year of two digits for one that is at most 50 years ahead.
func inThisCentury(date time.Time) time.Time {
	now := time.Now().UTC().Year()
	year := now - now%100 + date.Year()%100
	if year > now+50 {
		year -= 100
	}
	return date.AddDate(year-date.Year(), 0, 0)
}

// part is a range: from a byte to a byte, or the last so many.
type part struct {
	first, last int64
	isSuffix    bool
}

// rangeOf is the range of a request, if it has one that counts.
func rangeOf(r *request, tag string, modified time.Time) (part, bool) {
	text, ok := r.fields.joined("range")
	unit, spec, isSet := strings.Cut(text, "=")
	first, last, isRange := strings.Cut(spec, "-")
	if !ok || r.method != "GET" || !isSet || !isRange || !strings.EqualFold(unit, "bytes") || first+last == "" {
		return part{}, false
	}
	from, okFrom := position(first)
	to, okTo := position(last)
	if !okFrom || !okTo || first != "" && last != "" && to < from {
		return part{}, false
	}
	if condition, ok := r.fields.joined("if-range"); ok && condition != tag {
		if date, ok := readDate(condition); !ok || !date.Equal(modified) {
			return part{}, false
		}
	}
	if last == "" {
		to = enormous
	}
	return part{from, to, first == ""}, true
}

const enormous = int64(1) << 60

// position reads digits; more of them than a number holds mean an enormous one.
func position(digits string) (int64, bool) {
	value := int64(0)
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		if value = value*10 + int64(c-'0'); value > enormous/16 {
			value = enormous / 16
		}
	}
	return value, true
}

// within is where the part begins in so many bytes, and how long it is: 0 if it is not in them.
func (p part) within(size int64) (first, length int64) {
	if p.isSuffix {
		length = min(p.last, size)
		return size - length, length
	}
	if p.first >= size {
		return 0, 0
	}
	return p.first, min(p.last, size-1) - p.first + 1
}
