package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var (
	errTooLate  = errors.New("what was due did not come in time")
	errEnded    = errors.New("the client sends no more")
	errStopping = errors.New("the program stops")
	errNotTaken = errors.New("the client takes nothing of its answer")
)

const (
	lookAgain     = 100 * time.Millisecond // how often to see whether a client takes its answer
	lingerFor     = 1500 * time.Millisecond
	lingerAtEnd   = 150 * time.Millisecond
	writeAtOnce   = 64 * 1024
	ordinaryBytes = 4096 // of the buffer in which heads arrive
)

var longAgo = time.Unix(1, 0)

// wire is a connection as bytes: what came and is not used yet, and how long to wait.
type wire struct {
	tcp      *net.TCPConn
	raw      syscall.RawConn
	stall    time.Duration
	stopping *atomic.Bool

	buffer     []byte // has the bytes from start to end
	start, end int

	sent, taken int64
	takenAt     time.Time

	lock  sync.Mutex
	heeds bool // that the program stops ends the wait for input
}

func newWire(tcp *net.TCPConn, stall time.Duration, stopping *atomic.Bool) (*wire, error) {
	raw, err := tcp.SyscallConn()
	return &wire{tcp: tcp, raw: raw, stall: stall, stopping: stopping, takenAt: time.Now()}, err
}

// unused is what has come and was not consumed.
func (w *wire) unused() []byte { return w.buffer[w.start:w.end] }

func (w *wire) consume(count int) {
	w.start += count
	if w.start == w.end {
		w.start, w.end = 0, 0
		if len(w.buffer) > ordinaryBytes {
			w.buffer = nil // an idle connection keeps little
		}
	}
}

// fill adds some of what comes to the unused bytes.
func (w *wire) fill(until time.Time, heeds bool) error {
	w.makeRoom()
	count, err := w.read(w.buffer[w.end:], until, heeds)
	w.end += count
	return err
}

func (w *wire) makeRoom() {
	if w.end < len(w.buffer) {
		return
	}
	if w.start > 0 {
		w.end = copy(w.buffer, w.unused())
		w.start = 0
		return
	}
	bigger := make([]byte, max(ordinaryBytes, 2*len(w.buffer)))
	copy(bigger, w.buffer)
	w.buffer = bigger
}

// read waits for input until a moment, and, if it heeds that the program stops, at most until then.
func (w *wire) read(into []byte, until time.Time, heeds bool) (int, error) {
	w.arm(until, heeds)
	count, err := w.tcp.Read(into)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if !heeds || !w.stopping.Load() {
			return 0, errTooLate
		}
		return w.readNoWait(into)
	}
	if count == 0 && err != nil && !isReset(err) {
		return 0, errEnded
	}
	return count, err
}

// readNoWait reads what has come before the program was told to stop.
func (w *wire) readNoWait(into []byte) (int, error) {
	w.tcp.SetReadDeadline(time.Time{})
	count, failure := 0, error(nil)
	err := w.raw.Read(func(fd uintptr) bool {
		count, failure = syscall.Read(int(fd), into)
		return true
	})
	if err != nil || failure != nil || count <= 0 {
		return 0, errStopping
	}
	return count, nil
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func (w *wire) arm(until time.Time, heeds bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.heeds = heeds
	if heeds && w.stopping.Load() {
		until = longAgo
	}
	w.tcp.SetReadDeadline(until)
}

// wake ends a wait that heeds the end of the program.
func (w *wire) wake() {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.heeds {
		w.tcp.SetReadDeadline(longAgo)
	}
}

// write sends all of it. A client that takes nothing for too long is an error.
func (w *wire) write(data []byte) error {
	for len(data) > 0 {
		if _, err := w.untaken(); err != nil {
			return err
		}
		w.tcp.SetWriteDeadline(time.Now().Add(min(lookAgain, w.stall)))
		count, err := w.tcp.Write(data[:min(len(data), writeAtOnce)])
		w.sent += int64(count)
		data = data[count:]
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
	return nil
}

// untaken asks the kernel how much of what was sent the client's side has not acknowledged. A socket becomes writable only in large
// steps, so a client that takes little would look like one that takes nothing.
func (w *wire) untaken() (int64, error) {
	var waiting int32
	err := w.raw.Control(func(fd uintptr) {
		syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&waiting)))
	})
	if err != nil {
		return 0, err
	}
	now := time.Now()
	if taken := w.sent - int64(waiting); waiting == 0 || taken != w.taken {
		w.taken, w.takenAt = taken, now
	}
	if now.Sub(w.takenAt) >= w.stall {
		return 0, errNotTaken
	}
	return int64(waiting), nil
}

// linger ends the connection so that the answer arrives: closing a socket with unread input would send a reset.
func (w *wire) linger() error {
	w.tcp.CloseWrite()
	w.sent++ // the end has a number like a byte
	waste := make([]byte, 16*1024)
	until := time.Now().Add(lingerFor)
	atEnd := time.Time{}
	for time.Now().Before(until) {
		_, err := w.read(waste, time.Now().Add(lookAgain), false)
		if err == errEnded {
			break
		}
		if err != nil && err != errTooLate {
			return err
		}
		waiting, err := w.untaken()
		if err != nil {
			return err
		}
		if waiting > 0 {
			until = time.Now().Add(lingerFor)
		}
		if waiting == 0 && w.stopping.Load() && atEnd.IsZero() {
			atEnd = time.Now().Add(lingerAtEnd)
		}
		if !atEnd.IsZero() && time.Now().After(atEnd) {
			break
		}
	}
	for !w.isBroken() {
		waiting, err := w.untaken()
		if waiting == 0 || err != nil {
			return err
		}
		time.Sleep(lookAgain)
	}
	return nil
}

// isBroken says whether the client has reset the connection.
func (w *wire) isBroken() bool {
	broken := true
	w.raw.Control(func(fd uintptr) {
		value, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR)
		broken = err != nil || value != 0
	})
	return broken
}

// close ends it; with a reset if what was sent is to be thrown away.
func (w *wire) close(reset bool) {
	if reset {
		w.tcp.SetLinger(0)
	}
	w.tcp.Close()
}

// line is the next line, without its end; `limit` bytes at most with it, or tooLong. It stays valid until the next fill.
func (w *wire) line(limit int, tooLong *refusal, fill func() error) ([]byte, error) {
	for seen := 0; ; {
		bytesHere := w.unused()
		if at := bytes.IndexAny(bytesHere[seen:], "\r\n"); at >= 0 {
			at += seen
			switch {
			case bytesHere[at] == '\n':
				return nil, refuse(400, "a line ends with CRLF")
			case at+1 < len(bytesHere) && bytesHere[at+1] != '\n':
				return nil, refuse(400, "CR is allowed before LF only")
			case at+1 < len(bytesHere):
				if at+2 > limit {
					return nil, tooLong
				}
				w.consume(at + 2)
				return bytesHere[:at], nil
			}
			seen = at
		} else {
			seen = len(bytesHere)
		}
		if len(bytesHere) > limit {
			return nil, tooLong
		}
		if err := fill(); err != nil {
			return nil, err
		}
	}
}
