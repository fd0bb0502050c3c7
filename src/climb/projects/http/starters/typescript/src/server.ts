// An HTTP server that does not read yet: whatever is asked, it answers 200 with nothing in it, and closes the connection.

import { createServer, type Socket } from "node:net";

// A whole number from the environment. The brief has bounds and defaults; add them as you come to them.
function number(name: string): number {
  const text = process.env[name];
  if (text === undefined || !/^[0-9]+$/.test(text)) {
    console.error(`${name}: expected a whole number, got ${text}`);
    process.exit(2);
  }
  return Number(text);
}

// The answer to a request with this head, as it goes over the wire.
function answerTo(_head: Buffer): Buffer {
  // Begin here: the first line says what is asked. Answer /healthz with the two letters ok, as text/plain, and anything else
  // with 404. Content-Length counts the bytes of the body, and Date is missing.
  return Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

// Answers one request. All connections share one thread, so nothing here may wait; what comes is told by events.
function serve(connection: Socket): void {
  let head = Buffer.alloc(0);
  connection.on("error", () => {}); // the client has vanished
  connection.on("data", (piece) => {
    head = Buffer.concat([head, piece]); // a piece may be a part of the head, or more than it
    if (head.includes("\r\n\r\n") && !connection.writableEnded) connection.end(answerTo(head));
  });
}

createServer(serve).listen(number("PORT"), "127.0.0.1", 1024);
