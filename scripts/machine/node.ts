/**
 * One Kubernetes node in the network namespace of an Istio mesh: etcd, API server, controllers, scheduler, containerd,
 * kubelet, kube-proxy and CoreDNS, each a plain process. All it keeps is below the lab's state folder.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Lab, Mesh } from '../../model/lab';
import { kubernetesNetwork, netns } from '../../model/local';
import { kubeconfigFile, stateFolder } from '../../model/names';
import { isKeptBy } from '../../model/network-policy/keeper';
import { bundle, bundleFile } from '../bundle';
import { FailureError } from '../errors';
import { cniFolder, locate } from './binaries';
import { ensureCgroup } from './cgroup';
import { type Daemon, listDaemons, logFile, startDaemon } from './daemon';
import { run } from './exec';
import {
  cniConfig,
  containerdConfig,
  corefile,
  kubeconfig,
  kubeletConfig,
  nodeCertificates,
  nodePaths,
  nodeRbac,
} from './node-files';
import { ensureMountNamespace } from './node-mounts';
import { controlPlane, nodeServices } from './node-programs';
import { writePrivate } from './private-file';
import { until } from './until';

/** Longest wait for one of the node's programs. It takes seconds; a busy machine of two cores may take a minute. */
const patience = 180_000;

/** Program, daemon and nftables table of the enforcer of NetworkPolicies. */
const enforcer = 'network-policy';

/** Folder of a mesh's node below the lab's state. */
export function nodeFolder(lab: string, mesh: string): string {
  return join(stateFolder(lab), mesh);
}

