/** `isthmus exec` and `isthmus logs`: get at things inside the lab, whose network is not the machine's. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { clusterAccess } from '../../model/cluster';
import { consulSocket, managementTokenFile } from '../../model/hosts';
import { type Lab, type Mesh, mesh as meshOf, type Service, shortId } from '../../model/lab';
import { netns } from '../../model/local';
import { insideKubeconfigFile, stateFolder } from '../../model/names';
import { podOf, proxyContainers } from '../call/proxies';
import { clusterOf, kubeconfigOf, kubectlFlags } from '../cluster';
import { FailureError, UsageError } from '../errors';
import { kubeconfigText } from '../kubectl';
import { locate } from '../machine/binaries';
import { logFile } from '../machine/daemon';
import { entered } from '../machine/exec';
import { localMeshes } from '../meshes';

/**
 * Runs a command in a place of the lab with the mesh's tools at hand: `west`, `border`, `east`, `east/info`, …. A mesh
 * of this machine has a network of its own to run in; for a mesh in a cluster, kubectl and Helm find their way there.
 * @returns its exit status
 */
export async function execCommand(
  lab: Lab,
  where: string,
  command: readonly string[],
  { container }: { readonly container?: string } = {},
): Promise<number> {
  const [program, ...args] = command;
  if (program === undefined) throw new UsageError('say what to run: isthmus exec west -- kubectl get pods -A');
  const mesh = lab.meshes.find(({ name }) => name === where);
  if (mesh !== undefined && mesh.place.platform !== 'local') return besideCluster(lab, mesh, program, args);
  const service = lab.services.find((entry) => `${entry.mesh}/${entry.name}` === where);
  if (service !== undefined && clusterAccess(lab, meshOf(lab, service.mesh)) !== undefined) {
    return inPod(lab, service, command, container);
  }
  if (container !== undefined) throw new UsageError(`${where} is no pod, so it has no container ${container}`);
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
  options: { follow?: boolean; proxy?: boolean; container?: string },
): Promise<number> {
  if (options.proxy === true && options.container !== undefined)
    throw new UsageError('--proxy and --container both name a container. Allowed: one of them');
  const mesh = meshOf(lab, service.mesh);
  if (clusterAccess(lab, mesh) !== undefined) {
    const { pod, container: own } = await podOf(lab, service);
    const container =
      options.proxy === true ? proxyContainers[mesh.kind] : containerOf(service, own, options.container);
    const follow = options.follow === true ? ['-f'] : [];
    return inheritKubectl(lab, mesh, ['logs', pod, '-n', service.namespace, '-c', container, ...follow]);
  }
  if (options.container !== undefined)
    throw new UsageError(`${shortId(service)} is no pod, so it has no container ${options.container}`);
  const file = logFile(
    stateFolder(lab.name),
    `${service.mesh}-${service.name}-${options.proxy === true ? 'envoy' : 'program'}`,
  );
  if (!existsSync(file)) throw new FailureError(`${service.id} has no log yet (${file}). What now: isthmus status`);
  return inherit('tail', ['-n', '+1', ...(options.follow === true ? ['-F'] : []), file]);
}

/** On this machine, with a kubeconfig that leads to the mesh's cluster and nowhere else. */
async function besideCluster(lab: Lab, mesh: Mesh, program: string, args: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-exec-'));
  try {
    const file = join(folder, 'kubeconfig');
    writeFileSync(file, await kubeconfigText(clusterOf(lab, mesh)), { mode: 0o600 });
    return await inherit(program, args, { PATH: pathWith('kubectl'), KUBECONFIG: file });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A container of a service's pod by its name; the service's own without one. */
function containerOf(service: Service, own: string, name: string | undefined): string {
  const allowed = [own, ...service.containers.map((side) => side.name)];
  if (name === undefined || allowed.includes(name)) return name ?? own;
  throw new UsageError(`no container ${name} in ${shortId(service)}. Allowed: ${allowed.join(', ')}`);
}

async function inPod(
  lab: Lab,
  service: Service,
  command: readonly string[],
  wanted: string | undefined,
): Promise<number> {
  const { pod, container: own } = await podOf(lab, service);
  const container = containerOf(service, own, wanted);
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? ['-t'] : [];
  const at = ['exec', '-i', ...terminal, pod, '-n', service.namespace, '-c', container, '--'];
  return inheritKubectl(lab, meshOf(lab, service.mesh), [...at, ...command]);
}

async function inheritKubectl(lab: Lab, mesh: Mesh, args: readonly string[]): Promise<number> {
  const flags = kubectlFlags(await kubeconfigOf(clusterOf(lab, mesh)));
  return inherit(locate('kubectl'), [...flags, ...args]);
}

/** Names that `exec` takes. */
function places(lab: Lab): string[] {
  const hosts = localMeshes(lab)
    .filter(({ kind }) => kind === 'consul')
    .flatMap(({ name }) => [`${name}/server`, `${name}/mesh-gateway`, `${name}/ingress-gateway`]);
  return [
    ...lab.meshes.map(({ name }) => name),
    ...(localMeshes(lab).length > 0 ? ['border'] : []),
    ...hosts,
    ...lab.services.map(({ mesh, name }) => `${mesh}/${name}`),
  ];
}

/** kubectl, helm and consul find their mesh without flags. */
function environment(lab: Lab, where: string): Record<string, string> {
  const mesh = lab.meshes.find(({ name }) => name === where.split('/')[0]);
  switch (mesh?.kind) {
    case 'istio':
      return { PATH: pathWith('kubectl'), KUBECONFIG: insideKubeconfigFile(lab.name, mesh.name) };
    case 'consul':
      return {
        PATH: pathWith('consul'),
        CONSUL_HTTP_ADDR: `unix://${consulSocket(lab.name, mesh.name)}`,
        CONSUL_HTTP_TOKEN_FILE: managementTokenFile(lab.name, mesh.name),
      };
    default:
      return {};
  }
}

/** PATH with the folder of one of the lab's programs in front. */
function pathWith(program: 'kubectl' | 'consul'): string {
  return `${dirname(locate(program))}:${process.env.PATH ?? ''}`;
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
