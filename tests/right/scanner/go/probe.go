package main

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"strings"
	"unicode/utf8"
)

// silence is the part of a connection's life in which the server may speak first: a quarter.
const silence = 4

const bannerLimit = 200

// scan finds out about one port. It calls opened as soon as the port is known to be open.
func (n *network) scan(job job, opened func(result)) result {
	to := netip.AddrPortFrom(job.host.addr, job.port)
	first := n.connect(to)
	found := result{Host: job.host.String(), Port: job.port, State: first.state}
	if first.state != stateFiltered {
		rtt := milliseconds(first.rtt)
		found.RTT = &rtt
	}
	if first.state != stateOpen {
		return found
	}
	opened(found)

	if first.conn != nil {
		found.talk(first.conn)
		first.conn.Close()
	}
	if found.mayBeTLS() {
		if second := n.connect(to); second.conn != nil {
			found.talkTLS(second.conn, job.host.name)
			second.conn.Close()
		}
	}
	return found
}

// talk lets the server speak first; if it does not, it is asked for its front page.
func (r *result) talk(c *conn) {
	c.SetReadDeadline(c.start.Add(c.deadline.Sub(c.start) / silence))
	heard := make([]byte, 4096)
	n, err := c.Read(heard)
	heard = heard[:n]
	c.SetReadDeadline(c.deadline)
	switch {
	case bytes.HasPrefix(heard, []byte("HTTP/")):
		// A web server that had enough before it was asked, such as one that answers 408 at once.
		r.setHTTP(readAnswer(c, heard), "http")
	case n > 0:
		r.setBanner(readLine(c, heard))
	case errors.Is(err, os.ErrDeadlineExceeded):
		r.setHTTP(ask(c, r.Host, r.Port), "http")
	}
}

func (r *result) setHTTP(info *httpInfo, service string) {
	if info != nil {
		r.HTTP = info
		r.Service = &service
	}
}

func (r *result) setBanner(line []byte) {
	banner := clip(text(line), bannerLimit)
	r.Banner = &banner
	if service := serviceOf(banner); service != "" {
		r.Service = &service
	}
}

// mayBeTLS: web servers tell those who speak HTTP to their TLS port so with a 400, in plain HTTP.
func (r *result) mayBeTLS() bool {
	return r.Banner == nil && (r.HTTP == nil || r.HTTP.Status == 400)
}

func (r *result) talkTLS(c *conn, name string) {
	secure, info := handshake(c, name)
	if info == nil {
		return
	}
	r.TLS = info
	r.HTTP, r.Service = nil, nil // what a TLS port says in plain HTTP is a complaint
	if info.ALPN != nil {
		service := "https" // it chose one of the two protocols offered, both HTTP
		r.Service = &service
	}
	if info.ALPN == nil || *info.ALPN == "http/1.1" {
		r.setHTTP(ask(secure, r.Host, r.Port), "https")
	}
}

// readLine reads on until the line that has begun ends, or is longer than anyone wants to know.
func readLine(c *conn, heard []byte) []byte {
	more := make([]byte, 1024)
	for !bytes.Contains(heard, []byte("\n")) && len(heard) < bannerLimit*utf8.UTFMax {
		n, err := c.Read(more)
		heard = append(heard, more[:n]...)
		if err != nil {
			break
		}
	}
	line, _, _ := bytes.Cut(heard, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}

func serviceOf(banner string) string {
	upper := strings.ToUpper(banner)
	switch {
	case strings.HasPrefix(banner, "SSH-"):
		return "ssh"
	case strings.HasPrefix(banner, "220") && strings.Contains(upper, "SMTP"):
		return "smtp"
	case strings.HasPrefix(banner, "220") && strings.Contains(upper, "FTP"):
		return "ftp"
	case strings.HasPrefix(banner, "+OK"):
		return "pop3"
	case strings.HasPrefix(banner, "* OK"):
		return "imap"
	}
	return ""
}

// text decodes bytes from the network: what is not UTF-8 becomes U+FFFD, which is what the conversion to runes does.
func text(raw []byte) string {
	return string([]rune(string(raw)))
}

func clip(s string, limit int) string {
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit])
	}
	return s
}
