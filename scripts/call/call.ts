/** `isthmus call`: one real call, and what every proxy on its way wrote about it. */
import { randomUUID } from 'node:crypto';
import { type Lab, mesh as meshOf, type Service, shortId } from '../../model/lab';
import { federationGateway } from '../../model/names';
import { until } from '../machine/until';
import type { CallResult, Hop } from './hop';
import { field, type LogLine, ofRequest, refusal } from './log';
import { federationGatewayLog, gatewayLog, sidecarLog } from './proxies';
import { type Answer, send } from './request';

/** Milliseconds to wait for the proxies' logs: they write in batches. */
const patience = 8_000;

export interface CallOptions {
  readonly method: string;
  readonly path: string;
}

export async function call(lab: Lab, from: Service, to: Service, { method, path }: CallOptions): Promise<CallResult> {
  const id = randomUUID();
  const answer = await send(lab, { from, to, method, path, id });
  const hops = await readHops(lab, from, to, id, answer);
  const { from: _connection, ...rest } = answer;
  return {
    ok: answer.status > 0 && answer.status < 400,
    from: shortId(from),
    to: shortId(to),
    method,
    path,
    hops,
    ...rest,
  };
}

interface Lines {
  readonly caller: LogLine | undefined;
  readonly gateway: LogLine | undefined;
  readonly callee: LogLine | undefined;
}

async function readHops(lab: Lab, from: Service, to: Service, id: string, answer: Answer): Promise<Hop[]> {
  let lines: Lines = { caller: undefined, gateway: undefined, callee: undefined };
  const crosses = from.mesh !== to.mesh;
  const toIstio = meshOf(lab, to.mesh).kind === 'istio';
  const answered = answer.status > 0 && answer.status < 400;
  const read = async (): Promise<boolean> => {
    lines = await readLines(lab, from, to, id, answer, lines);
    // A refused call need not reach every proxy.
    const expected = [
      ...(logs(lab, from) ? [lines.caller] : []),
      ...(answered && logs(lab, to) ? [lines.callee, ...(crosses ? [lines.gateway] : [])] : []),
      // Somebody said no, and has a line of it.
      ...(answer.status === 403 && logs(lab, to) ? [crosses && toIstio ? lines.gateway : lines.callee] : []),
    ];
    return expected.every((line) => line !== undefined);
  };
  // Nothing may ever be logged of a call that found no way at all.
  await until(read, { timeout: answer.status === 0 ? patience / 4 : patience, interval: 250 });
  const { caller, gateway, callee } = lines;
  const door = meshOf(lab, to.mesh).kind === 'consul' ? 'mesh-gateway' : federationGateway;
  return [
    ...(caller === undefined ? [] : [hop(shortId(from), field(caller, 'upstreamPeer'), null, caller)]),
    ...(gateway === undefined
      ? []
      : [hop(`${to.mesh}/${door}`, field(gateway, 'peer'), field(gateway, 'sni'), gateway)]),
    ...(callee === undefined ? [] : [hop(shortId(to), field(callee, 'peer'), field(callee, 'sni'), callee)]),
  ];
}

/** What the logs say by now; a line that was found is not looked for again. */
async function readLines(
  lab: Lab,
  from: Service,
  to: Service,
  id: string,
  answer: Answer,
  found: Lines,
): Promise<Lines> {
  const seconds = Math.ceil(patience / 1000) + 10;
  const mine = (line: LogLine) => ofRequest(line, id);
  // Consul's sidecar passes TCP on for the caller and sees no request: its line is that of the caller's connection.
  const opened = (line: LogLine) => answer.from !== undefined && field(line, 'remote') === answer.from;
  const isCaller = meshOf(lab, from.mesh).kind === 'consul' ? opened : mine;
  const caller = found.caller ?? (await sidecarLog(lab, from, seconds)).findLast(isCaller);
  const callee = found.callee ?? (await sidecarLog(lab, to, seconds)).findLast(mine);
  if (from.mesh === to.mesh || found.gateway !== undefined) return { ...found, caller, callee };
  const gateway =
    meshOf(lab, to.mesh).kind === 'istio'
      ? (await federationGatewayLog(lab, to.mesh, seconds)).find(mine)
      : // The gateway sees no HTTP: its line is the one whose connection the callee accepted, or the caller opened.
        (await gatewayLog(lab, to.mesh, seconds)).find((line) => sameConnection(line, caller, callee));
  return { caller, gateway, callee };
}

/** Whether the proxies of a service log as the plan tells them to. Those of an existing mesh log as its people like. */
function logs(lab: Lab, service: Service): boolean {
  return !meshOf(lab, service.mesh).existing;
}

function sameConnection(gateway: LogLine, caller: LogLine | undefined, callee: LogLine | undefined): boolean {
  const onward = field(gateway, 'upstreamLocal');
  const inward = field(gateway, 'remote');
  return (
    (onward !== null && onward === field(callee, 'remote')) ||
    (inward !== null && inward === field(caller, 'upstreamLocal'))
  );
}

function hop(at: string, identity: string | null, sni: string | null, line: LogLine): Hop {
  const status = Number(field(line, 'status') ?? 'none');
  const refused = refusal(line);
  return { at, identity, sni, ...(Number.isNaN(status) ? {} : { status }), ...(refused === null ? {} : { refused }) };
}
