/** The Consul agent of a host: config and secrets on disk, the running process, its ACL tokens. */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { hostUsers } from '../../model/host-users';
import { type HostSpec, hostFiles, managementTokenFile, meshFolder, meshSecretsFolder } from '../../model/hosts';
import { stateFolder } from '../../model/names';
import { FailureError, UsageError } from '../errors';
import { startDaemon } from '../machine/daemon';
import { until } from '../machine/until';
import { grantAgent, grantService } from './acl';
import { ConsulApi, managementApi } from './consul-api';
import { hostNetns } from './namespace';
import { runnable } from './runnable';
import { folder, newGossipKey, newToken, owner, passable, root, secret, writeOwned } from './secret';
import { ensureAgentCertificate } from './tls';
import { awaitDaemon } from './wait';

export function agentDaemon(host: Pick<HostSpec, 'mesh' | 'name'>): string {
  return `${host.mesh}-${host.name}-consul`;
}

/** Secret ids of the host's tokens, made at first use. */
export interface HostTokens {
  readonly agent: string;
  readonly service: string;
}

/**
 * Runs the host's agent with this config and waits until it knows a leader. The server makes the ACLs ready first; any
 * other host needs them and waits for the server.
 * @returns whether the agent was started now
 */
export async function ensureAgent(host: HostSpec, tokens: HostTokens): Promise<boolean> {
  const server = host.role === 'server';
  if (!server) await grantAll(host, tokens);
  const started = await startAgent(host, tokens);
  if (server) await grantAll(host, tokens);
  const files = hostFiles(host.lab, host.mesh, host.name);
  const api = new ConsulApi(files.httpSocket);
  await awaitDaemon(
    { lab: host.lab, daemon: agentDaemon(host), what: 'the agent joins the mesh', timeout: 30_000 },
    async () => {
      const leader = await api.get<string>('/v1/status/leader').catch(() => '');
      // An agent that outlived its server does not look for the new one; the server can look for it.
      if (leader === '' && !server && !started) {
        await managementApi(host.lab, host.mesh).put(`/v1/agent/join/${host.address}`, undefined, 2_000);
      }
      return leader !== '';
    },
  );
  return started;
}

/** Reads or makes the host's tokens. Making them says nothing to Consul yet. */
export function hostTokens(host: Pick<HostSpec, 'lab' | 'mesh' | 'name'>): HostTokens {
  const files = hostFiles(host.lab, host.mesh, host.name);
  return { agent: secret(files.agentToken, newToken), service: secret(files.serviceToken, newToken) };
}

/** Makes the folders that the host's programs of different users share, each with the least that works. */
export function ensureHostFolders(host: HostSpec): void {
  const files = hostFiles(host.lab, host.mesh, host.name);
  for (const socket of [files.httpSocket, files.grpcSocket, files.envoyAdminSocket]) checkSocketPath(host, socket);
  for (const path of [stateFolder(host.lab), meshFolder(host.lab, host.mesh), dirname(files.folder)]) passable(path);
  const users = hostUsers(host);
  const agentUser = owner(users.consul);
  // Whatever becomes of the modes below, no other host's program gets past this folder.
  folder(files.folder, { uid: 0, gid: users.group }, 0o710);
  folder(join(files.folder, 'config'), agentUser, 0o700);
  folder(files.data, agentUser, 0o700);
  folder(dirname(files.httpSocket), agentUser, 0o700);
  folder(dirname(files.grpcSocket), { uid: users.consul, gid: users.envoy }, 0o750);
  folder(dirname(files.agentToken), root, 0o700);
}

/** Bytes of a unix socket's path that the kernel takes. */
const socketPathLimit = 107;

function checkSocketPath(host: HostSpec, path: string): void {
  if (Buffer.byteLength(path) <= socketPathLimit) return;
  throw new UsageError(
    `host ${host.mesh}/${host.name}: the path of its socket, ${path}, has ${Buffer.byteLength(path)} bytes and the kernel ` +
      `takes ${socketPathLimit}; shorten the name of the lab (${host.lab}), the mesh or the service`,
  );
}

async function startAgent(host: HostSpec, tokens: HostTokens): Promise<boolean> {
  const files = hostFiles(host.lab, host.mesh, host.name);
  const users = hostUsers(host);
  const fingerprint = await ensureAgentCertificate(host);
  const config = `${JSON.stringify(host.agent, undefined, 2)}\n`;
  const secrets = `${JSON.stringify(agentSecrets(host, tokens), undefined, 2)}\n`;
  writeOwned(files.agentConfig, config, owner(users.consul));
  writeOwned(files.agentSecrets, secrets, owner(users.consul));
  return startDaemon(stateFolder(host.lab), host.lab, {
    name: agentDaemon(host),
    netns: hostNetns(host),
    command: runnable(host.lab, 'consul'),
    args: ['agent', `-config-file=${files.agentConfig}`, `-config-file=${files.agentSecrets}`],
    uid: users.consul,
    groups: [users.group, users.envoy],
    revision: createHash('sha256').update(config).update(secrets).update(fingerprint).digest('hex'),
  });
}

/** The part of the agent's config that must not be in the plan. */
function agentSecrets(host: HostSpec, tokens: HostTokens): Readonly<Record<string, unknown>> {
  const gossip = secret(join(meshSecretsFolder(host.lab, host.mesh), 'gossip-key'), newGossipKey);
  const management =
    host.role === 'server' ? { initial_management: secret(managementTokenFile(host.lab, host.mesh), newToken) } : {};
  return { encrypt: gossip, acl: { tokens: { agent: tokens.agent, ...management } } };
}

/** Gives the host's tokens their rights, as soon as the server takes writes. */
async function grantAll(host: HostSpec, tokens: HostTokens): Promise<void> {
  const timeout = 30_000;
  let reason = '';
  const grant = async (): Promise<boolean> => {
    try {
      const api = managementApi(host.lab, host.mesh);
      await grantAgent(api, host, tokens.agent);
      if (host.registration !== undefined) await grantService(api, host, host.registration, tokens.service);
      return true;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      throw error;
    }
  };
  if (host.role === 'server') {
    const what = 'the server elects itself and takes writes';
    await awaitDaemon({ lab: host.lab, daemon: agentDaemon(host), what, timeout }, grant);
  } else if (!(await until(grant, { timeout, interval: 100 }))) {
    throw new FailureError(
      `host ${host.mesh}/${host.name}: the Consul server of mesh ${host.mesh} took no call within ${timeout / 1000} s; ` +
        `apply its server host first (${reason})`,
    );
  }
}
