/** How kubectl and Helm reach the Kubernetes API of a mesh. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { type ClusterAccess, clusterAccess } from '../model/cluster';
import { type Lab, type Mesh, mesh as meshOf } from '../model/lab';
import { stateFolder, statesFolder } from '../model/names';
import { FailureError, UsageError } from './errors';
import { expandHome } from './home';
import { userStates } from './state';

/** A kubeconfig on this machine, and the context in it. */
export interface Kubeconfig {
  readonly file: string;
  /** @default - the file's current context */
  readonly context?: string;
}

/** Access to the cluster of a mesh. Throws {@link UsageError} for a mesh that runs on hosts. */
export function clusterOf(lab: Lab, mesh: Mesh | string): ClusterAccess {
  const own = typeof mesh === 'string' ? meshOf(lab, mesh) : mesh;
  const access = clusterAccess(lab, own);
  if (access !== undefined) return access;
  throw new UsageError(
    `mesh ${own.name} runs on hosts, without Kubernetes. For Consul: isthmus exec ${own.name} -- consul members`,
  );
}

/** Whether the cluster is a node of this lab on this machine, so that nothing in it is anybody else's. */
export function isOwnNode(access: ClusterAccess, lab: string): boolean {
  return access.kind === 'kubeconfig' && access.file.startsWith(`${stateFolder(lab)}/`);
}

/** A name for people. */
export function describeCluster(access: ClusterAccess): string {
  if (access.kind === 'eks') return `EKS cluster ${access.cluster} in ${access.region}`;
  return access.context === undefined ? access.file : `context ${access.context} of ${access.file}`;
}

/**
 * The kubeconfig that leads to a cluster; for EKS it is written first.
 * @throws FailureError when there is none
 */
export async function kubeconfigOf(access: ClusterAccess): Promise<Kubeconfig> {
  if (access.kind === 'eks') return { file: await eksKubeconfig(access.region, access.cluster) };
  const file = expandHome(access.file);
  if (existsSync(file)) {
    return access.context === undefined || access.context === '' ? { file } : { file, context: access.context };
  }
  const lab = file.startsWith(`${statesFolder}/`) ? file.slice(statesFolder.length + 1).split('/')[0] : undefined;
  throw new FailureError(
    lab === undefined
      ? `there is no kubeconfig ${file}. Mend the path in the lab file, or make the cluster first`
      : `lab ${lab} is not up on this machine. What now: isthmus up`,
  );
}

export function kubectlFlags({ file, context }: Kubeconfig): string[] {
  return [`--kubeconfig=${file}`, ...(context === undefined ? [] : [`--context=${context}`])];
}

export function helmFlags({ file, context }: Kubeconfig): string[] {
  return [`--kubeconfig=${file}`, ...(context === undefined ? [] : [`--kube-context=${context}`])];
}

/** What EKS tells about a cluster. */
export interface EksCluster {
  readonly endpoint: string;
  /** Base64. */
  readonly certificateAuthority: string;
}

const written = new Map<string, Promise<string>>();

/** Once in the life of a command: a cluster's endpoint stays. */
function eksKubeconfig(region: string, cluster: string): Promise<string> {
  const key = `${region}/${cluster}`;
  const known = written.get(key) ?? writeEksKubeconfig(region, cluster);
  written.set(key, known);
  return known;
}

async function writeEksKubeconfig(region: string, cluster: string): Promise<string> {
  const file = join(userStates(), '.clusters', `${region}-${cluster}.kubeconfig`);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, eksKubeconfigText(region, cluster, await describeEks(region, cluster)), { mode: 0o600 });
  renameSync(draft, file);
  return file;
}

/** A kubeconfig that holds no secret: each call gets its token from `aws eks get-token`. */
export function eksKubeconfigText(region: string, cluster: string, found: EksCluster): string {
  const name = `${cluster}.${region}`;
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    command: 'aws',
    args: ['eks', 'get-token', '--cluster-name', cluster, '--region', region, '--output', 'json'],
    interactiveMode: 'Never',
  };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: found.endpoint, 'certificate-authority-data': found.certificateAuthority } }],
    users: [{ name, user: { exec } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}

async function describeEks(region: string, name: string): Promise<EksCluster> {
  // Loaded when it is needed: most commands never speak to AWS.
  const { DescribeClusterCommand, EKSClient } = await import('@aws-sdk/client-eks');
  // Which Node.js the product runs on is the product's concern, not that of whoever runs a command.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const client = new EKSClient({ region });
  try {
    const { cluster } = await client.send(new DescribeClusterCommand({ name }));
    const { endpoint, certificateAuthority, status } = cluster ?? {};
    if (endpoint === undefined || certificateAuthority?.data === undefined) {
      throw new Error(`it is ${status ?? 'of an unknown state'} and has no endpoint yet`);
    }
    return { endpoint, certificateAuthority: certificateAuthority.data };
  } catch (error) {
    const { message, name: kind } = error as Error;
    if (kind === 'ResourceNotFoundException')
      throw new FailureError(`there is no EKS cluster ${name} in ${region}: the lab is not up. What now: isthmus up`);
    throw new FailureError(
      `EKS cluster ${name} in ${region} can not be reached: ${message}. What now: check the AWS credentials (aws sts get-caller-identity), then isthmus up`,
    );
  } finally {
    client.destroy();
  }
}
