/** The load generator: runs in the caller's container, with nothing but Node.js. */

export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Requests a second, sent whether earlier ones were answered or not. */
  readonly rate: number;
  readonly seconds: number;
  /** Seconds at the start that are not counted. */
  readonly warmUp: number;
}

export interface LoadResult {
  /** Milliseconds of each request that was answered with a status below 400. */
  readonly samples: readonly number[];
  readonly failed: number;
  /** 99th percentile of how late requests left, in milliseconds: how far the generator itself can be trusted. */
  readonly late: number;
}

/** Takes a {@link Load} as its argument, prints a {@link LoadResult}. */
export const loadProgram = `
const { url, headers, rate, seconds, warmUp } = JSON.parse(process.argv[1]);
const { request, Agent } = require('node:http');
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const now = () => Number(process.hrtime.bigint()) / 1e6;
const begin = now();
const total = Math.round(rate * (seconds + warmUp));
const samples = [], lateness = [];
let next = 0, ended = 0, failed = 0;
function finish() {
  lateness.sort((a, b) => a - b);
  console.log(JSON.stringify({ samples, failed, late: lateness[Math.floor(lateness.length * 0.99)] ?? 0 }));
  process.exit(0);
}
function send(index) {
  const counted = index >= rate * warmUp;
  const at = now();
  if (counted) lateness.push(at - (begin + (index * 1000) / rate));
  let over = false;
  const done = (good) => {
    if (over) return;
    over = true;
    if (counted) good ? samples.push(Math.round((now() - at) * 1000) / 1000) : failed++;
    if (++ended === total) finish();
  };
  const sent = request(url, { headers, agent, timeout: 5000 }, (response) => {
    response.resume();
    response.on('end', () => done(response.statusCode < 400));
  });
  sent.on('timeout', () => sent.destroy(new Error('timeout')));
  sent.on('error', () => done(false));
  sent.end();
}
function tick() {
  while (next < total && begin + (next * 1000) / rate <= now()) send(next++);
  if (next < total) setTimeout(tick, 1);
}
tick();
`;
