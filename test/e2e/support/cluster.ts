/**
 * A Kubernetes cluster that is nobody's lab, as a person might have one of kind: a node of this machine without
 * anything in it, and a kubeconfig that tells nothing of where it came from.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { parseCidr } from '../../../model/cidr';
import type { Lab } from '../../../model/lab';
import { kubeconfigFile, stateFolder } from '../../../model/names';
import { kubectl } from '../../../scripts/kubectl';
import { whileChanging } from '../../../scripts/machine/locks';
import { prepareMachine, raiseMachine, razeMachine } from '../../../scripts/machine/machine';
import { until } from '../../../scripts/machine/until';
import { silentProgress } from '../../../scripts/progress';
import { localMesh } from '../../support/labs';
import { folder } from './labs';

/** What is known of such a cluster. */
export interface SomeonesCluster {
  readonly access: { readonly kind: 'kubeconfig'; readonly file: string; readonly context: string };
  /** The bare lab that it is made of. Its one mesh is the node. */
  readonly machine: Lab;
}

/** Network of its nodes, pods and services, as lab files write it. */
export const clusterNetwork = '10.30.0.0/16';

/**
 * @param name of its own, so that the lab of the other tests and this cluster never touch each other
 * @param ports of the machine's loopback that lead to the node's NodePort of the page, and to its API
 */
export function someonesCluster(name: string, ports: { pagePort: number; apiPort: number }): SomeonesCluster {
  const network = parseCidr(clusterNetwork);
  if (network === undefined) throw new Error('no network');
  return {
    access: { kind: 'kubeconfig', file: join(folder, `${name}.kubeconfig`), context: `kind-${name}` },
    machine: {
      name,
      platform: 'local',
      meshes: [{ ...localMesh, name: 'west', kind: 'istio', network, trustDomain: 'cluster.local' }],
      services: [],
      access: [],
      settings: { drainSeconds: 1, ...ports },
    },
  };
}

const ports = { pagePort: 18081, apiPort: 18444 };
const someones = someonesCluster('someones-cluster', ports);
export const cluster = someones.access;

/** Where the page answers, once there is one. */
export const clusterPage = `http://127.0.0.1:${ports.pagePort}/`;

export async function raiseCluster({ machine, access }: SomeonesCluster = someones): Promise<void> {
  await prepareMachine(machine, silentProgress);
  await whileChanging('up', machine.name, true, () => raiseMachine(machine, silentProgress));
  await controllersAtWork(machine);
  const { 'current-context': own, ...config } = parse(readFileSync(kubeconfigFile(machine.name, 'west'), 'utf8')) as {
    readonly 'current-context': string;
    readonly contexts: readonly { readonly context: object }[];
  };
  const [context] = config.contexts;
  // Another context is the current one: whoever forgets to name theirs does not reach this cluster.
  const elsewhere = { name: 'elsewhere', context: { cluster: 'elsewhere', user: own } };
  const contexts = [{ ...context, name: access.context }, elsewhere];
  writeFileSync(access.file, stringify({ ...config, contexts, 'current-context': 'elsewhere' }), { mode: 0o600 });
}

/** That a cluster begins with: default and three of kube's own. */
const namespaces = 4;

/** A node is ready before its controllers have made what every cluster has: namespaces get theirs a few seconds later. */
async function controllersAtWork({ name }: Lab): Promise<void> {
  const access = { kind: 'kubeconfig', file: kubeconfigFile(name, 'west') } as const;
  const made = async () => {
    const get = ['get', 'serviceaccounts,configmaps', '--all-namespaces', '--output=name'];
    const names = (await kubectl(access, get)).stdout.split('\n');
    const count = (wanted: string) => names.filter((one) => one === wanted).length;
    return count('serviceaccount/default') === namespaces && count('configmap/kube-root-ca.crt') === namespaces;
  };
  if (!(await until(made, { timeout: 60_000 })))
    throw new Error('after 60 s the controllers of the cluster do nothing');
}

export async function razeCluster({ machine, access }: SomeonesCluster = someones): Promise<void> {
  await whileChanging('down', machine.name, true, () => razeMachine(machine.name, silentProgress));
  rmSync(access.file, { force: true });
}

const volume = 'someones-volume';

/** A volume for whoever claims one, as kind's provisioner makes them. */
export async function offerVolume({ machine, access }: SomeonesCluster = someones): Promise<void> {
  const path = join(stateFolder(machine.name), 'volumes', volume);
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o777);
  const spec = {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Retain',
    hostPath: { path },
  };
  const object = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: volume }, spec };
  await kubectl(access, ['apply', '-f', '-'], { input: JSON.stringify(object) });
}

/** Takes the volume away with all that is on it, as kind's provisioner does after its claim is gone. */
export async function removeVolume({ machine, access }: SomeonesCluster = someones): Promise<void> {
  await kubectl(access, ['delete', 'pv', volume, '--ignore-not-found', '--wait=false']);
  rmSync(join(stateFolder(machine.name), 'volumes', volume), { recursive: true, force: true });
}
