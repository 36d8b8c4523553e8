/** Makes one HTTP request as a service of the lab: in its pod or on its host, through its own proxy. */
import { clusterAccess } from '../../model/cluster';
import { programEnvironment } from '../../model/consul-hosts';
import { type Lab, mesh as meshOf, type Service, shortId } from '../../model/lab';
import { netns } from '../../model/local';
import { importHost, ownConnectionHeader, upstreamVariable } from '../../model/names';
import { clusterOf } from '../cluster';
import { FailureError, ProgramError } from '../errors';
import { kubectl } from '../kubectl';
import { locate } from '../machine/binaries';
import { run } from '../machine/exec';
import { podOf } from './proxies';

export interface Request {
  readonly from: Service;
  readonly to: Service;
  readonly method: string;
  readonly path: string;
  /** Goes out as `x-request-id`; every proxy on the way logs it. */
  readonly id: string;
}

export interface Answer {
  readonly status: number;
  readonly ms: number;
  readonly error?: string;
  /** The caller's end of the connection; absent when there was none. */
  readonly from?: string;
}

/** Runs in the caller's place with nothing but Node.js; prints the answer as one JSON line. */
const program = `
const [url, method, headers] = JSON.parse(process.argv[1]);
const { request } = require('node:http');
const begin = process.hrtime.bigint();
const done = (answer) => console.log(JSON.stringify({ ...answer, ms: Number(process.hrtime.bigint() - begin) / 1e6 }));
let from;
const sent = request(url, { method, headers, timeout: 10000 }, (response) => {
  response.resume();
  response.on('end', () => done({ status: response.statusCode, from }));
});
sent.on('socket', (socket) => socket.on('connect', () => (from = socket.localAddress + ':' + socket.localPort)));
sent.on('timeout', () => sent.destroy(new Error('no answer within 10 s')));
sent.on('error', (error) => done({ status: 0, error: error.message, from }));
sent.end();
`;

/** Address by which one service calls another. Throws {@link FailureError} where there is none. */
export function urlOf(lab: Lab, from: Service, to: Service): string {
  const url = addressOf(lab, from, to);
  if (url === undefined) throw new FailureError(noUpstream(from, to));
  return url;
}

function noUpstream(from: Service, to: Service): string {
  return `${shortId(from)}'s sidecar has no upstream ${shortId(to)}`;
}

/** In Consul a sidecar opens a port for each callee that a row names, and for no other. */
function addressOf(lab: Lab, from: Service, to: Service): string | undefined {
  if (meshOf(lab, from.mesh).kind === 'consul') return programEnvironment(lab, from)[upstreamVariable(to.name)];
  return to.mesh === from.mesh
    ? `http://${to.name}.${to.namespace}.svc.cluster.local`
    : `http://${importHost(to.name, to.mesh)}`;
}

export async function send(lab: Lab, { from, to, method, path, id }: Request): Promise<Answer> {
  const headers = { 'x-request-id': id, [ownConnectionHeader]: '1' };
  const url = addressOf(lab, from, to);
  if (url === undefined) return { status: 0, ms: 0, error: noUpstream(from, to) };
  const argument = JSON.stringify([`${url}${path}`, method, headers]);
  const { stdout } = await execute(lab, from, ['-e', program, argument]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Answer;
}

/** Runs Node.js in a service's pod or on its host. */
export async function execute(
  lab: Lab,
  service: Service,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<{ stdout: string }> {
  const stop = signal === undefined ? {} : { signal };
  if (clusterAccess(lab, meshOf(lab, service.mesh)) === undefined) {
    return run(locate('node'), args, { netns: netns(lab.name, `${service.mesh}-${service.name}`), ...stop });
  }
  const { pod, container } = await podOf(lab, service);
  const at = ['exec', pod, '--namespace', service.namespace, '--container', container, '--'];
  try {
    return await kubectl(clusterOf(lab, service.mesh), [...at, 'node', ...args], stop);
  } catch (error) {
    if (!(error instanceof ProgramError) || !/executable file not found|no such file/.test(error.output)) throw error;
    throw new FailureError(
      `${service.id}: container ${container} of pod ${pod} has no Node.js, with which isthmus makes its calls. Call from a service whose image has it, or look at the logs: isthmus logs ${shortId(service)} --proxy`,
    );
  }
}
