/** Whether a mesh that others installed is what the lab file says. Only looks. */
import { parse } from 'yaml';
import { type Lab, type Mesh, namespacesOf } from '../../model/lab';
import { consulNamespace } from '../../model/names';
import { planes } from '../../model/planes';
import { type Ask, listed, type Meta, one } from './ask';
import { peeringMark, withConsul } from './consul';

export async function existingFaults(ask: Ask, lab: Lab, mesh: Mesh): Promise<string[]> {
  const looks =
    mesh.kind === 'istio'
      ? [istiodFaults(ask, mesh), crdFaults(ask, istioCrds, 'Istio'), namespaceFaults(ask, lab, mesh)]
      : [consulFaults(ask, lab, mesh), crdFaults(ask, consulCrds, 'Consul'), namespaceFaults(ask, lab, mesh)];
  return (await Promise.all(looks)).flat();
}

/** Custom resources of Istio that a federation is made of. */
const istioCrds = [
  'serviceentries.networking.istio.io',
  'workloadentries.networking.istio.io',
  'destinationrules.networking.istio.io',
  'virtualservices.networking.istio.io',
];
const consulCrds = ['exportedservices.consul.hashicorp.com', 'serviceintentions.consul.hashicorp.com'];

interface Deployment extends Meta {
  readonly status?: { readonly readyReplicas?: number };
}

async function istiodFaults(ask: Ask, mesh: Mesh): Promise<string[]> {
  const all = await listed<Deployment>(ask, ['deployments', '--all-namespaces', '--selector', 'app=istiod']);
  if (all.length === 0) {
    return ['there is no istiod (a Deployment with label app=istiod); install Istio first, or remove existing: true'];
  }
  const ready = all.filter(({ status }) => (status?.readyReplicas ?? 0) > 0);
  const [istiod] = ready;
  if (istiod === undefined) {
    return [
      `istiod (${all.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(', ')}) has no ready pod; mend it first`,
    ];
  }
  const domains = await Promise.all(ready.map((deployment) => trustDomainOf(ask, deployment)));
  const found = [...new Set(domains)];
  if (found.length === 1 && found[0] === mesh.trustDomain) return [];
  return [
    `Istio's trust domain is ${found.join(' and ')}, the lab file says ${mesh.trustDomain}; write trustDomain: ${found[0]} for this mesh`,
  ];
}

/** As Istio's mesh config has it: ConfigMap `istio`, or `istio-REVISION`. */
async function trustDomainOf(ask: Ask, { metadata }: Deployment): Promise<string> {
  const revision = metadata.labels?.['istio.io/rev'];
  const name = revision === undefined || revision === '' || revision === 'default' ? 'istio' : `istio-${revision}`;
  const at = ['--namespace', metadata.namespace ?? 'istio-system'];
  const config = await one<{ data?: { mesh?: string } }>(ask, ['configmap', name, ...at]);
  return trustDomainIn(config?.data?.mesh ?? '');
}

/** Istio's own default where the mesh config has none. */
export function trustDomainIn(meshConfig: string): string {
  const { trustDomain } = (parse(meshConfig) ?? {}) as { trustDomain?: string };
  return trustDomain === undefined || trustDomain === '' ? 'cluster.local' : trustDomain;
}

async function crdFaults(ask: Ask, wanted: readonly string[], product: string): Promise<string[]> {
  const found = (await ask(['get', 'crd', ...wanted, '--ignore-not-found', '-o', 'name'])).split('\n');
  const missing = wanted.filter((name) => !found.some((line) => line.trim().endsWith(`/${name}`)));
  return missing.length === 0
    ? []
    : [`the cluster does not know ${missing.join(', ')}; install ${product}'s custom resource definitions`];
}

async function namespaceFaults(ask: Ask, lab: Lab, mesh: Mesh): Promise<string[]> {
  const wanted = namespacesOf(lab, mesh);
  if (wanted.length === 0) return [];
  const found = new Set((await listed<Meta>(ask, ['namespaces'])).map(({ metadata }) => metadata.name));
  return wanted
    .filter((name) => !found.has(name))
    .map((name) => `there is no namespace ${name}, in which the lab file has a service; mend its name`);
}

interface Peering {
  readonly Name: string;
  readonly State: string;
  readonly Meta?: Readonly<Record<string, string>> | null;
}

async function consulFaults(ask: Ask, lab: Lab, mesh: Mesh): Promise<string[]> {
  const server = await one<Meta>(ask, ['service', 'consul-server', '--namespace', consulNamespace]);
  if (server === undefined) {
    return [
      `there is no Service ${consulNamespace}/consul-server; install Consul from its chart with global.name: consul in namespace ${consulNamespace}, or remove existing: true`,
    ];
  }
  const { trustDomain, peerings, refusal } = await withConsul(lab, mesh, async (api) => ({
    trustDomain: (await api.get<{ TrustDomain: string }>('/v1/connect/ca/roots')).TrustDomain,
    ...(await api.get<readonly Peering[]>('/v1/peerings').then(
      (found) => ({ peerings: found, refusal: undefined }),
      (error: Error) => ({ peerings: [], refusal: error.message }),
    )),
  }));
  const wanted = planes(lab).filter(({ peer }) => peer.name === mesh.name);
  const taken = peerings.filter(
    ({ Name, Meta }) => wanted.some(({ own }) => own.name === Name) && Meta?.[peeringMark] !== lab.name,
  );
  return [
    ...(trustDomain === mesh.trustDomain
      ? []
      : [
          `Consul's trust domain is ${trustDomain}, the lab file says ${mesh.trustDomain}; write trustDomain: ${trustDomain}`,
        ]),
    ...(refusal === undefined ? [] : [`Consul's peering can not be used (${refusal}); set global.peering.enabled`]),
    ...taken.map(
      ({ Name, State }) =>
        `Consul has a peering ${Name} (${State}) that this lab did not make; rename mesh ${Name} in the lab file, or delete that peering`,
    ),
  ];
}
