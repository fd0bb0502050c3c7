// An identity service that keeps nothing yet: it answers every registration with 202, and tells nobody.

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
const MAIL_URL = text("MAIL_URL", "an http address", /^https?:\/\/./);
const ISSUER = text("ISSUER", "an address without a path", /^https?:\/\/[^/?#]+$/, `http://127.0.0.1:${PORT}`);
const ADMIN_EMAIL = text("ADMIN_EMAIL", "an address", /./, "");
const ADMIN_PASSWORD = text("ADMIN_PASSWORD", "a password", /./s, "");
if ((ADMIN_EMAIL === "") !== (ADMIN_PASSWORD === "")) refuse("ADMIN_EMAIL", "it and ADMIN_PASSWORD, or none of both");
const ACCESS_S = number("ACCESS_S", 300, 1, 3600);
const REFRESH_S = number("REFRESH_S", 2592000, 1);
const LINK_S = number("LINK_S", 900, 1);
const CODE_S = number("CODE_S", 60, 1, 600);
const FAILURES = number("FAILURES", 5, 1, 100);
const LOCK_S = number("LOCK_S", 60, 1);

// What is answered when something is wrong (RFC 9457).
function problem(reply: FastifyReply, status: number, title: string): FastifyReply {
  return reply.code(status).type("application/problem+json").send(JSON.stringify({ type: "about:blank", title, status }));
}

// Connections are made when they are needed: at the start the database may not be there yet. Make your tables when it is.
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10, connectionTimeoutMillis: 1000, query_timeout: 1000 });
pool.on("error", () => {}); // a connection that waits has broken; the next query makes another one

const app = Fastify({ bodyLimit: 64 * 1024, forceCloseConnections: "idle" });

app.post("/v1/registrations", async (_request, reply) => {
  // Begin here: read the body, and say what is wrong with it (400, 415, 422). Then keep the registration with the hash of
  // its password and of a token, and post the message with the token to MAIL_URL, without letting this request wait for it.
  return reply.code(202).send({});
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
