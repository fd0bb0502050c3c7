// An HTTP server that does not read yet: whatever is asked, it answers 200 with nothing in it, and closes the connection.
package main

import (
	"bytes"
	"fmt"
	"net"
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

// answerTo is the answer to a request with this head, as it goes over the wire.
func answerTo(head []byte) []byte {
	// Begin here: the first line says what is asked. Answer /healthz with the two letters ok, as text/plain, and anything else
	// with 404. Content-Length counts the bytes of the body, and Date is missing.
	return []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

// serve answers one request; each connection has a goroutine of its own.
func serve(connection net.Conn) {
	defer connection.Close()
	var head []byte
	piece := make([]byte, 4096)
	for !bytes.Contains(head, []byte("\r\n\r\n")) {
		count, err := connection.Read(piece) // as much as is there, which may be a part of the head, or more than it
		if err != nil {
			return
		}
		head = append(head, piece[:count]...)
	}
	connection.Write(answerTo(head))
}

func main() {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", number("PORT")))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go serve(connection)
	}
}
