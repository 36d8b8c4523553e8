/** What tokens that a thief may find in pods are good for at the Kubernetes API. */
import { federationNamespace, planeNamespace } from '../../../model/names';
import { type Attack, type AttackRow, by, type Control, type Need } from '../attack';
import { insideIn } from '../cast';
import type { Field } from '../field';
import { leastPrivilege } from '../references';
import { kubeObservation } from '../steps/kube';
import type { KubeCall } from '../vantage/kube';

/** Whose token: the namespace and the account. */
type Account = (field: Field) => readonly [namespace: string, account: string];

const consumer: Account = ({ cast }) => [cast.consumer.namespace, cast.consumer.name];
const beside: Account = ({ cast }) => [cast.consumer.namespace, 'default'];
const caller: Account = ({ cast }) => [insideIn(cast).service.namespace, insideIn(cast).service.name];
const exchange: Account = ({ cast }) => [planeNamespace(cast.east.name), 'trust-exchange'];

interface Row extends AttackRow {
  readonly account: Account;
  readonly needs?: Need;
  readonly call: (field: Field) => KubeCall;
}

const secretsOf = (namespace: string) => `/api/v1/namespaces/${namespace}/secrets`;

const rows: readonly Row[] = [
  {
    name: 'other-namespace-secrets',
    title: "the consumer's token lists the Secrets of another namespace",
    serves: leastPrivilege,
    account: consumer,
    call: () => ({ method: 'GET', path: secretsOf('istio-system') }),
  },
  {
    name: 'istio-ca',
    title: "the consumer's token reads Istio's CA key",
    serves: ['M10', 'SP 800-204A SM-DR12'],
    account: consumer,
    call: () => ({ method: 'GET', path: `${secretsOf('istio-system')}/istio-ca-secret` }),
  },
  {
    name: 'federation-key',
    title: "the caller's token reads the consumer's federation key",
    serves: leastPrivilege,
    account: caller,
    needs: 'inside',
    call: ({ cast }) => ({ method: 'GET', path: `${secretsOf(cast.consumer.namespace)}/${cast.consumerSecret}` }),
  },
  {
    name: 'federation-key-beside',
    title: "the token of another account of the consumer's namespace reads the consumer's federation key",
    serves: leastPrivilege,
    account: beside,
    call: ({ cast }) => ({ method: 'GET', path: `${secretsOf(cast.consumer.namespace)}/${cast.consumerSecret}` }),
  },
  {
    name: 'write-own-secret',
    title: "the consumer's token writes its own federation Secret",
    serves: leastPrivilege,
    account: consumer,
    call: ({ cast }) => ({
      method: 'PATCH',
      path: `${secretsOf(cast.consumer.namespace)}/${cast.consumerSecret}?dryRun=All`,
      body: { metadata: { annotations: { attack: '1' } } },
    }),
  },
  {
    name: 'open-a-row',
    title: "the consumer's token writes an AuthorizationPolicy for itself",
    serves: ['M11', 'SP 800-204B APE-SR-3'],
    account: consumer,
    call: ({ cast }) => ({
      method: 'POST',
      path: `/apis/security.istio.io/v1/namespaces/${cast.consumer.namespace}/authorizationpolicies?dryRun=All`,
      body: {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: 'attack' },
        spec: { action: 'ALLOW', rules: [{}] },
      },
    }),
  },
  {
    name: 'create-pod',
    title: "the consumer's token starts a pod",
    serves: leastPrivilege,
    account: consumer,
    call: ({ cast }) => ({
      method: 'POST',
      path: `/api/v1/namespaces/${cast.consumer.namespace}/pods?dryRun=All`,
      body: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'attack' },
        spec: { containers: [{ name: 'a', image: 'a.invalid/a' }] },
      },
    }),
  },
  {
    name: 'other-account-token',
    title: "the consumer's token asks for a token of the trust exchange",
    serves: leastPrivilege,
    account: consumer,
    call: ({ cast }) => ({
      method: 'POST',
      path: `/api/v1/namespaces/${planeNamespace(cast.east.name)}/serviceaccounts/trust-exchange/token`,
      body: { spec: {} },
    }),
  },
  {
    name: 'exec',
    title: "the caller's token runs a program in the consumer's pod",
    serves: leastPrivilege,
    account: caller,
    needs: 'inside',
    call: ({ cast }) => ({
      method: 'POST',
      path: `/api/v1/namespaces/${cast.consumer.namespace}/pods/anything/exec?command=id&container=${cast.consumer.name}`,
    }),
  },
  {
    name: 'exchange-policy',
    title: "the trust exchange's token opens a row",
    serves: ['M11', 'SP 800-204B APE-SR-3'],
    account: exchange,
    call: ({ cast }) => ({
      method: 'POST',
      path: `/apis/security.istio.io/v1/namespaces/${cast.consumer.namespace}/authorizationpolicies?dryRun=All`,
      body: { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name: 'attack' }, spec: {} },
    }),
  },
  {
    name: 'exchange-service-entry',
    title: "the trust exchange's token makes a host callable",
    serves: ['M11', 'SP 800-204A SM-DR2'],
    account: exchange,
    call: () => ({
      method: 'POST',
      path: `/apis/networking.istio.io/v1/namespaces/${federationNamespace}/serviceentries?dryRun=All`,
      body: {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name: 'attack' },
        spec: { hosts: ['a.example'] },
      },
    }),
  },
  {
    name: 'exchange-destination-rule',
    title: "the trust exchange's token changes how the import is called",
    serves: ['M11', 'SP 800-204B APE-SR-3'],
    account: exchange,
    call: ({ cast }) => ({
      method: 'PATCH',
      path: `/apis/networking.istio.io/v1/namespaces/${cast.consumer.namespace}/destinationrules/${cast.entry.name}-${cast.consumer.name}?dryRun=All`,
      body: { spec: { trafficPolicy: null } },
    }),
  },
  {
    name: 'exchange-other-secret',
    title: "the trust exchange's token reads Istio's CA key",
    serves: ['M10', 'SP 800-204B SAUZ-SR-1'],
    account: exchange,
    call: () => ({ method: 'GET', path: `${secretsOf('istio-system')}/istio-ca-secret` }),
  },
  {
    name: 'exchange-list-secrets',
    title: "the trust exchange's token lists the Secrets of its consumer's namespace",
    serves: leastPrivilege,
    account: exchange,
    call: ({ cast }) => ({ method: 'GET', path: secretsOf(cast.consumer.namespace) }),
  },
  {
    name: 'exchange-token-secret',
    title: "the trust exchange's token makes a Secret that becomes another account's token",
    serves: leastPrivilege,
    account: exchange,
    call: ({ cast }) => ({
      method: 'POST',
      path: `${secretsOf(cast.consumer.namespace)}?dryRun=All`,
      body: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'attack', annotations: { 'kubernetes.io/service-account.name': cast.consumer.name } },
        type: 'kubernetes.io/service-account-token',
      },
    }),
  },
  {
    name: 'exchange-admission',
    title: "the trust exchange's token loosens the policy that holds it",
    serves: ['M8', 'SP 800-204B APE-SR-3'],
    account: exchange,
    call: ({ cast }) => ({
      method: 'DELETE',
      path: `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/${planeNamespace(cast.east.name)}-entries?dryRun=All`,
    }),
  },
];

