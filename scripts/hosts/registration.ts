/** What a host's agent has registered: exactly the spec's service and its sidecar. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type HostSpec, hostFiles, type ServiceDefinition } from '../../model/hosts';
import { ConsulApi } from './consul-api';
import { root, writeOwned } from './secret';

/**
 * Registers the spec's service unless the agent has it so already, and removes what else was registered.
 * @returns whether anything was registered
 */
export async function ensureRegistration(host: HostSpec, token: string): Promise<boolean> {
  const files = hostFiles(host.lab, host.mesh, host.name);
  const api = new ConsulApi(files.httpSocket, token);
  const wanted = host.registration;
  const known = await api.get<Readonly<Record<string, AgentService>>>('/v1/agent/services');
  for (const id of Object.keys(known)) {
    if (wanted === undefined || (id !== wanted.ID && id !== sidecarId(wanted.ID))) {
      await api.put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`);
    }
  }
  if (wanted === undefined) return false;
  const same = known[wanted.ID] !== undefined && keepsRules(known[sidecarId(wanted.ID)], wanted);
  if (same && readOptional(noteFile(host)) === noteOf(wanted, token)) return false;
  // From here on the note would be about something else than what the agent has.
  rmSync(noteFile(host), { force: true });
  await api.put('/v1/agent/service/register?replace-existing-checks=true', wanted);
  return true;
}

interface AgentService {
  readonly ID: string;
  readonly Proxy?: { readonly Config?: Readonly<Record<string, unknown>> };
}

/** Whether the sidecar still has the proxy config that carries our rules: whoever may register a service can drop it. */
function keepsRules(sidecar: AgentService | undefined, wanted: ServiceDefinition): boolean {
  const connect = wanted.Connect as { SidecarService?: { Proxy?: { Config?: Record<string, unknown> } } } | undefined;
  const config = Object.entries(connect?.SidecarService?.Proxy?.Config ?? {});
  return config.every(([key, value]) => sidecar?.Proxy?.Config?.[key] === value);
}

/**
 * Notes that what is registered works. The agent normalises what it is told, so its answer can't be compared with the
 * spec; what was told last can.
 */
export function noteRegistration(host: HostSpec, registration: ServiceDefinition, token: string): void {
  writeOwned(noteFile(host), noteOf(registration, token), root);
}

function noteFile(host: HostSpec): string {
  return join(hostFiles(host.lab, host.mesh, host.name).folder, 'registered');
}

function noteOf(registration: ServiceDefinition, token: string): string {
  return createHash('sha256').update(token).update(JSON.stringify(registration)).digest('hex');
}

/** Proxy id of what Envoy runs on this host: the gateway itself or the service's sidecar. */
export function proxyId(registration: { readonly ID: string; readonly Kind?: string }): string {
  return registration.Kind === undefined ? sidecarId(registration.ID) : registration.ID;
}

function sidecarId(service: string): string {
  return `${service}-sidecar-proxy`;
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
