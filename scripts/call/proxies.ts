/** The proxies of a lab, and their access logs. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { clusterAccess } from '../../model/cluster';
import { type Lab, mesh as meshOf, podLabels, type Service } from '../../model/lab';
import { consulNamespace, federationGateway, stateFolder } from '../../model/names';
import { clusterOf } from '../cluster';
import { meshGatewaySelector } from '../clusters/consul';
import { FailureError } from '../errors';
import { kubectl, type Pod, runningPods } from '../kubectl';
import { logFile } from '../machine/daemon';
import { jsonLines, type LogLine } from './log';

/** Most of a log file that is read for one call: the end, where the call's lines are. */
const tail = 4 * 1024 * 1024;

/** Containers that a mesh puts beside a service's own. */
export const proxyContainers = { istio: 'istio-proxy', consul: 'consul-dataplane' } as const;

/** Access log lines of a service's own proxies, oldest first for each, since some seconds ago. */
export async function sidecarLog(lab: Lab, service: Service, seconds: number): Promise<LogLine[]> {
  const mesh = meshOf(lab, service.mesh);
  if (clusterAccess(lab, mesh) === undefined) return hostLog(lab, mesh.name, service.name);
  const container = proxyContainers[mesh.kind];
  // Any of its pods may have been called.
  const logs = (await podsOf(lab, service)).map(({ metadata }) => {
    const at = ['--namespace', service.namespace, '--container', container, `--since=${seconds}s`];
    return kubectl(clusterOf(lab, mesh), ['logs', metadata.name, ...at]);
  });
  return (await Promise.all(logs)).flatMap(({ stdout }) => jsonLines(stdout));
}

/** Access log lines of a Consul mesh's mesh gateway. */
export async function gatewayLog(lab: Lab, mesh: string, seconds: number): Promise<LogLine[]> {
  const own = meshOf(lab, mesh);
  if (clusterAccess(lab, own) === undefined) return hostLog(lab, mesh, 'mesh-gateway');
  const at = ['--namespace', consulNamespace, '--selector', meshGatewaySelector, `--since=${seconds}s`, '--tail=-1'];
  return jsonLines((await kubectl(clusterOf(lab, own), ['logs', ...at])).stdout);
}

/** Access log lines of an Istio mesh's federation gateway. */
export async function federationGatewayLog(lab: Lab, mesh: string, seconds: number): Promise<LogLine[]> {
  const at = ['--namespace', federationGateway, '--selector', `istio=${federationGateway}`];
  const args = ['logs', ...at, '--container', proxyContainers.istio, `--since=${seconds}s`, '--tail=-1'];
  return jsonLines((await kubectl(clusterOf(lab, mesh), args)).stdout);
}

/** Access log lines of the Envoy on a host of a Consul mesh. */
function hostLog(lab: Lab, mesh: string, host: string): LogLine[] {
  return jsonLines(readEnd(logFile(stateFolder(lab.name), `${mesh}-${host}-envoy`)));
}

/** Running pods of a service, at least one. */
async function podsOf(lab: Lab, service: Service): Promise<readonly [Pod, ...Pod[]]> {
  const [first, ...more] = await runningPods(clusterOf(lab, service.mesh), service.namespace, podLabels(service));
  if (first === undefined) throw new FailureError(`${service.id} has no running pod. What now: isthmus status`);
  return [first, ...more];
}

/** A running pod of a service, and the container in it that is the service's own. */
export async function podOf(lab: Lab, service: Service): Promise<{ readonly pod: string; readonly container: string }> {
  const [{ metadata, spec }] = await podsOf(lab, service);
  return {
    pod: metadata.name,
    container: ownContainer(
      service,
      spec.containers.map(({ name }) => name),
    ),
  };
}

/** Pods that are there already have containers of any name. */
export function ownContainer(service: Service, containers: readonly string[]): string {
  if (service.workload.kind !== 'existing') return service.name;
  const proxies: readonly string[] = Object.values(proxyContainers);
  const own = containers.filter((name) => !proxies.includes(name));
  return own.find((name) => name === service.name) ?? own[0] ?? service.name;
}

function readEnd(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const length = Math.min(size, tail);
    const buffer = Buffer.alloc(length);
    readSync(file, buffer, 0, length, size - length);
    return buffer.toString('utf8');
  } finally {
    closeSync(file);
  }
}
