/** The proxies of a lab, and their access logs. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type Lab, mesh as meshOf, type Service } from '../../model/lab';
import { stateFolder } from '../../model/names';
import { FailureError } from '../errors';
import { kubectl, runningPod } from '../kubectl';
import { logFile } from '../machine/daemon';
import { jsonLines, type LogLine } from './log';

/** Most of a log file that is read for one call: the end, where the call's lines are. */
const tail = 4 * 1024 * 1024;

/** Access log lines of a service's own proxy, oldest first, since some seconds ago. */
export async function sidecarLog(lab: Lab, service: Service, seconds: number): Promise<LogLine[]> {
  const mesh = meshOf(lab, service.mesh);
  if (mesh.kind === 'consul') return hostLog(lab, mesh.name, service.name);
  const pod = await podOf(lab, service);
  const args = ['logs', pod, '--namespace', service.namespace, '--container', 'istio-proxy', `--since=${seconds}s`];
  return jsonLines((await kubectl(lab.name, mesh.name, args)).stdout);
}

/** Access log lines of the Envoy on a host of a Consul mesh. */
export function hostLog(lab: Lab, mesh: string, host: string): LogLine[] {
  return jsonLines(readEnd(logFile(stateFolder(lab.name), `${mesh}-${host}-envoy`)));
}

/** Name of a running pod of a service. */
export async function podOf(lab: Lab, service: Service): Promise<string> {
  const pod = await runningPod(lab.name, service.mesh, service.namespace, service.name);
  if (pod === undefined) throw new FailureError(`${service.id} has no running pod. What now: isthmus status`);
  return pod;
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
