/**
 * Introduces two meshes. The one-time token goes from the acceptor's API into the plane's pod over standard input; it
 * is never in a file, an argument, a log or Terraform's state.
 */
import { z } from 'zod';
import type { ClusterAccess } from '../../model/cluster';
import { netns } from '../../model/local';
import { consulNamespace, labTag, planeNamespace } from '../../model/names';
import type { Pair, PairSide } from '../../model/pair';
import { isOwnNode } from '../cluster';
import { peeringMark, withServers } from '../clusters/consul';
import { FailureError, ProgramError, UsageError } from '../errors';
import type { ConsulApi } from '../hosts/consul-api';
import { kubectl } from '../kubectl';
import { until } from '../machine/until';

const clusterSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('kubeconfig'), file: z.string(), context: z.string().exactOptional() }),
  z.object({ kind: z.literal('eks'), cluster: z.string(), region: z.string() }),
]);
const sideSchema = z.object({ mesh: z.string(), cluster: clusterSchema.exactOptional() });
const pairSchema = z.object({ lab: z.string(), dialer: sideSchema, acceptor: sideSchema });

/** Reads the plan's word on who is paired, from ISTHMUS_PAIR. */
export function pairFromEnvironment(environment: NodeJS.ProcessEnv): Pair {
  const text = environment.ISTHMUS_PAIR;
  if (text === undefined)
    throw new UsageError('ISTHMUS_PAIR is not set: this command is run by the plan, `isthmus up` applies it');
  return parsePair(text);
}

export function parsePair(text: string): Pair {
  return pairSchema.parse(JSON.parse(text));
}

interface Peering {
  readonly State: string;
  readonly Meta?: Readonly<Record<string, string>> | null;
}

/** Pairs two meshes unless they are. */
export async function pair(wanted: Pair, say: (line: string) => void): Promise<void> {
  const { lab, dialer, acceptor } = wanted;
  const plane = planeCluster(dialer);
  await acceptorApi(wanted, async (api) => {
    const known = await api.find<Peering>(`/v1/peering/${dialer.mesh}`);
    if (known !== undefined) assertOwn(wanted, known);
    if (known?.State === 'ACTIVE' && (await planeState(plane, acceptor.mesh)) === 'ACTIVE') {
      say(`${dialer.mesh} and ${acceptor.mesh} are paired`);
      return;
    }
    await withoutTermination(api, dialer.mesh);
    const { PeeringToken: token } = await api.post<{ PeeringToken: string }>('/v1/peering/token', {
      PeerName: dialer.mesh,
      Meta: { [peeringMark]: lab },
    });
    await inPlane(plane, acceptor.mesh, 'establish', token).catch((error: unknown) => {
      throw noWay(wanted, plane, error);
    });
    say(`${dialer.mesh} and ${acceptor.mesh} are paired now`);
  });
}

/** The plane is the first that needs the way between the two networks. What it says of one that is missing helps nobody. */
function noWay({ lab, dialer, acceptor }: Pair, plane: ClusterAccess, error: unknown): unknown {
  if (!(error instanceof ProgramError) || !error.output.includes('no answer within')) return error;
  const link =
    acceptor.cluster === undefined && !isOwnNode(plane, lab)
      ? `: link the network of ${dialer.mesh} to the network namespace ${netns(lab, 'border')}, by an interface mesh0 there if it is the lab file's first mesh, mesh1 if the second`
      : '';
  return new FailureError(
    `the federation plane of mesh ${dialer.mesh} gets no answer from the mesh gateway of ${acceptor.mesh}. Pods of ${dialer.mesh} must reach it${link}. Then: isthmus up`,
  );
}

/** Ends a peering on both sides. A side that is gone already is fine. */
export async function unpair(wanted: Pair): Promise<void> {
  const { dialer, acceptor } = wanted;
  await inPlane(planeCluster(dialer), acceptor.mesh, 'unpair').catch(() => {});
  const path = `/v1/peering/${dialer.mesh}`;
  const end = acceptorApi(wanted, async (api) => {
    const known = await api.find<Peering>(path);
    if (known === undefined || !isOwn(wanted, known)) return;
    await api.delete(path);
    // An existing mesh is left as it was found.
    await until(async () => (await api.find(path)) === undefined, { timeout: 15_000 });
  });
  await end.catch(async (error: unknown) => {
    // The lab's own servers go with the lab, broken or not; those of others would keep the peering.
    if (acceptor.cluster !== undefined && (await isOthers(acceptor.cluster, wanted.lab))) throw error;
  });
}

function acceptorApi<T>({ lab, acceptor }: Pair, work: (api: ConsulApi) => Promise<T>): Promise<T> {
  return withServers({ lab, mesh: acceptor.mesh, cluster: acceptor.cluster }, work);
}

/** Whether Consul is in a cluster, installed by somebody else. */
async function isOthers(cluster: ClusterAccess, lab: string): Promise<boolean> {
  const args = ['get', 'namespace', consulNamespace, '--ignore-not-found', '-o', 'json'];
  const { stdout } = await kubectl(cluster, args, { timeout: 30_000 });
  if (stdout.trim() === '') return false;
  const { metadata } = JSON.parse(stdout) as { metadata: { labels?: Readonly<Record<string, string>> } };
  return metadata.labels?.[labTag] !== lab;
}

/** Servers on this machine are all the lab's. In a cluster that others use, too, a peering of theirs may have our name. */
function isOwn({ lab, acceptor }: Pair, { Meta }: Peering): boolean {
  return acceptor.cluster === undefined || Meta?.[peeringMark] === lab;
}

function assertOwn(wanted: Pair, known: Peering): void {
  if (isOwn(wanted, known)) return;
  const { dialer, acceptor, lab } = wanted;
  throw new FailureError(
    `mesh ${acceptor.mesh} has a peering ${dialer.mesh} (${known.State}) that lab ${lab} did not make; pairing would end it. Rename mesh ${dialer.mesh} in the lab file, or delete that peering in Consul`,
  );
}

/** A peering that the other side ended stays listed and blocks its name until it is deleted. */
async function withoutTermination(api: ConsulApi, name: string): Promise<void> {
  const path = `/v1/peering/${name}`;
  const known = await api.find<Peering>(path);
  if (known?.State !== 'TERMINATED') return;
  await api.delete(path);
  await until(async () => (await api.find(path)) === undefined, { timeout: 15_000 });
}

async function planeState(plane: ClusterAccess, acceptor: string): Promise<string | undefined> {
  const { stdout } = await inPlane(plane, acceptor, 'state');
  return (JSON.parse(stdout) as { peering?: { State?: string; state?: string } }).peering?.state;
}

function planeCluster({ mesh, cluster }: PairSide): ClusterAccess {
  if (cluster !== undefined) return cluster;
  throw new UsageError(`ISTHMUS_PAIR: the dialer ${mesh} has no cluster, but federation planes run on Kubernetes`);
}

/** Runs a command of the plane's program in Consul's container, the only one that may read the management token. */
export function inPlane(cluster: ClusterAccess, peer: string, command: string, input?: string) {
  const at = ['exec', '-i', 'plane-0', '--namespace', planeNamespace(peer), '--container', 'consul', '--'];
  return kubectl(cluster, [...at, 'node', '/program/main.js', command], input === undefined ? {} : { input });
}
