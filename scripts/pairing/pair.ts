/**
 * Introduces two meshes. The one-time token goes from the acceptor's API into the plane's pod over standard input; it
 * is never in a file, an argument, a log or Terraform's state.
 */
import { z } from 'zod';
import { planeNamespace } from '../../model/names';
import { UsageError } from '../errors';
import { type ConsulApi, managementApi } from '../hosts/consul-api';
import { kubectl } from '../kubectl';
import { until } from '../machine/until';

const pairSchema = z.object({ lab: z.string(), dialer: z.string(), acceptor: z.string() });
export type Pair = z.output<typeof pairSchema>;

/** Reads the plan's word on who is paired, from ISTHMUS_PAIR. */
export function pairFromEnvironment(environment: NodeJS.ProcessEnv): Pair {
  const text = environment.ISTHMUS_PAIR;
  if (text === undefined)
    throw new UsageError('ISTHMUS_PAIR is not set: this command is run by the plan, `isthmus up` applies it');
  return pairSchema.parse(JSON.parse(text));
}

interface Peering {
  readonly State: string;
}

/** Pairs two meshes unless they are. */
export async function pair({ lab, dialer, acceptor }: Pair, say: (line: string) => void): Promise<void> {
  const api = managementApi(lab, acceptor);
  const known = await api.find<Peering>(`/v1/peering/${dialer}`);
  if (known?.State === 'ACTIVE' && (await planeState(lab, dialer, acceptor)) === 'ACTIVE') {
    say(`${dialer} and ${acceptor} are paired`);
    return;
  }
  await withoutTermination(api, dialer);
  const { PeeringToken: token } = await api.post<{ PeeringToken: string }>('/v1/peering/token', { PeerName: dialer });
  await inPlane(lab, dialer, acceptor, 'establish', token);
  say(`${dialer} and ${acceptor} are paired now`);
}

/** Ends a peering on both sides. A side that is gone already is fine. */
export async function unpair({ lab, dialer, acceptor }: Pair): Promise<void> {
  await inPlane(lab, dialer, acceptor, 'unpair').catch(() => {});
  await managementApi(lab, acceptor)
    .delete(`/v1/peering/${dialer}`)
    .catch(() => {});
}

/** A peering that the other side ended stays listed and blocks its name until it is deleted. */
async function withoutTermination(api: ConsulApi, name: string): Promise<void> {
  const path = `/v1/peering/${name}`;
  const known = await api.find<Peering>(path);
  if (known?.State !== 'TERMINATED') return;
  await api.delete(path);
  await until(async () => (await api.find(path)) === undefined, { timeout: 15_000 });
}

async function planeState(lab: string, dialer: string, acceptor: string): Promise<string | undefined> {
  const { stdout } = await inPlane(lab, dialer, acceptor, 'state');
  return (JSON.parse(stdout) as { peering?: { State?: string; state?: string } }).peering?.state;
}

/** Runs a command of the plane's program in Consul's container, the only one that may read the management token. */
export function inPlane(lab: string, mesh: string, peer: string, command: string, input?: string) {
  const at = ['exec', '-i', 'plane-0', '--namespace', planeNamespace(peer), '--container', 'consul', '--'];
  return kubectl(lab, mesh, [...at, 'node', '/program/main.js', command], input === undefined ? {} : { input });
}
