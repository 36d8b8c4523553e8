/** The Consul agent of a host: config and secrets on disk, the running process, its ACL tokens. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type HostSpec, hostFiles, managementTokenFile, meshFolder, meshSecretsFolder } from '../../model/hosts';
import { uids } from '../../model/local';
import { stateFolder } from '../../model/names';
import { FailureError } from '../errors';
import { startDaemon } from '../machine/daemon';
import { until } from '../machine/until';
import { grantAgent, grantService } from './acl';
import { ConsulApi, managementApi } from './consul-api';
import { hostNetns } from './namespace';
import { runnable } from './runnable';
import { folder, newGossipKey, newToken, passable, root, secret, writeOwned } from './secret';
import { ensureAgentCertificate } from './tls';
import { awaitDaemon } from './wait';

const agentUser = { uid: uids.consul, gid: uids.consul };

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
    async () => (await api.get<string>('/v1/status/leader')) !== '',
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
  for (const path of [stateFolder(host.lab), meshFolder(host.lab, host.mesh), dirname(files.folder), files.folder]) {
    mkdirSync(path, { recursive: true });
    passable(path);
  }
  folder(join(files.folder, 'config'), agentUser, 0o700);
  folder(files.data, agentUser, 0o700);
  folder(dirname(files.httpSocket), agentUser, 0o700);
  folder(dirname(files.grpcSocket), { uid: uids.consul, gid: uids.envoy }, 0o750);
  folder(dirname(files.agentToken), root, 0o700);
}

async function startAgent(host: HostSpec, tokens: HostTokens): Promise<boolean> {
  const files = hostFiles(host.lab, host.mesh, host.name);
  const fingerprint = await ensureAgentCertificate(host);
  const config = `${JSON.stringify(host.agent, undefined, 2)}\n`;
  const secrets = `${JSON.stringify(agentSecrets(host, tokens), undefined, 2)}\n`;
  writeOwned(files.agentConfig, config, agentUser);
  writeOwned(files.agentSecrets, secrets, agentUser);
  return startDaemon(stateFolder(host.lab), host.lab, {
    name: agentDaemon(host),
    netns: hostNetns(host),
    command: runnable(host.lab, 'consul'),
    args: ['agent', `-config-file=${files.agentConfig}`, `-config-file=${files.agentSecrets}`],
    uid: uids.consul,
    groups: [uids.envoy],
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

/** Gives the host's tokens their rights, once the server takes writes. */
async function grantAll(host: HostSpec, tokens: HostTokens): Promise<void> {
  const timeout = 30_000;
  const ready = async () => {
    await managementApi(host.lab, host.mesh).get('/v1/acl/token/self');
    return true;
  };
  if (host.role === 'server') {
    await awaitDaemon({ lab: host.lab, daemon: agentDaemon(host), what: 'the server elects itself', timeout }, ready);
  } else if (!(await until(ready, { timeout, interval: 100 }))) {
    throw new FailureError(
      `host ${host.mesh}/${host.name}: the Consul server of mesh ${host.mesh} takes no calls within ${timeout / 1000} s; ` +
        'apply its server host first',
    );
  }
  const api = managementApi(host.lab, host.mesh);
  await grantAgent(api, host, tokens.agent);
  if (host.registration !== undefined) await grantService(api, host, host.registration, tokens.service);
}

/** Content of a token file without the line end. */
export function readToken(path: string): string {
  return readFileSync(path, 'utf8').trim();
}
