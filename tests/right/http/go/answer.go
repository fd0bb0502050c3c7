package main

import (
	"fmt"
	"strings"
	"time"
)

const dateForm = "Mon, 02 Jan 2006 15:04:05 GMT"

var reasons = map[int]string{
	200: "OK", 206: "Partial Content", 301: "Moved Permanently", 304: "Not Modified", 400: "Bad Request", 404: "Not Found",
	405: "Method Not Allowed", 408: "Request Timeout", 412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long",
	416: "Range Not Satisfiable", 417: "Expectation Failed", 431: "Request Header Fields Too Large", 501: "Not Implemented",
	503: "Service Unavailable", 505: "HTTP Version Not Supported",
}

// answer is a status, fields, and a body: bytes, or something that writes itself.
type answer struct {
	status int
	fields []field
	body   []byte
	length int64                                      // of what `send` writes, -1 if nobody knows
	send   func(write func(piece []byte) error) error // instead of a body
	done   func()
}

func plain(status int, words string, more ...field) *answer {
	return &answer{status: status, fields: append(more, field{"Content-Type", "text/plain; charset=utf-8"}), body: []byte(words)}
}

// endsOpen says that the length is not known before the end.
func (a *answer) endsOpen() bool { return a.send != nil && a.length < 0 }

func (a *answer) head(minor int, closes bool) []byte {
	var text strings.Builder
	fmt.Fprintf(&text, "HTTP/1.1 %d %s\r\n", a.status, reasons[a.status])
	fmt.Fprintf(&text, "Date: %s\r\n", time.Now().UTC().Format(dateForm))
	for _, one := range a.fields {
		fmt.Fprintf(&text, "%s: %s\r\n", one.name, one.value)
	}
	switch {
	case a.status == 304:
	case a.endsOpen():
		if minor > 0 {
			text.WriteString("Transfer-Encoding: chunked\r\n")
		}
	case a.send != nil:
		fmt.Fprintf(&text, "Content-Length: %d\r\n", a.length)
	default:
		fmt.Fprintf(&text, "Content-Length: %d\r\n", len(a.body))
	}
	if closes {
		text.WriteString("Connection: close\r\n")
	}
	text.WriteString("\r\n")
	return []byte(text.String())
}

// sendTo writes the answer; its head leaves together with the first piece of its body.
func (a *answer) sendTo(w *wire, r *request, closes bool) error {
	if a.done != nil {
		defer a.done()
	}
	head := a.head(r.minor, closes)
	if r.method == "HEAD" || a.status == 304 {
		return w.write(head)
	}
	if a.send == nil {
		if len(a.body) > writeAtOnce {
			if err := w.write(head); err != nil {
				return err
			}
			return w.write(a.body)
		}
		return w.write(append(head, a.body...))
	}
	inChunks := a.endsOpen() && r.minor > 0
	err := a.send(func(piece []byte) error {
		if inChunks {
			head = fmt.Appendf(head, "%X\r\n", len(piece))
		}
		head = append(head, piece...)
		if inChunks {
			head = append(head, "\r\n"...)
		}
		err := w.write(head)
		head = head[:0]
		return err
	})
	if err == nil && inChunks {
		head = append(head, "0\r\n\r\n"...)
	}
	if err == nil && len(head) > 0 {
		err = w.write(head)
	}
	return err
}
