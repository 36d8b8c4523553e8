/** Requests as they are, byte for byte, from the caller's own place through its own proxy to the callee's program. */
import { decide } from '../../../model/access/decide';
import { type Lab, mesh, type Service, shortId } from '../../../model/lab';
import { execute, urlOf } from '../../../scripts/call/request';
import { until } from '../../../scripts/machine/until';
import type { Question } from '../../support/checker';

/** What came of one request. */
export interface Replayed {
  readonly question: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The target that the program got; undefined when the request did not get there. */
  readonly target?: string | undefined;
}

/** Sends requests over connections of their own, some at a time; prints an array of [status, echoed header]. */
const program = `
const { connect } = require('node:net');
const [host, port, hostHeader, requests] = JSON.parse(process.argv[1]);
const ask = ([method, target]) => new Promise((resolve) => {
  let text = '';
  const socket = connect(port, host);
  const done = () => {
    socket.destroy();
    const status = Number(/^HTTP\\/1\\.1 (\\d+)/.exec(text)?.[1] ?? 0);
    resolve([status, /^x-got: (.*)$/im.exec(text)?.[1] ?? '']);
  };
  socket.setTimeout(10000, done);
  socket.on('connect', () => socket.write(Buffer.from(method + ' ' + target + ' HTTP/1.1\\r\\nHost: ' + hostHeader + '\\r\\nConnection: close\\r\\n\\r\\n', 'latin1')));
  socket.on('data', (chunk) => { text += chunk.toString('latin1'); });
  socket.on('error', done);
  socket.on('close', done);
});
(async () => {
  const answers = [];
  for (let at = 0; at < requests.length; at += 8) answers.push(...await Promise.all(requests.slice(at, at + 8).map(ask)));
  console.log(JSON.stringify(answers));
})();
`;

type Answers = readonly (readonly [status: number, got: string])[];

/** Replays requests of one caller to one callee. */
async function replayPair(lab: Lab, from: Service, to: Service, questions: readonly Question[]): Promise<Replayed[]> {
  const { hostname, port, host } = new URL(addressOf(lab, from, to));
  const requests = questions.map(({ method, target }) => [method, target]);
  const { stdout } = await execute(lab, from, [
    '-e',
    program,
    JSON.stringify([hostname, Number(port || 80), host, requests]),
  ]);
  const answers = JSON.parse(stdout.trim().split('\n').at(-1) ?? '[]') as Answers;
  return questions.map((question, index) => {
    const [status = 0, got = ''] = answers[index] ?? [];
    const echoed =
      got === ''
        ? undefined
        : (JSON.parse(Buffer.from(got.trim(), 'base64').toString('utf8')) as { echo: { target: string } });
    return { question: nameOf(question), status, target: echoed?.echo.target };
  });
}

/** A caller in Consul without a row has no upstream at all: nothing listens where it would be. */
function addressOf(lab: Lab, from: Service, to: Service): string {
  if (mesh(lab, from.mesh).kind === 'istio') return urlOf(lab, from, to);
  try {
    return urlOf(lab, from, to);
  } catch {
    return 'http://127.0.0.1:9190';
  }
}

export function nameOf({ caller, callee, method, target }: Question): string {
  return `${caller === 'anybody' ? caller : shortId(caller)} → ${shortId(callee)} ${method} ${target}`;
}

/** Replays requests of services, all pairs one after the other. */
export async function replay(lab: Lab, questions: readonly Question[]): Promise<Replayed[]> {
  const pairs = new Map<string, Question[]>();
  for (const one of questions) {
    const key = one.caller === 'anybody' ? '' : `${one.caller.id} ${one.callee.id}`;
    pairs.set(key, [...(pairs.get(key) ?? []), one]);
  }
  const found: Replayed[] = [];
  for (const list of pairs.values()) {
    const [first] = list;
    if (first === undefined || first.caller === 'anybody') continue;
    found.push(...(await replayPair(lab, first.caller, first.callee, list)));
  }
  return found;
}

/** What `decide` says, in the same form; a refusal has no target. */
export function expected(lab: Lab, question: Question): Pick<Replayed, 'question' | 'target'> {
  const { caller, callee, method, target } = question;
  const found = decide(lab, caller, callee, method, target);
  return { question: nameOf(question), target: found.allowed ? found.target : undefined };
}

/** Waits until each of some requests gets through: policies reach the proxies after `up` has ended. */
export async function settle(lab: Lab, questions: readonly Question[]): Promise<void> {
  let last: Replayed[] = [];
  const through = async () => {
    last = (await replay(lab, questions)).filter(({ target }) => target === undefined);
    return last.length === 0;
  };
  if (await until(through, { timeout: 60_000, interval: 500 })) return;
  throw new Error(
    `these should pass, and do not: ${last.map(({ question, status }) => `${question} (${status})`).join(', ')}`,
  );
}