function attackOf({ name, title, serves, account, call, needs }: Row): Attack<Field> {
  return {
    id: `credentials/${name}`,
    group: 'credentials',
    title,
    serves,
    attempt: async (field) => {
      const token = await field.token(...account(field));
      return kubeObservation(call(field), await field.kube.as(token, call(field)));
    },
    refusedWhen: by('unauthorized'),
    control: (field) => tokenIsGood(field, account(field)),
    ...(needs === undefined ? {} : { needs }),
  };
}

/** The token is a good one: it is not for being stale that it was refused. */
async function tokenIsGood(field: Field, [namespace, account]: readonly [string, string]): Promise<Control> {
  const token = await field.token(namespace, account);
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const { status, body: said } = await field.kube.as(token, { method: 'POST', path, body });
  const name = (said as { status?: { userInfo?: { username?: string } } }).status?.userInfo?.username;
  return {
    ok: status === 201 && name === `system:serviceaccount:${namespace}:${account}`,
    evidence: `the same token, asked who it is: ${status}, ${name ?? 'nobody'}`,
  };
}

export const credentialAttacks: readonly Attack<Field>[] = [
  ...rows.map(attackOf),
  {
    id: 'credentials/anonymous',
    group: 'credentials',
    title: 'no token at all',
    serves: ['M8', 'SP 800-204A SM-DR16'],
    attempt: async (field) => {
      const call = { method: 'GET', path: secretsOf(field.cast.consumer.namespace) } as const;
      return kubeObservation(call, await field.kube.as(undefined, call));
    },
    refusedWhen: by('unauthorized'),
    control: async (field) => {
      const { status } = await field.kube.asAdmin({ method: 'GET', path: secretsOf(field.cast.consumer.namespace) });
      return { ok: status === 200, evidence: `the administrator lists them: ${status}` };
    },
  },
];
