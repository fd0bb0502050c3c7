package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net"
	"regexp"
	"strconv"
	"strings"
)

type httpInfo struct {
	Status   int     `json:"status"`
	Server   *string `json:"server"`
	Title    *string `json:"title"`
	Location *string `json:"location"`
}

// Package net/http would be of little help: it gives an answer in full or an error, and here half an answer counts.

// ask requests the front page. It returns nil if the answer is not HTTP.
func ask(c io.ReadWriter, host string, port uint16) *httpInfo {
	_, err := fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: scanner\r\nAccept: */*\r\nConnection: close\r\n\r\n",
		net.JoinHostPort(host, strconv.Itoa(int(port))))
	if err != nil {
		return nil
	}
	return readAnswer(c, nil)
}

// readAnswer reads on from what was heard until all that is wanted is there, or nothing more comes.
func readAnswer(c io.Reader, heard []byte) *httpInfo {
	more := make([]byte, 16<<10)
	wanted := math.MaxInt // how many bytes make the answer whole, once its headers told
	for {
		n, err := c.Read(more)
		fresh := max(0, len(heard)-len("</title")) // a mark may have begun earlier
		heard = append(heard, more[:n]...)
		if err != nil || !looksLikeHTTP(heard) {
			break
		}
		if len(heard) < wanted && !hasMark(heard[fresh:]) {
			continue
		}
		if answer := parseAnswer(heard); answer.complete() {
			break
		} else if answer != nil {
			wanted = answer.length
		}
	}
	answer := parseAnswer(heard)
	if answer == nil {
		return nil
	}
	return answer.info()
}

func looksLikeHTTP(heard []byte) bool {
	const mark = "HTTP/"
	length := min(len(mark), len(heard))
	return string(heard[:length]) == mark[:length]
}

// hasMark finds what may complete an answer: the end of its headers, its chunks or its title. It spares us parsing
// 64 KiB 65,536 times when a server sends them byte by byte.
func hasMark(fresh []byte) bool {
	return bytes.Contains(fresh, []byte("\r\n\r\n")) || bytes.Contains(fresh, []byte("\n\n")) ||
		bytes.Contains(bytes.ToLower(fresh), []byte("</title"))
}

// An answer is a parsed response, perhaps only its beginning.
type answer struct {
	status  int
	headers map[string]string
	body    []byte
	length  int  // bytes of the whole answer, headers included, if it says
	ended   bool // the body is all there
}

var statusLine = regexp.MustCompile(`^HTTP/\d+(?:\.\d+)? +(\d{3})(?:[ \r\n]|$)`)

// parseAnswer returns nil if raw does not begin like an HTTP response.
func parseAnswer(raw []byte) *answer {
	match := statusLine.FindSubmatch(raw)
	if match == nil {
		return nil
	}
	status, _ := strconv.Atoi(string(match[1]))
	headers, body, whole := parseHeaders(raw)
	if status >= 100 && status < 200 && status != 101 && whole {
		if final := parseAnswer(body); final != nil {
			return final
		}
	}
	result := &answer{status: status, headers: headers, length: math.MaxInt}
	if whole {
		result.unwrap(body)
		if size, known := result.size(); known {
			result.length = len(raw) - len(body) + size
		}
	}
	return result
}

// parseHeaders takes complete lines only: a header cut off in the middle would be a wrong value. Of headers sent twice
// it keeps the first.
func parseHeaders(raw []byte) (headers map[string]string, body []byte, whole bool) {
	headers = map[string]string{}
	_, rest, _ := bytes.Cut(raw, []byte("\n"))
	for {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		if !found {
			return headers, nil, false
		}
		rest = after
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			return headers, rest, true
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		key := strings.ToLower(strings.TrimSpace(text(name)))
		if _, known := headers[key]; !known {
			headers[key] = strings.TrimSpace(text(value))
		}
	}
}

// unwrap undoes the framing of the body.
func (a *answer) unwrap(body []byte) {
	size, known := a.size()
	switch {
	case a.status == 204 || a.status == 304:
		a.ended = true
	case strings.Contains(strings.ToLower(a.headers["transfer-encoding"]), "chunked"):
		a.body, a.ended = dechunk(body)
	case known && size <= len(body):
		a.body, a.ended = body[:size], true
	default:
		a.body = body
	}
}

// size is what Content-Length says. A body beyond the limit of a connection is as good as endless.
func (a *answer) size() (int, bool) {
	size, err := strconv.ParseUint(a.headers["content-length"], 10, 63)
	return int(size), err == nil && size <= readLimit
}

// dechunk takes what is there of a chunked body. A chunk that makes no sense is the end.
func dechunk(body []byte) (plain []byte, ended bool) {
	for {
		line, rest, found := bytes.Cut(body, []byte("\n"))
		if !found {
			return plain, false
		}
		digits, _, _ := strings.Cut(string(line), ";")
		size, err := strconv.ParseUint(strings.TrimSpace(digits), 16, 63)
		if err != nil || size == 0 {
			return plain, true
		}
		if size > uint64(len(rest)) {
			return append(plain, rest...), false
		}
		plain = append(plain, rest[:size]...)
		body = bytes.TrimPrefix(bytes.TrimPrefix(rest[size:], []byte("\r")), []byte("\n"))
	}
}

// complete tells whether reading on would add nothing.
func (a *answer) complete() bool {
	return a != nil && (a.ended || a.title() != nil)
}

func (a *answer) info() *httpInfo {
	return &httpInfo{Status: a.status, Server: a.header("server"), Title: a.title(), Location: a.header("location")}
}

func (a *answer) header(name string) *string {
	if value, found := a.headers[name]; found {
		return &value
	}
	return nil
}

// (?s): a title may span lines. The character after the name keeps <titlebar> out.
var titleTag = regexp.MustCompile(`(?is)<title(?:[\s/][^>]*)?>(.*?)</title`)

func (a *answer) title() *string {
	match := titleTag.FindSubmatch(a.body)
	if match == nil {
		return nil
	}
	title := strings.Join(strings.Fields(text(match[1])), " ")
	return &title
}
