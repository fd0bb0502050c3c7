// A network scanner that does not scan yet: it reads its arguments and prints an empty summary.

import { parseArgs } from "node:util";

const DEFAULT_PORTS = "80,443,8000,8008,8080,8081,8443,8888";

interface Options {
  targets: string[];
  ports: string;
  timeout: number;
  all: boolean;
}

interface Counts {
  hosts: number;
  ports: number;
  open: number;
  closed: number;
  filtered: number;
}

// Takes --concurrency and --rate without a look at them so far.
function parse(words: string[]): Options {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      ports: { type: "string", default: DEFAULT_PORTS },
      timeout: { type: "string", default: "1" },
      concurrency: { type: "string" },
      rate: { type: "string" },
      all: { type: "boolean", default: false },
    },
  });
  if (positionals.length === 0) throw new Error("no target");
  return {
    targets: positionals,
    ports: values.ports!,
    timeout: Number(values.timeout),
    all: values.all!,
  };
}

async function scan(_options: Options): Promise<Counts> {
  // Begin here: connect to the port of the target. If the handshake completes within the timeout, the port is open:
  // print its line and count it.
  return { hosts: 0, ports: 0, open: 0, closed: 0, filtered: 0 };
}

function parseOrExit(words: string[]): Options {
  try {
    return parse(words);
  } catch (error) {
    console.error(`scanner: ${(error as Error).message}`);
    process.exit(2);
  }
}

const options = parseOrExit(process.argv.slice(2));
const start = performance.now();
const counts = await scan(options);
const elapsed = (performance.now() - start) / 1000;
console.log(JSON.stringify({ summary: { ...counts, elapsed_s: elapsed } }));
