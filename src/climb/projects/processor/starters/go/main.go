// A data processor that takes nothing yet: it listens on both ports, and reads lines without answering them.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
)

// number is a whole number from the environment. The brief has bounds and defaults; add them as you come to them.
func number(name string) int {
	value, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: expected a whole number, got %q\n", name, os.Getenv(name))
		os.Exit(2)
	}
	return value
}

// take takes one reading; what is answered to its sender, or nil.
func take(line []byte) any {
	// Begin here: parse the line. Put the reading into the window that starts at ts - ts % WINDOW_MS, in a table that all
	// connections share (and a lock with it). Answer {"ack": {its sensor: its seq}}.
	return nil
}

// serve reads what one client sends; each connection has a goroutine of its own.
func serve(connection net.Conn) {
	defer connection.Close()
	lines := bufio.NewReader(connection)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		if answer := take(line); answer != nil {
			json.NewEncoder(connection).Encode(answer)
		}
	}
}

func accept(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go serve(connection)
	}
}

func main() {
	port, ingestPort := number("PORT"), number("INGEST_PORT")
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", ingestPort))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go accept(listener)

	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ready") })
	// Then /windows: the closed windows, in order.
	fmt.Fprintln(os.Stderr, http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", port), nil))
	os.Exit(1)
}
