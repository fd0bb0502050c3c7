// A data processor that takes nothing yet: it listens on both ports, and reads lines without answering them.

import { createServer as createHttpServer } from "node:http";
import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

// A whole number from the environment. The brief has bounds and defaults; add them as you come to them.
function number(name: string): number {
  const text = process.env[name];
  if (text === undefined || !/^[0-9]+$/.test(text)) {
    console.error(`${name}: expected a whole number, got ${text}`);
    process.exit(2);
  }
  return Number(text);
}

// Takes one reading; what is answered to its sender.
function take(_line: string): object | undefined {
  // Begin here: parse the line. Put the reading into the window that starts at ts - ts % WINDOW_MS, in a map that all
  // connections share. Answer {"ack": {its sensor: its seq}}.
  return undefined;
}

function serve(connection: Socket): void {
  connection.on("error", () => {}); // the client has vanished
  createInterface({ input: connection }).on("line", (line) => {
    const answer = take(line);
    if (answer !== undefined) connection.write(JSON.stringify(answer) + "\n");
  });
}

const http = createHttpServer((request, response) => {
  const known = request.url === "/healthz";
  // Then /windows: the closed windows, in order.
  response.writeHead(known ? 200 : 404, { "Content-Type": "application/json" });
  response.end(JSON.stringify(known ? { ready: true } : { error: `there is no ${request.url}` }));
});

const port = number("PORT");
createServer(serve).listen(number("INGEST_PORT"), "127.0.0.1", () => http.listen(port, "127.0.0.1"));
