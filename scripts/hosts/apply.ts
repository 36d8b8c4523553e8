/** Makes one host of a Consul mesh what its spec says. Safe to repeat: what is right already is left alone. */
import { type HostSpec, hostFiles, type ServiceDefinition } from '../../model/hosts';
import { stateFolder } from '../../model/names';
import { logFile, stopDaemon } from '../machine/daemon';
import { agentDaemon, ensureAgent, ensureHostFolders, hostTokens } from './agent';
import { ConsulApi } from './consul-api';
import { awaitAccepted, ensureEnvoy, envoyDaemon } from './envoy';
import { ensureFirewall } from './firewall';
import { handOver } from './hand-over';
import { logSize } from './log';
import { ensureHostNetns } from './namespace';
import { ensureProgram, programDaemon, stopOutdatedProgram } from './program';
import { ensureRegistration, noteRegistration, proxyId } from './registration';
import { awaitDaemon } from './wait';

/** What applying a spec did. */
export interface HostChanges {
  readonly agentStarted: boolean;
  readonly programStarted: boolean;
  readonly registered: boolean;
  readonly envoyStarted: boolean;
}

/**
 * Applies a host's spec and returns when the host is healthy.
 * @param baseFolder folder that the program's path is relative to: the stack's folder
 * @param say told what happens, a line each
 * @throws FailureError when a part does not come up; its message holds the end of that part's log
 */
export async function applyHost(spec: HostSpec, baseFolder: string, say: (line: string) => void): Promise<HostChanges> {
  const name = `${spec.mesh}/${spec.name}`;
  const told = (line: string, done: boolean): boolean => {
    if (done) say(`host ${name}: ${line}`);
    return done;
  };
  const startProgram = async () =>
    spec.program !== undefined && told('program started', await ensureProgram(spec, spec.program, baseFolder));
  await ensureHostNetns(spec);
  told('its programs get users of their own', await handOver(spec));
  await ensureFirewall(spec);
  ensureHostFolders(spec);
  const tokens = hostTokens(spec);
  const state = stateFolder(spec.lab);
  // A port of yesterday's upstream may be another one's from now on: no program runs with it while the proxy changes,
  // and the next one starts only when the proxy has its upstreams.
  if (spec.program === undefined) await stopDaemon(state, programDaemon(spec));
  else await stopOutdatedProgram(spec, spec.program, baseFolder);
  const agentStarted = told('Consul agent started', await ensureAgent(spec, tokens));
  if (spec.registration === undefined) {
    await stopDaemon(state, envoyDaemon(spec));
    return { agentStarted, programStarted: await startProgram(), registered: false, envoyStarted: false };
  }
  const file = logFile(state, agentDaemon(spec));
  const agentLog = { file, from: logSize(file) };
  const registered = told(`${spec.registration.Name} registered`, await ensureRegistration(spec, tokens.service));
  const envoyStarted = told('Envoy started', await ensureEnvoy(spec, spec.registration, agentLog));
  if (registered && !envoyStarted) await awaitAccepted(spec, agentLog);
  const programStarted = await startProgram();
  await healthy(spec, spec.registration, tokens.service);
  noteRegistration(spec, spec.registration, tokens.service);
  return { agentStarted, programStarted, registered, envoyStarted };
}

interface HealthEntry {
  readonly Node: { readonly Node: string };
  readonly Checks: readonly { readonly Name: string; readonly Status: string; readonly Output: string }[];
}

/** Waits until the catalog shows this host's service, its sidecar included, as passing. */
async function healthy(spec: HostSpec, service: ServiceDefinition, token: string): Promise<void> {
  const api = new ConsulApi(hostFiles(spec.lab, spec.mesh, spec.name).httpSocket, token);
  const kind = service.Kind === undefined ? 'connect' : 'service';
  await awaitDaemon(
    {
      lab: spec.lab,
      daemon: spec.program === undefined ? agentDaemon(spec) : programDaemon(spec),
      what: `${service.Name} becomes healthy`,
      timeout: 30_000,
    },
    async () => {
      // Answers 503 with the failing checks as long as there are any.
      await api.get(`/v1/agent/health/service/id/${proxyId(service)}`);
      const entries = await api.get<readonly HealthEntry[]>(`/v1/health/${kind}/${service.Name}`);
      const checks = entries.filter((entry) => entry.Node.Node === spec.name).flatMap((entry) => entry.Checks);
      if (checks.length > 0 && checks.every((check) => check.Status === 'passing')) return true;
      // A young agent tells the catalog of a change only after up to 30 s (its first full synchronisation failed,
      // because it ran before the agent had joined). Ending a maintenance that never began makes it tell at once.
      await api.put(`/v1/agent/service/maintenance/${service.ID}?enable=false`);
      throw new Error('its agent says so, the catalog does not yet');
    },
  );
}