/** Starts containerd and what it needs, so that images can be imported while the rest comes up. */
export async function raiseContainerd(lab: Lab, mesh: Mesh, signal?: AbortSignal): Promise<void> {
  const folder = nodeFolder(lab.name, mesh.name);
  const paths = nodePaths(folder);
  const network = kubernetesNetwork(mesh);
  for (const name of ['cri', 'cni', 'kubelet']) mkdirSync(join(folder, name), { recursive: true });
  const config = containerdConfig(paths, { runc: locate('runc'), cni: cniFolder() });
  writePrivate(folder, 'containerd.toml', config);
  writePrivate(join(folder, 'cni'), '10-isthmus.conflist', cniConfig(paths, network));
  const mounts = await ensureMountNamespace(lab, mesh, folder);
  const containerd = locate('containerd');
  await start(lab, mesh, {
    name: 'containerd',
    ...mounts.enter(containerd, ['--config', join(folder, 'containerd.toml'), '--log-level', 'warn']),
    // containerd finds its shim on PATH, and CNI plugins find iptables there.
    env: { PATH: `${dirname(locate('containerd-shim-runc-v2'))}:${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
    revision: hashOf(config),
  });
  await awaited(lab, mesh, 'containerd', () => ctr(lab.name, mesh.name, ['version']), signal);
}

/** Raises the rest of the node and resolves when Kubernetes calls it Ready. */
export async function raiseNode(
  lab: Lab,
  mesh: Mesh,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const folder = nodeFolder(lab.name, mesh.name);
  const paths = nodePaths(folder);
  const network = kubernetesNetwork(mesh);
  // Not at the top: making certificates takes its time to load, and most commands do without.
  const { ensurePki }: typeof import('./pki') = require('./pki');
  await ensurePki(paths.pki, nodeCertificates(mesh.name, network), ['ca']);
  writeKubeconfigs(lab, mesh);
  writePrivate(folder, 'resolv.conf', `nameserver ${network.node}\n`);
  const cgroup = ensureCgroup(lab.name, mesh.name);
  const kubelet = kubeletConfig(paths, network, cgroup);
  writePrivate(folder, 'kubelet.yaml', kubelet);
  writePrivate(folder, 'Corefile', corefile(paths, network));

  say('etcd and API server');
  for (const daemon of controlPlane(paths, network).slice(0, 2)) await start(lab, mesh, daemon);
  await awaited(lab, mesh, 'apiserver', () => kubectl(lab, mesh, ['get', '--raw', '/readyz']), signal);

  say('controllers and kubelet');
  await bundle({ only: [enforcer] });
  const program = readFileSync(bundleFile(enforcer), 'utf8');
  await kubectl(lab, mesh, ['apply', '--validate=false', '-f', '-'], nodeRbac());
  for (const daemon of controlPlane(paths, network).slice(2)) await start(lab, mesh, daemon);
  const mounts = await ensureMountNamespace(lab, mesh, folder);
  for (const daemon of nodeServices(paths, network, mesh.name)) {
    const revision = hashOf(kubelet + corefile(paths, network) + program);
    await start(lab, mesh, { ...daemon, ...mounts.enter(daemon.command, daemon.args), revision });
    // No pod starts before it.
    if (daemon.name === enforcer) await awaited(lab, mesh, enforcer, () => assertEnforced(lab, mesh), signal);
  }
  say('waiting for the node to be Ready');
  await awaited(lab, mesh, 'kubelet', () => assertReady(lab, mesh), signal);
}

/** Runs containerd's client against a mesh's node, in the namespace that Kubernetes uses. */
export async function ctr(lab: string, mesh: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const { criSocket } = nodePaths(nodeFolder(lab, mesh));
  const options = signal === undefined ? {} : { signal };
  const { stdout } = await run(locate('ctr'), ['--address', criSocket, '--namespace', 'k8s.io', ...args], options);
  return stdout;
}

/** Runs kubectl as administrator from inside the mesh's network, where no forwarder is needed. */
export async function kubectl(lab: Lab, mesh: Mesh, args: readonly string[], input = ''): Promise<string> {
  const config = join(nodeFolder(lab.name, mesh.name), 'node-admin.kubeconfig');
  const { stdout } = await run(locate('kubectl'), ['--kubeconfig', config, ...args], {
    netns: netns(lab.name, mesh.name),
    input,
    timeout: 60_000,
  });
  return stdout;
}

async function assertReady(lab: Lab, mesh: Mesh): Promise<void> {
  const path = '{.status.conditions[?(@.type=="Ready")].status}';
  const status = await kubectl(lab, mesh, ['get', 'node', mesh.name, '-o', `jsonpath=${path}`]);
  if (status !== 'True') throw new Error(`node is ${status}`);
}

/** Throws unless the rules in force are those of the enforcer that runs: the rules of one before it outlive it. */
async function assertEnforced(lab: Lab, mesh: Mesh): Promise<void> {
  const { stdout } = await run('nft', ['list', 'table', 'ip', enforcer], { netns: netns(lab.name, mesh.name) });
  const full = `${mesh.name}-${enforcer}`;
  const daemon = listDaemons(stateFolder(lab.name)).find(({ name }) => name === full);
  if (!isKeptBy(stdout, daemon?.pid)) throw new Error(`the rules in force are not those of ${full}`);
}

function writeKubeconfigs(lab: Lab, mesh: Mesh): void {
  const folder = nodeFolder(lab.name, mesh.name);
  const read = (name: string) => readFileSync(join(folder, 'pki', name), 'utf8');
  const inside = `https://${kubernetesNetwork(mesh).node}:6443`;
  const text = (name: string, server: string) =>
    kubeconfig(name, server, { ca: read('ca.crt'), certificate: read(`${name}.crt`), key: read(`${name}.key`) });
  for (const name of ['node', 'controller-manager', 'scheduler', 'proxy', 'coredns']) {
    writePrivate(folder, `${name}.kubeconfig`, text(name, inside));
  }
  writePrivate(folder, 'node-admin.kubeconfig', text('admin', inside));
  const outside = kubeconfigFile(lab.name, mesh.name);
  writePrivate(dirname(outside), 'admin.kubeconfig', text('admin', `https://127.0.0.1:${lab.settings.apiPort}`));
}

async function start(lab: Lab, mesh: Mesh, daemon: Daemon): Promise<void> {
  const named = { ...daemon, name: `${mesh.name}-${daemon.name}`, netns: netns(lab.name, mesh.name) };
  await startDaemon(stateFolder(lab.name), lab.name, named);
}

/** Waits for a program of the node, and says at once when it died instead of waiting for nothing. */
async function awaited(
  lab: Lab,
  mesh: Mesh,
  name: string,
  check: () => Promise<unknown>,
  signal?: AbortSignal,
): Promise<void> {
  const state = stateFolder(lab.name);
  const full = `${mesh.name}-${name}`;
  const died = () => listDaemons(state).some((daemon) => daemon.name === full && !daemon.running);
  let ready = false;
  const condition = async () => {
    ready = await check().then(
      () => true,
      () => false,
    );
    return ready || died();
  };
  await until(condition, { timeout: patience, interval: 100, ...(signal && { signal }) });
  if (ready) return;
  const log = logFile(state, full);
  const tail = readFileSync(log, 'utf8').trim().split('\n').slice(-8).join('\n');
  throw new FailureError(
    `${name} of mesh ${mesh.name} ${died() ? 'ended' : `was not ready after ${patience / 1000} s`}; the end of its log ${log}:\n${tail}`,
  );
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
