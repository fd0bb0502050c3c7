// A link shortener that keeps nothing yet: it answers every new link with 201, and knows no code.

import { statSync } from "node:fs";
import Fastify, { type FastifyReply } from "fastify";
import pg from "pg";

// Ends the program, since a variable is missing or wrong.
function refuse(name: string, expected: string): never {
  console.error(`${name}: expected ${expected}, got ${JSON.stringify(process.env[name] ?? null)}`);
  process.exit(2);
}

// A variable of this form, or its default; without a default it is required.
function text(name: string, expected: string, form: RegExp, standard?: string): string {
  const value = process.env[name] ?? standard;
  if (value === undefined || (value !== standard && !form.test(value))) refuse(name, expected);
  return value;
}

// A variable that is a whole number, or its default.
function number(name: string, standard: number | undefined, least: number, most = 2 ** 31 - 1): number {
  const value = Number(text(name, `a whole number from ${least} to ${most}`, /^[0-9]+$/, standard?.toString()));
  if (value < least || value > most) refuse(name, `a whole number from ${least} to ${most}`);
  return value;
}

const PORT = number("PORT", undefined, 1, 65535);
const DATABASE_URL = text("DATABASE_URL", "postgresql://…", /^postgres(ql)?:\/\/./);
const CACHE_URL = text("CACHE_URL", "redis://…", /^redis:\/\/./);
const DATA_DIR = text("DATA_DIR", "an existing folder", /./);
if (!statSync(DATA_DIR, { throwIfNoEntry: false })?.isDirectory()) refuse("DATA_DIR", "an existing folder");
const ISSUER = text("ISSUER", "an http address", /^https?:\/\/./);
const JWKS_URL = text("JWKS_URL", "an http address", /^https?:\/\/./, `${ISSUER}/.well-known/jwks.json`);
const PUBLIC_URL = text("PUBLIC_URL", "an http address without a / at its end", /^https?:\/\/.*[^/]$/, `http://127.0.0.1:${PORT}`);
const STALE_MS = number("STALE_MS", 2000, 100);
const ALLOW_PRIVATE = number("ALLOW_PRIVATE", 0, 0, 1);

// What is answered when something is wrong (RFC 9457).
function problem(reply: FastifyReply, status: number, title: string): FastifyReply {
  return reply.code(status).type("application/problem+json").send(JSON.stringify({ type: "about:blank", title, status }));
}

// Connections are made when they are needed: at the start the database may not be there yet. Make your tables when it is.
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10, connectionTimeoutMillis: 1000, query_timeout: 1000 });
pool.on("error", () => {}); // a connection that waits has broken; the next query makes another one

const app = Fastify({ bodyLimit: 64 * 1024, forceCloseConnections: "idle" });

app.post("/v1/links", async (_request, reply) => {
  // Begin here: check the token (401), read the body, and say what is wrong with it (400, 415, 422). Then insert the link,
  // and answer with all of it and its Location. GET /{code} comes next.
  return reply.code(201).send({});
});

app.get("/healthz", async () => "ok");

app.get("/readyz", async (_request, reply) => {
  try {
    await pool.query("SELECT 1");
  } catch {
    return problem(reply.header("Retry-After", "1"), 503, "The database does not answer");
  }
  return "ok";
});

app.setNotFoundHandler(async (_request, reply) => problem(reply, 404, "Not found"));
app.setErrorHandler(async (error: { statusCode?: number; message: string }, _request, reply) =>
  problem(reply, error.statusCode ?? 500, error.message),
);

// Takes no new connections, finishes what is under way, and ends.
process.on("SIGTERM", async () => {
  setTimeout(() => process.exit(0), 8000).unref();
  await app.close();
  await pool.end();
  process.exit(0);
});

await app.listen({ port: PORT, host: "127.0.0.1" });
