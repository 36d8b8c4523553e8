/** `bootstrap`: gives the plane what the plan says, and the exchange its scoped tokens. Safe to repeat. */
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import type { PlaneConfig } from '../../model/federation';
import { isAbsent, messageOf } from '../common/errors';
import type { Log } from '../common/log';
import { until } from '../common/until';
import { catalogRole, ensureAgentToken, ensureRole, readingRole, signingRole } from './acl';
import { ConsulClient, type ConsulRoots } from './consul';
import { PlaneError } from './errors';
import type { Paths } from './paths';
import { readPlaneTokens } from './prepare';

/** A config entry's name in Consul. */
export interface EntryName {
  readonly kind: string;
  readonly name: string;
}

/** Where the plane remembers which entries the last bootstrap wrote. */
const memory = 'isthmus/config-entries';

/** Milliseconds to wait for a leader: a Raft log on a slow disk takes tens of seconds. */
const leaderPatience = 120_000;

export async function bootstrap(config: PlaneConfig, paths: Paths, log: Log): Promise<void> {
  const { management, agent } = readPlaneTokens(paths.aclFragment);
  const consul = new ConsulClient(paths.httpSocket, management);
  try {
    const node = await waitForLeader(consul, paths.httpSocket);
    await ensureAgentToken(consul, agent, node);
    await checkTrustDomain(consul, config);
    await applyEntries(consul, config, log);
    writeToken(paths.signingToken, await ensureRole(consul, signingRole(config)));
    writeToken(paths.readingToken, await ensureRole(consul, readingRole()));
    writeToken(paths.catalogToken, await ensureRole(consul, catalogRole(config)));
    log.info({ entries: config.configEntries.length, node: node.name }, 'the plane is set up');
  } finally {
    consul.close();
  }
}

/** Entries that an earlier plan wrote and the present one does not have. */
export function staleEntries(before: readonly EntryName[], now: readonly EntryName[]): readonly EntryName[] {
  return before.filter((old) => !now.some(({ kind, name }) => kind === old.kind && name === old.name));
}

/** Reads a config entry's name. Throws {@link PlaneError} when the plan left it out. `mesh` has none in Consul's docs. */
export function entryName(entry: Readonly<Record<string, unknown>>): EntryName {
  const kind = entry.Kind;
  const name = entry.Name ?? (kind === 'mesh' ? 'mesh' : undefined);
  if (typeof kind !== 'string' || typeof name !== 'string') {
    throw new PlaneError(
      `configEntries: an entry with Kind ${JSON.stringify(kind)} and Name ${JSON.stringify(name)} is in the plan; both must be text`,
    );
  }
  return { kind, name };
}

async function waitForLeader(consul: ConsulClient, socket: string): Promise<{ name: string; datacenter: string }> {
  let last = 'no answer';
  let node: { name: string; datacenter: string } | undefined;
  const ready = await until(
    async () => {
      try {
        const leader = await consul.get<string>('/v1/status/leader');
        if (leader === '') throw new PlaneError('there is no leader');
        // The management token exists only after the leader has set up ACLs.
        await consul.get('/v1/acl/token/self');
        const self = await consul.get<{ Config: { NodeName: string; Datacenter: string } }>('/v1/agent/self');
        node = { name: self.Config.NodeName, datacenter: self.Config.Datacenter };
        return true;
      } catch (error) {
        last = messageOf(error);
        return false;
      }
    },
    { timeout: leaderPatience },
  );
  if (!ready || node === undefined) {
    throw new PlaneError(
      `the plane's Consul at ${socket} was not ready within ${leaderPatience / 1_000} s: ${last}; see the log of the container "consul"`,
    );
  }
  return node;
}

/** Consul takes its trust domain from `connect.ca_config.cluster_id`, at its very first start only. */
async function checkTrustDomain(consul: ConsulClient, config: PlaneConfig): Promise<void> {
  let actual = '';
  await until(
    async () => {
      actual = (await consul.get<ConsulRoots>('/v1/connect/ca/roots')).TrustDomain;
      return actual !== '';
    },
    { timeout: leaderPatience },
  );
  if (actual !== config.trustDomain) {
    throw new PlaneError(
      `the plane's trust domain is "${actual}", the plan says "${config.trustDomain}"; cluster_id counts only on an empty volume: ` +
        'remove the plane with its volume and make it again, then pair again',
    );
  }
}

async function applyEntries(consul: ConsulClient, config: PlaneConfig, log: Log): Promise<void> {
  const names = config.configEntries.map(entryName);
  const before = await rememberedEntries(consul);
  // Remembered before it is done: a crash in between deletes too much next time rather than too little.
  const both = [...names, ...staleEntries(before, names)];
  await consul.put(`/v1/kv/${memory}`, both);
  for (const [index, entry] of config.configEntries.entries()) {
    try {
      await consul.put('/v1/config', entry);
    } catch (error) {
      throw new PlaneError(`configEntries.${index} (${names[index]?.kind} ${names[index]?.name}): ${messageOf(error)}`);
    }
  }
  for (const { kind, name } of staleEntries(before, names)) {
    await consul.delete(`/v1/config/${kind}/${encodeURIComponent(name)}`);
    log.info({ kind, name }, 'a config entry that the plan no longer has was deleted');
  }
  await consul.put(`/v1/kv/${memory}`, names);
}

async function rememberedEntries(consul: ConsulClient): Promise<readonly EntryName[]> {
  try {
    return await consul.get<readonly EntryName[]>(`/v1/kv/${memory}?raw`);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** Never half written: the exchange may be reading. The group is the pod's fsGroup, from the folder's setgid bit. */
function writeToken(file: string, secret: string): void {
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, `${secret}\n`, { mode: 0o440 });
  chmodSync(unfinished, 0o440);
  renameSync(unfinished, file);
}
