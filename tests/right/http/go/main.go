// An HTTP/1.1 server from sockets: a goroutine for each connection.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	spareDescriptors = 16 // for files, when connections have taken all others
	mostConnections  = 20_000
	patience         = 9500 * time.Millisecond
	acceptAgain      = 50 * time.Millisecond
	lastLook         = 5 * time.Millisecond // for connections that came before the end
)

// server is the listener and all connections.
type server struct {
	settings Settings
	listener *net.TCPListener
	stopping atomic.Bool
	places   chan struct{}

	lock    sync.Mutex
	wires   map[*wire]bool
	serving sync.WaitGroup
}

func main() {
	settings, err := readSettings()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: settings.port})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s := &server{settings: settings, listener: listener, wires: map[*wire]bool{}, places: make(chan struct{}, places())}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	accepting := make(chan struct{})
	go func() {
		s.accept()
		close(accepting)
	}()
	<-signals
	s.stop(accepting)
}

// places is how many connections there are descriptors for. The runtime has raised the limit already.
func places() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 1000
	}
	used, _ := os.ReadDir("/proc/self/fd")
	return max(1, min(int(min(limit.Cur, mostConnections))-len(used)-spareDescriptors, mostConnections))
}

// accept takes connections as long as there are descriptors for them; the others wait in the kernel's queue.
func (s *server) accept() {
	defer s.listener.Close()
	for {
		select {
		case s.places <- struct{}{}:
		case <-time.After(acceptAgain):
			if s.stopping.Load() {
				return
			}
			continue
		}
		tcp, err := s.listener.AcceptTCP()
		if err == nil {
			s.begin(tcp)
			continue
		}
		<-s.places
		if errors.Is(err, os.ErrDeadlineExceeded) && s.stopping.Load() {
			return
		}
		time.Sleep(acceptAgain)
	}
}

func (s *server) begin(tcp *net.TCPConn) {
	w, err := newWire(tcp, s.settings.stall, &s.stopping)
	if err != nil {
		tcp.Close()
		<-s.places
		return
	}
	s.lock.Lock()
	s.wires[w] = true
	s.lock.Unlock()
	s.serving.Add(1)
	go func() {
		defer s.serving.Done()
		(&conversation{wire: w, settings: &s.settings}).serve()
		s.lock.Lock()
		delete(s.wires, w)
		s.lock.Unlock()
		<-s.places
	}()
}

// stop ends the program when all that is under way is answered, or when that takes too long.
func (s *server) stop(accepting chan struct{}) {
	over := time.AfterFunc(patience, func() { os.Exit(0) })
	defer over.Stop()
	s.stopping.Store(true)
	s.listener.SetDeadline(time.Now().Add(lastLook))
	<-accepting
	s.lock.Lock()
	for w := range s.wires {
		w.wake()
	}
	s.lock.Unlock()
	s.serving.Wait()
}
