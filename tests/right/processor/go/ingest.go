package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

const (
	chunkBytes = 128 << 10 // at most this is read and not yet acknowledged on a connection
	linger     = time.Second
	patience   = 5 * time.Second // at the end: for clients that do not read their answers
)

// Ingest takes readings over TCP: one goroutine for each connection, which reads only when it has answered.
type Ingest struct {
	service  *Service
	listener net.Listener

	mutex       sync.Mutex
	connections map[net.Conn]bool
	stopping    bool
	done        sync.WaitGroup
}

func listenForReadings(service *Service, port int64) (*Ingest, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, fmt.Errorf("INGEST_PORT: %v", err)
	}
	ingest := &Ingest{service: service, listener: listener, connections: map[net.Conn]bool{}}
	go ingest.accept()
	return ingest, nil
}

func (g *Ingest) accept() {
	for {
		connection, err := g.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // out of file descriptors, say
			time.Sleep(100 * time.Millisecond)
		case g.register(connection):
			go g.serve(connection)
		default:
			connection.Close()
		}
	}
}

func (g *Ingest) register(connection net.Conn) bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.stopping {
		return false
	}
	g.connections[connection] = true
	g.done.Add(1)
	return true
}

func (g *Ingest) isStopping() bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.stopping
}

func (g *Ingest) serve(connection net.Conn) {
	defer func() {
		connection.Close()
		g.mutex.Lock()
		delete(g.connections, connection)
		g.mutex.Unlock()
		g.done.Done()
	}()
	var cutter Cutter
	chunk := make([]byte, chunkBytes)
	for !g.isStopping() {
		n, err := connection.Read(chunk)
		if block, first, ok := cutter.Cut(chunk[:n]); ok {
			answer := g.service.Ingest(block, first)
			if _, err := connection.Write(encodedAnswer(answer)); err != nil {
				return // the client has vanished; it will come back and resend
			}
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return // the client has said all, or has vanished
		}
	}
	g.linger(connection)
}

// linger: closing with unread input would send a reset, which can destroy acks on their way.
func (g *Ingest) linger(connection net.Conn) {
	connection.(*net.TCPConn).CloseWrite()
	connection.SetReadDeadline(time.Now().Add(linger))
	io.Copy(io.Discard, connection)
}

// stop takes no new connections, wakes whoever waits for input, and lets all finish what they have read.
func (g *Ingest) stop() {
	g.listener.Close()
	g.mutex.Lock()
	g.stopping = true
	for connection := range g.connections {
		connection.SetReadDeadline(time.Now())
		connection.SetWriteDeadline(time.Now().Add(patience))
	}
	g.mutex.Unlock()
	g.done.Wait()
}

func encodedAnswer(answer Answer) (lines []byte) {
	for _, rejected := range answer.Rejected {
		lines = appendLine(lines, map[string]any{"reject": rejected})
	}
	if len(answer.Acks) > 0 {
		lines = appendLine(lines, map[string]any{"ack": answer.Acks})
	}
	return lines
}

func appendLine(lines []byte, value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return append(append(lines, data...), '\n')
}
