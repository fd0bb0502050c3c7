package main

import (
	"errors"
	"io"
	"time"
)

// conversation is what happens on one connection.
type conversation struct {
	*wire
	settings  *Settings
	idleSince time.Time
}

// serve answers requests until the connection ends.
func (c *conversation) serve() {
	c.idleSince = time.Now()
	var err error
	for again := true; again && err == nil; {
		again, err = c.serveOne()
	}
	if err == nil {
		err = c.linger()
	}
	isQuiet := err == nil || err == errEnded || err == errTooLate || err == errStopping
	c.close(!isQuiet)
}

// serveOne answers one request; whether another may follow.
func (c *conversation) serveOne() (bool, error) {
	if err := c.awaitRequest(); err != nil {
		return false, err
	}
	r := &request{minor: 1}
	a, closes, err := c.answerFor(r)
	var refused *refusal
	if errors.As(err, &refused) {
		a, closes = plain(refused.status, refused.why+"\n"), true
	} else if err != nil {
		return false, err
	}
	closes = closes || r.wantsClose() || r.minor == 0 || c.stopping.Load()
	if err := a.sendTo(c.wire, r, closes); err != nil {
		return false, err
	}
	c.idleSince = time.Now()
	return !closes && !c.stopping.Load(), nil
}

// answerFor reads a request and finds its answer, and whether the connection has to end with it.
func (c *conversation) answerFor(r *request) (*answer, bool, error) {
	if err := c.readHead(r); err != nil {
		return nil, true, err
	}
	b := &body{wire: c.wire, request: r, maxHead: c.settings.maxHead, maxBody: c.settings.maxBody, into: io.Discard}
	found := find(r, b, c.settings.root)
	a := refusalOf(r, found)
	if a == nil && found.into != nil {
		b.into = found.into
	}
	early := errors.New("an answer before the body")
	if expects := r.fields.elements("expect"); len(expects) > 0 && r.minor > 0 {
		if a == nil && found.into == nil && r.hasBody() {
			a = found.answer()
		}
		b.beforeWaiting = func() error {
			if a != nil && a.status >= 400 {
				return early
			}
			return c.write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
		}
	}
	err := b.readAll()
	if err == early {
		return a, true, nil
	}
	if err != nil {
		if a != nil && a.done != nil {
			a.done()
		}
		return nil, true, err
	}
	if a == nil {
		a = found.answer()
	}
	return a, false, nil
}

// awaitRequest returns when a request begins. Empty lines before it are ignored.
func (c *conversation) awaitRequest() error {
	for {
		for len(c.unused()) >= 2 && string(c.unused()[:2]) == "\r\n" {
			c.consume(2)
		}
		if here := c.unused(); len(here) > 1 || len(here) == 1 && here[0] != '\r' {
			return nil
		}
		waiting, err := c.untaken()
		if err != nil {
			return err
		}
		until := time.Now().Add(lookAgain)
		if waiting > 0 {
			c.idleSince = time.Now() // the answer before has not ended
		} else {
			until = c.idleSince.Add(c.settings.idle)
		}
		if time.Since(c.idleSince) >= c.settings.idle {
			return errTooLate
		}
		if err := c.fill(until, true); err != nil && err != errTooLate {
			return err
		}
	}
}

func (c *conversation) readHead(r *request) error {
	until := time.Now().Add(c.settings.head)
	fill := func() error {
		err := c.fill(until, true)
		if err == errTooLate {
			return refuse(408, "the head took too long")
		}
		return err
	}
	left := c.settings.maxHead
	line, err := c.line(left, refuse(414, "the request line is too long"), fill)
	if err != nil {
		return err
	}
	left -= len(line) + 2
	if err := r.readLine(line); err != nil {
		return err
	}
	for {
		line, err := c.line(left, refuse(431, "the head is too long"), fill)
		if err != nil {
			return err
		}
		if len(line) == 0 {
			break
		}
		left -= len(line) + 2
		one, err := readField(line)
		if err != nil {
			return err
		}
		r.fields = append(r.fields, one)
	}
	if err := r.checkHost(); err != nil {
		return err
	}
	return r.frame(c.settings.maxBody)
}
