package main

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"
)

const readLimit = 64 << 10

// A network opens connections within the user's limits and the system's.
type network struct {
	timeout time.Duration
	pace    *pacer
	slots   *slots
}

func newNetwork(opts options) *network {
	return &network{timeout: opts.timeout, pace: newPacer(opts.rate), slots: newSlots(opts.concurrency)}
}

// A conn is a connection with an end: it reads at most readLimit bytes and expires at its deadline.
type conn struct {
	net.Conn
	slots    *slots
	start    time.Time
	deadline time.Time
	left     int
}

func (c *conn) Read(into []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(into[:min(len(into), c.left)])
	c.left -= n
	return n, err
}

func (c *conn) Close() error {
	err := c.Conn.Close()
	c.slots.release()
	return err
}

// A connected is what came of an attempt. The conn is nil if there is nothing to talk to, even if the port is open.
type connected struct {
	conn  *conn
	state string
	rtt   time.Duration
}

// connect tries until the system has a file descriptor for it: running out of them says nothing about the port.
func (n *network) connect(to netip.AddrPort) connected {
	for {
		n.slots.acquire()
		n.pace.wait()
		start := time.Now()
		deadline := start.Add(n.timeout)
		dialer := net.Dialer{Deadline: deadline, KeepAlive: -1}
		raw, err := dialer.Dial("tcp", to.String())
		rtt := time.Since(start)
		if err == nil && !isSelfConnect(raw) {
			raw.SetDeadline(deadline)
			return connected{&conn{raw, n.slots, start, deadline, readLimit}, stateOpen, rtt}
		}
		if err == nil {
			raw.Close()
			n.slots.release()
			return connected{nil, stateClosed, rtt}
		}
		if isShortage(err) {
			n.slots.shrink()
			continue
		}
		n.slots.release()
		return connected{nil, stateOf(err), rtt}
	}
}

// isSelfConnect recognizes the loopback oddity in which a socket picks the very port it connects to as its own:
// two SYNs cross, the handshake completes, and nobody is there.
func isSelfConnect(c net.Conn) bool {
	return c.LocalAddr().String() == c.RemoteAddr().String()
}

func isShortage(err error) bool {
	for _, shortage := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL,
	} {
		if errors.Is(err, shortage) {
			return true
		}
	}
	return false
}

func stateOf(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return stateClosed
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		// A reset instead of a SYN-ACK is ECONNREFUSED. This one came after the handshake, before we could look.
		return stateOpen
	default:
		return stateFiltered
	}
}
