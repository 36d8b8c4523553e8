/** `isthmus call`: one real call, and what every proxy on its way wrote about it. */
import { randomUUID } from 'node:crypto';
import { type Lab, mesh as meshOf, type Service, shortId } from '../../model/lab';
import { until } from '../machine/until';
import type { CallResult, Hop } from './hop';
import { field, type LogLine, refusal } from './log';
import { gatewayLog, sidecarLog } from './proxies';
import { send } from './request';

/** Milliseconds to wait for the proxies' logs: they write in batches. */
const patience = 8_000;

export interface CallOptions {
  readonly method: string;
  readonly path: string;
}

export async function call(lab: Lab, from: Service, to: Service, { method, path }: CallOptions): Promise<CallResult> {
  const id = randomUUID();
  const answer = await send(lab, { from, to, method, path, id });
  const hops = await readHops(lab, from, to, id, answer.status);
  return {
    ok: answer.status > 0 && answer.status < 400,
    from: shortId(from),
    to: shortId(to),
    method,
    path,
    hops,
    ...answer,
  };
}

async function readHops(lab: Lab, from: Service, to: Service, id: string, status: number): Promise<Hop[]> {
  const mine = (line: LogLine) => field(line, 'request') === id;
  let caller: LogLine | undefined;
  let callee: LogLine | undefined;
  let gateway: LogLine | undefined;
  const crosses = from.mesh !== to.mesh;
  const read = async (): Promise<boolean> => {
    const seconds = Math.ceil(patience / 1000) + 10;
    caller ??= (await sidecarLog(lab, from, seconds)).find(mine);
    callee ??= (await sidecarLog(lab, to, seconds)).findLast(mine);
    if (crosses && meshOf(lab, to.mesh).kind === 'consul') {
      // The gateway sees no HTTP: its line is the one whose connection the callee accepted, or the caller opened.
      const lines = gateway === undefined ? await gatewayLog(lab, to.mesh, seconds) : [];
      gateway ??= lines.find((line) => sameConnection(line, caller, callee));
    }
    // A refused call need not reach every proxy.
    const answered = status > 0 && status < 400;
    const expected = [
      ...(logs(lab, from) ? [caller] : []),
      ...(answered && logs(lab, to) ? [callee, ...(crosses ? [gateway] : [])] : []),
    ];
    return expected.every((line) => line !== undefined);
  };
  // Nothing may ever be logged of a call that found no way at all.
  await until(read, { timeout: status === 0 ? patience / 4 : patience, interval: 250 });
  return [
    ...(caller === undefined ? [] : [hop(shortId(from), field(caller, 'upstreamPeer'), null, caller)]),
    ...(gateway === undefined
      ? []
      : [hop(`${to.mesh}/mesh-gateway`, field(gateway, 'peer'), field(gateway, 'sni'), gateway)]),
    ...(callee === undefined ? [] : [hop(shortId(to), field(callee, 'peer'), field(callee, 'sni'), callee)]),
  ];
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
