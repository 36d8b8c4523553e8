/** A stolen trust exchange, within the kinds that it may write: admission holds it to the rows of its peer. */
import { federationNamespace, importLabel, planeNamespace } from '../../../model/names';
import { type Attack, type AttackRow, by, type Control } from '../attack';
import type { Field } from '../field';
import { kubeObservation } from '../steps/kube';
import type { KubeCall } from '../vantage/kube';

interface Row extends AttackRow {
  readonly call: (field: Field) => KubeCall;
  readonly kind: 'entry' | 'secret';
}

const confined = ['M11', 'SP 800-204B APE-SR-3'];

interface EntryChange {
  readonly name?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Whose absence has Kubernetes' garbage collector take the object away. */
const nobody = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: 'nobody',
  uid: '00000000-0000-4000-8000-000000000000',
};

/** A new WorkloadEntry that is right but for one thing. */
function entry({ cast }: Field, { name, spec, metadata }: EntryChange = {}): KubeCall {
  const labels = { [importLabel]: cast.entry.name };
  return {
    method: 'POST',
    path: `/apis/networking.istio.io/v1/namespaces/${federationNamespace}/workloadentries?dryRun=All`,
    body: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'WorkloadEntry',
      metadata: { name: name ?? `${cast.entry.name}-99`, namespace: federationNamespace, labels, ...metadata },
      spec: { address: cast.eastNetwork.meshGateway, ports: { http: cast.east.gateway?.port }, labels, ...spec },
    },
  };
}

function secret({ cast }: Field, body: object): KubeCall {
  const path = `/api/v1/namespaces/${cast.consumer.namespace}/secrets/${cast.consumerSecret}?dryRun=All`;
  return { method: 'PATCH', path, body };
}

const rows: readonly Row[] = [
  {
    name: 'entry-outside',
    title: "an endpoint of the import outside the peer's network",
    serves: confined,
    kind: 'entry',
    call: (field) => entry(field, { spec: { address: '203.0.113.7' } }),
  },
  {
    name: 'entry-own-network',
    title: "an endpoint of the import in Istio's own network",
    serves: confined,
    kind: 'entry',
    call: (field) => entry(field, { spec: { address: field.cast.westNetwork.node } }),
  },
  {
    name: 'entry-host-name',
    title: 'a name in place of an address, for a name server to fill',
    serves: confined,
    kind: 'entry',
    call: (field) => entry(field, { spec: { address: 'evil.example' } }),
  },
  {
    name: 'entry-port',
    title: "another port than the peer's gateway has",
    serves: confined,
    kind: 'entry',
    call: (field) => entry(field, { spec: { ports: { http: 20000 } } }),
  },
  {
    name: 'entry-local-label',
    title: 'labelled like a local service, to take over its calls',
    serves: ['M11', 'https://github.com/istio/istio/issues/31967'],
    kind: 'entry',
    call: (field) => entry(field, { spec: { labels: { app: field.cast.consumer.name } } }),
  },
  {
    name: 'entry-both-labels',
    title: 'labelled as the import and like a local service',
    serves: confined,
    kind: 'entry',
    call: (field) =>
      entry(field, { spec: { labels: { [importLabel]: field.cast.entry.name, app: field.cast.consumer.name } } }),
  },
  {
    name: 'entry-account',
    title: 'with the service account of somebody else',
    serves: confined,
    kind: 'entry',
    call: (field) => entry(field, { spec: { serviceAccount: field.cast.consumer.name } }),
  },
  {
    name: 'entry-name',
    title: 'under a name of its own choice',
    serves: confined,
    kind: 'entry',
    call: (field) => entry(field, { name: 'attack' }),
  },
  {
    name: 'entry-network',
    title: 'with a network, which sends the calls through a gateway of its choice',
    serves: confined,
    kind: 'entry',
    call: (field) => entry(field, { spec: { network: 'elsewhere' } }),
  },
  {
    name: 'entry-finalizer',
    title: 'an endpoint that nobody can delete, and its namespace neither',
    serves: confined,
    kind: 'entry',
    call: (field) => entry(field, { metadata: { finalizers: ['attack.example/stay'] } }),
  },
  {
    name: 'secret-owner',
    title: 'the federation Secret given an owner that does not exist, so that it is collected as garbage',
    serves: confined,
    kind: 'secret',
    call: (field) => secret(field, { metadata: { ownerReferences: [nobody] } }),
  },
  {
    name: 'secret-annotation',
    title: 'an annotation on the federation Secret that others go by',
    serves: confined,
    kind: 'secret',
    call: (field) => secret(field, { metadata: { annotations: { 'helm.sh/resource-policy': 'keep' } } }),
  },
  {
    name: 'secret-key',
    title: 'one more key in the federation Secret',
    serves: confined,
    kind: 'secret',
    call: (field) => secret(field, { data: { 'ca.crl': 'AA==' } }),
  },
  {
    name: 'secret-without-roots',
    title: 'the federation Secret without the roots to check the callee by',
    serves: ['M4', 'https://github.com/istio/istio/issues/39935'],
    kind: 'secret',
    call: (field) => secret(field, { data: { 'ca.crt': null } }),
  },
  {
    name: 'secret-type',
    title: 'the federation Secret turned into another type',
    serves: confined,
    kind: 'secret',
    call: (field) => secret(field, { type: 'kubernetes.io/service-account-token' }),
  },
  {
    name: 'secret-label',
    title: 'a label on the federation Secret, for other controllers to find',
    serves: confined,
    kind: 'secret',
    call: (field) => secret(field, { metadata: { labels: { 'istio/multiCluster': 'true' } } }),
  },
];

function attackOf({ name, title, serves, call, kind }: Row): Attack<Field> {
  return {
    id: `exchange/${name}`,
    group: 'exchange',
    title: `the trust exchange's token: ${title}`,
    serves,
    attempt: async (field) => kubeObservation(call(field), await asExchange(field, call(field))),
    refusedWhen: by('admission'),
    control: async (field): Promise<Control> => {
      const right = kind === 'entry' ? entry(field) : secret(field, { metadata: { annotations: {} } });
      const { status, message } = await asExchange(field, right);
      return {
        ok: status === 200 || status === 201,
        evidence: `the same token, a right ${kind}: ${status} ${message}`.trim(),
      };
    },
  };
}

async function asExchange(field: Field, call: KubeCall) {
  return field.kube.as(await field.token(planeNamespace(field.cast.east.name), 'trust-exchange'), call);
}

export const exchangeAttacks: readonly Attack<Field>[] = rows.map(attackOf);
