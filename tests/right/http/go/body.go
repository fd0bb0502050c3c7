package main

import (
	"io"
	"time"
)

const chunkLineBytes = 4096 + 2 // size and extension, and the end of the line

// body reads the body of a request and gives it, piece by piece, to whoever wants it.
type body struct {
	wire    *wire
	request *request
	maxHead int
	maxBody int64
	into    io.Writer
	read    int64

	// beforeWaiting is called once, if the body is not there yet.
	beforeWaiting func() error
}

func (b *body) fill() error {
	if call := b.beforeWaiting; call != nil {
		b.beforeWaiting = nil
		if err := call(); err != nil {
			return err
		}
	}
	err := b.wire.fill(time.Now().Add(b.wire.stall), false)
	if err == errTooLate {
		return refuse(408, "nothing of the body came for too long")
	}
	return err
}

func (b *body) readAll() error {
	if b.request.chunked {
		return b.readChunks()
	}
	return b.readBytes(b.request.length)
}

func (b *body) readBytes(count int64) error {
	for count > 0 {
		here := b.wire.unused()
		if len(here) == 0 {
			if err := b.fill(); err != nil {
				return err
			}
			continue
		}
		here = here[:min(int64(len(here)), count)]
		b.into.Write(here)
		b.read += int64(len(here))
		count -= int64(len(here))
		b.wire.consume(len(here))
	}
	return nil
}

func (b *body) readChunks() error {
	for {
		line, err := b.wire.line(chunkLineBytes, refuse(413, "an extension is too long"), b.fill)
		if err != nil {
			return err
		}
		size, err := chunkSize(line)
		if err != nil {
			return err
		}
		if size == 0 {
			return b.readTrailers()
		}
		if size > uint64(b.maxBody-b.read) {
			return refuse(413, "the body is too long")
		}
		if err := b.readBytes(int64(size)); err != nil {
			return err
		}
		if err := b.readChunkEnd(); err != nil {
			return err
		}
	}
}

func chunkSize(line []byte) (uint64, error) {
	size, digits := uint64(0), 0
	for digits < len(line) && hexValue(line[digits]) >= 0 && digits < 17 {
		size = size<<4 | uint64(hexValue(line[digits]))
		digits++
	}
	rest := line[digits:]
	for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
		rest = rest[1:]
	}
	isPlain := digits == len(line)
	if digits == 0 || digits > 16 || !isPlain && (len(rest) == 0 || rest[0] != ';') {
		return 0, refuse(400, "a chunk's size is 1 to 16 hexadecimal digits")
	}
	return size, nil
}

func (b *body) readChunkEnd() error {
	for at, want := range []byte("\r\n") {
		for len(b.wire.unused()) <= at {
			if err := b.fill(); err != nil {
				return err
			}
		}
		if b.wire.unused()[at] != want {
			return refuse(400, "a chunk ends with CRLF")
		}
	}
	b.wire.consume(2)
	return nil
}

func (b *body) readTrailers() error {
	for left := b.maxHead; ; {
		line, err := b.wire.line(left, refuse(431, "the trailers are too long"), b.fill)
		if err != nil || len(line) == 0 {
			return err
		}
		left -= len(line) + 2
		one, err := readField(line)
		if err != nil {
			return err
		}
		b.request.trailers = append(b.request.trailers, one)
	}
}
