/** `isthmus exec` and `isthmus logs`: get at things inside the lab, whose network is not the machine's. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { consulSocket, managementTokenFile } from '../../model/hosts';
import { type Lab, mesh as meshOf, type Service } from '../../model/lab';
import { netns } from '../../model/local';
import { insideKubeconfigFile, kubeconfigFile, stateFolder } from '../../model/names';
import { podOf } from '../call/proxies';
import { FailureError, UsageError } from '../errors';
import { locate } from '../machine/binaries';
import { logFile } from '../machine/daemon';
import { entered } from '../machine/exec';

/**
 * Runs a command in a namespace of the lab with the mesh's tools at hand: `west`, `border`, `east`, `east/info`, ….
 * @returns its exit status
 */
export function execCommand(lab: Lab, where: string, command: readonly string[]): Promise<number> {
  const [program, ...args] = command;
  if (program === undefined) throw new UsageError('say what to run: isthmus exec west -- kubectl get pods -A');
  const namespace = netns(lab.name, where.replace('/', '-'));
  if (!existsSync(`/run/netns/${namespace}`)) {
    throw new UsageError(
      `${where} is no place of this lab, or the lab is down. Places: ${places(lab).join(', ')}. What now: isthmus status`,
    );
  }
  return inherit(...entered(namespace, program, args), environment(lab, where));
}

/** Shows the log of a service's program; `proxy` shows its proxy's instead. */
export async function logsCommand(
  lab: Lab,
  service: Service,
  options: { follow?: boolean; proxy?: boolean },
): Promise<number> {
  if (meshOf(lab, service.mesh).kind === 'istio') {
    const container = options.proxy === true ? 'istio-proxy' : service.name;
    const args = [
      'logs',
      await podOf(lab, service),
      '-n',
      service.namespace,
      '-c',
      container,
      ...(options.follow === true ? ['-f'] : []),
    ];
    return inherit(locate('kubectl'), [`--kubeconfig=${kubeconfigFile(lab.name, service.mesh)}`, ...args]);
  }
  const file = logFile(
    stateFolder(lab.name),
    `${service.mesh}-${service.name}-${options.proxy === true ? 'envoy' : 'program'}`,
  );
  if (!existsSync(file)) throw new FailureError(`${service.id} has no log yet (${file}). What now: isthmus status`);
  return inherit('tail', ['-n', '+1', ...(options.follow === true ? ['-F'] : []), file]);
}

/** Names that `exec` takes. */
function places(lab: Lab): string[] {
  const hosts = lab.meshes
    .filter(({ kind }) => kind === 'consul')
    .flatMap(({ name }) => [
      `${name}/server`,
      `${name}/mesh-gateway`,
      `${name}/ingress-gateway`,
      ...lab.services.filter(({ mesh }) => mesh === name).map((service) => `${name}/${service.name}`),
    ]);
  return [...lab.meshes.map(({ name }) => name), 'border', ...hosts];
}

/** kubectl, helm and consul find their mesh without flags. */
function environment(lab: Lab, where: string): Record<string, string> {
  const mesh = lab.meshes.find(({ name }) => name === where.split('/')[0]);
  const tools = [locate('kubectl'), locate('consul')].map((file) => dirname(file));
  const path = [...new Set(tools), process.env.PATH ?? ''].join(':');
  switch (mesh?.kind) {
    case 'istio':
      return { PATH: path, KUBECONFIG: insideKubeconfigFile(lab.name, mesh.name) };
    case 'consul':
      return {
        PATH: path,
        CONSUL_HTTP_ADDR: `unix://${consulSocket(lab.name, mesh.name)}`,
        CONSUL_HTTP_TOKEN_FILE: managementTokenFile(lab.name, mesh.name),
      };
    default:
      return { PATH: path };
  }
}

/** Runs a program on this terminal. Ctrl-C reaches it as it would without us. */
function inherit(file: string, args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  const child = spawn(file, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  const ignore = () => {};
  process.on('SIGINT', ignore);
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new FailureError(`${file}: ${error.message}`)));
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}
