/** `establish` and `unpair`: begins and ends the pairing of a plane with its peer. */
import * as z from 'zod/mini';
import { contains, parseAddress, parseCidr } from '../../model/cidr';
import type { PlaneConfig } from '../../model/federation';
import { isAbsent, messageOf } from '../common/errors';
import { until } from '../common/until';
import type { ConsulClient, ConsulPeering } from './consul';
import { PlaneError } from './errors';

/** Milliseconds for the stream to come up; about one second when all is well. */
const patience = 60_000;

/** What this program reads of the JSON inside a peering token (Consul's agent/structs/peering.go). */
const tokenSchema = z.object({
  CA: z.nullish(z.array(z.string())),
  ServerAddresses: z.nullish(z.array(z.string())),
  ManualServerAddresses: z.nullish(z.array(z.string())),
  ServerName: z.nullish(z.string()),
  PeerID: z.nullish(z.string()),
});

/**
 * Pairs with the peer and waits until the stream works. Does nothing when it works already. The token is checked
 * first: a token of another mesh, or one that would make Consul dial without TLS, never reaches Consul.
 */
export async function establish(consul: ConsulClient, config: PlaneConfig, token: string): Promise<ConsulPeering> {
  const before = await readPeering(consul, config.peer);
  if (before?.State === 'ACTIVE') return before;
  const fault = tokenFault(token, config);
  if (fault !== undefined) {
    throw new PlaneError(`this peering token can't be used: ${fault}; ask ${config.peer} for a new one`);
  }
  // A peer that was built anew has another id. To pair with it is new consent, and so a new peering.
  const samePeer = before !== undefined && before.PeerID === decode(token)?.PeerID;
  const repair = samePeer && before.State !== 'TERMINATED';
  if (before !== undefined && !repair) await unpair(consul, config);
  await begin(consul, config, token, repair);
  let last: ConsulPeering | undefined;
  const active = await until(
    async () => {
      last = await readPeering(consul, config.peer);
      return last?.State === 'ACTIVE' && (last.PeerCAPems ?? []).length > 0;
    },
    { timeout: patience },
  );
  if (!active || last === undefined) {
    throw new PlaneError(
      `the peering with ${config.peer} is ${last?.State ?? 'absent'} after ${patience / 1_000} s; it must be ACTIVE. ` +
        "Is the peer's mesh gateway reachable from this pod, and does its mesh entry say PeerThroughMeshGateways?",
    );
  }
  return last;
}

/** Hands the token to Consul. A failure leaves no half-made peering behind, and one that was there untouched. */
async function begin(consul: ConsulClient, config: PlaneConfig, token: string, repair: boolean): Promise<void> {
  try {
    await consul.post('/v1/peering/establish', { PeerName: config.peer, PeeringToken: token.trim() });
  } catch (error) {
    if (!repair) await unpair(consul, config).catch(() => {});
    // Consul makes a token for a peering that was ended from here, but such a token never works.
    const used = messageOf(error).includes('invalid peering establishment secret');
    const fix = `${config.peer} must delete its ended peering with ${config.mesh} before it makes a new token`;
    throw used ? new PlaneError(`this peering token was used or is of an ended peering: ${fix}`) : error;
  }
}

/** Ends the pairing; the peer forgets our roots. Does nothing when there is none. */
export async function unpair(consul: ConsulClient, config: PlaneConfig): Promise<void> {
  if ((await readPeering(consul, config.peer)) === undefined) return;
  await consul.delete(`/v1/peering/${config.peer}`);
  const gone = await until(async () => (await readPeering(consul, config.peer)) === undefined, { timeout: patience });
  if (!gone) throw new PlaneError(`the peering with ${config.peer} is still being deleted after ${patience / 1_000} s`);
}

/** `undefined` when there is none. */
export async function readPeering(consul: ConsulClient, peer: string): Promise<ConsulPeering | undefined> {
  try {
    return await consul.get<ConsulPeering>(`/v1/peering/${peer}`);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** What is wrong with a token, without quoting it: it holds a secret. */
export function tokenFault(
  token: string,
  config: Pick<PlaneConfig, 'peerTrustDomain' | 'peerNetwork'>,
): string | undefined {
  const content = decode(token);
  if (content === undefined) return 'it is not base64 over JSON as Consul writes it';
  if ((content.CA ?? []).length === 0) return 'it names no CA, and Consul would dial in plain text';
  const expected = `.peering.${config.peerTrustDomain}`;
  const name = content.ServerName ?? '';
  if (!name.endsWith(expected)) return `it is of server "${name}", the plan says "server.<datacenter>${expected}"`;
  const manual = content.ManualServerAddresses ?? [];
  const addresses = manual.length > 0 ? manual : (content.ServerAddresses ?? []);
  if (addresses.length === 0) return 'it names no address to dial';
  const outside = addresses.find((address) => isOutside(address, config.peerNetwork));
  return outside === undefined
    ? undefined
    : `it says to dial ${outside}, which is outside the peer's network ${config.peerNetwork}`;
}

function decode(token: string): z.infer<typeof tokenSchema> | undefined {
  try {
    const result = tokenSchema.safeParse(JSON.parse(Buffer.from(token.trim(), 'base64').toString('utf8')));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

/** Host names pass: TLS to the CA of the token protects the stream, and load balancers have names. */
function isOutside(address: string, network: string): boolean {
  const ip = parseAddress(address.replace(/:\d+$/, ''));
  const block = parseCidr(network);
  return ip !== undefined && (block === undefined || !contains(block, ip));
}
