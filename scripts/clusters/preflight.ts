/** Looks whether the clusters that a kubeconfig names can take their part of a lab, before anything is changed. */
import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Lab, Mesh } from '../../model/lab';
import { clusterOf, describeCluster } from '../cluster';
import { FailureError } from '../errors';
import { expandHome } from '../home';
import { kubeconfigMeshes } from '../meshes';
import type { PlannedResource } from '../plan/read';
import type { Progress } from '../progress';
import { type Ask, askCluster } from './ask';
import { claimFaults, inCluster } from './claims';
import { existingFaults } from './existing';
import { foreignFaults } from './foreign';
import { volumeFaults } from './volumes';

/** Kubernetes must be this new: native sidecars and ValidatingAdmissionPolicy are there without a feature gate. */
const leastMinor = 30;

/**
 * Checks every mesh that is in a cluster of a kubeconfig: that the cluster can be reached and is new enough, that this
 * person may do what the plan needs, that an existing mesh is what the lab file says, and that nothing of others would be
 * taken over.
 * @param plan what is to be applied
 * @throws FailureError that lists every fault
 */
export async function preflight(lab: Lab, plan: readonly PlannedResource[], progress: Progress): Promise<void> {
  const meshes = kubeconfigMeshes(lab);
  if (meshes.length === 0) return;
  await progress.step(`look at ${meshes.map(({ name }) => `the cluster of ${name}`).join(', ')}`, async () => {
    const faults = (await Promise.all(meshes.map((mesh) => meshFaults(lab, mesh, plan)))).flat();
    if (faults.length === 0) return;
    throw new FailureError(
      `lab ${lab.name} can not be installed; nothing was changed:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
  });
}

/** Everything that keeps a mesh's cluster from taking its part, one sentence each. */
async function meshFaults(lab: Lab, mesh: Mesh, plan: readonly PlannedResource[]): Promise<string[]> {
  const cluster = clusterOf(lab, mesh);
  const ask = askCluster(cluster);
  const basics = [...kubeconfigFaults(mesh), ...(kubeconfigFaults(mesh).length > 0 ? [] : await versionFaults(ask))];
  // What follows would only say the same again.
  if (basics.length > 0) return basics.map((fault) => `mesh ${mesh.name}: ${fault}`);
  const looks = [
    rightsFaults(ask, mesh),
    mesh.existing ? existingFaults(ask, lab, mesh) : foreignFaults(ask, lab.name, mesh),
    claimFaults(cluster, lab.name, plan),
    volumeFaults(
      ask,
      plan.filter((resource) => inCluster(resource, cluster)),
    ),
  ];
  const faults = await Promise.all(
    looks.map((look) => look.catch((error: unknown) => [`${describeCluster(cluster)}: ${(error as Error).message}`])),
  );
  return faults.flat().map((fault) => `mesh ${mesh.name}: ${fault}`);
}

/** Faults of the file itself. */
export function kubeconfigFaults({ name, place }: Mesh): string[] {
  if (place.platform !== 'kubeconfig') return [];
  const file = expandHome(place.kubeconfig);
  if (!existsSync(file)) {
    return [
      `there is no kubeconfig ${file}; mend meshes.${name}.kubeconfig in the lab file, or make the cluster first`,
    ];
  }
  const names = contextsOf(readFileSync(file, 'utf8'));
  if (names === undefined) return [`${file} is no kubeconfig; give the file that kubectl uses`];
  if (names.includes(place.context)) return [];
  const allowed = names.length === 0 ? 'it has none' : `allowed: ${names.join(', ')}`;
  return [
    `kubeconfig ${file} has no context ${JSON.stringify(place.context)}; ${allowed}; mend context in the lab file`,
  ];
}

/** Names of a kubeconfig's contexts; undefined when the text is none. */
export function contextsOf(text: string): string[] | undefined {
  try {
    const { contexts } = parse(text) as { contexts?: readonly { readonly name?: unknown }[] | null };
    return (contexts ?? []).map(({ name }) => String(name));
  } catch {
    return undefined;
  }
}

/** Whether the API answers, and as what. */
export async function versionFaults(ask: Ask): Promise<string[]> {
  let text: string;
  try {
    text = await ask(['get', '--raw', '/version']);
  } catch (error) {
    const last = (error as Error).message.trim().split('\n').at(-1) ?? '';
    return [
      `its Kubernetes API does not answer within 10 s: ${last}; check that the cluster runs and this machine reaches it`,
    ];
  }
  const { major = '0', minor = '0', gitVersion = 'unknown' } = JSON.parse(text) as Partial<Record<string, string>>;
  // Some providers write "30+".
  const fits = Number.parseInt(major, 10) > 1 || Number.parseInt(minor, 10) >= leastMinor;
  return fits ? [] : [`its Kubernetes is ${gitVersion}; needed: 1.${leastMinor} or newer; upgrade the cluster`];
}

/** Kinds that the federation is made of. */
const federationKinds = [
  'namespaces',
  'secrets',
  'serviceaccounts',
  'roles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'statefulsets.apps',
] as const;

/** A mesh's charts make anything anywhere; the federation of an existing mesh needs less. */
export async function rightsFaults(ask: Ask, { existing, kind }: Mesh): Promise<string[]> {
  const may = async (verb: string, what: string) =>
    (await ask(['auth', 'can-i', verb, what, '--all-namespaces'])).trim() === 'yes';
  if (await may('*', '*')) return [];
  if (!existing) {
    return [
      "this person may not do everything in the cluster (kubectl auth can-i '*' '*' -A says no), which installing a mesh needs; use a context with cluster-admin",
    ];
  }
  const kinds =
    kind === 'istio' ? [...federationKinds, ...istioKinds] : ['secrets', 'exportedservices.consul.hashicorp.com'];
  const answers = await Promise.all(kinds.map(async (name) => ((await may('create', name)) ? [] : [name])));
  const refused = answers.flat();
  return refused.length === 0
    ? []
    : [
        `this person may not create ${refused.join(', ')}; ask for a ClusterRole with these, or use a context that has them`,
      ];
}

const istioKinds = ['serviceentries', 'destinationrules', 'virtualservices'].map(
  (name) => `${name}.networking.istio.io`,
);
