/** Pods, and changes of pods, that would make guard's rules worthless: admission must refuse them. */
import { annotations, guardContainers, guardMountPath } from '../../../model/guard/names';
import { imagePullPolicy } from '../../../model/images';
import type { Mesh } from '../../../model/lab';
import { type Attack, type AttackRow, by, type Control } from '../attack';
import type { Field } from '../field';
import { elevation, insidePod, proxyUser } from '../references';
import { changesPod, guardOf, mended, type PodObject } from '../steps/guarded';
import { kubeObservation } from '../steps/kube';
import type { KubeCall } from '../vantage/kube';

/** A pod of the consumer's namespace that guard lets in, for changes that it must not. */
function podCall(
  { cast }: Field,
  change: Change = (spec) => spec,
  notes: Readonly<Record<string, string>> = {},
): KubeCall {
  const container = (name: string) => ({
    name,
    image: cast.west.images.node,
    ...imagePullPolicy(cast.west),
    args: ['-e', ''],
  });
  const plain = { serviceAccountName: cast.consumer.name, containers: [container('app'), container('side')] };
  const spec = change(plain, cast.west);
  return {
    method: 'POST',
    path: `/api/v1/namespaces/${cast.consumer.namespace}/pods?dryRun=All`,
    body: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'isthmus-attack', labels: { app: 'isthmus-attack' }, annotations: notes },
      spec,
    },
  };
}

type Container = Readonly<Record<string, unknown>>;
type PodSpec = Readonly<Record<string, unknown>> & { readonly containers: readonly Container[] };
type Change = (spec: PodSpec, mesh: Mesh) => PodSpec;

const first =
  (more: Container) =>
  (spec: PodSpec): PodSpec => ({
    ...spec,
    containers: spec.containers.map((container, index) => (index === 0 ? { ...container, ...more } : container)),
  });
const context = (securityContext: object) => first({ securityContext });
const pod =
  (more: object) =>
  (spec: PodSpec): PodSpec => ({ ...spec, ...more });

interface AdmissionRow extends AttackRow {
  /** @default - none */
  readonly change?: Change;
  /** Annotations that the pod comes with. @default - none */
  readonly notes?: Readonly<Record<string, string>>;
}

const escapes = ['M14', proxyUser];
const capability = (name: string) => context({ capabilities: { add: [name] } });

const admissionRows: readonly AdmissionRow[] = [
  {
    name: 'shared-user',
    title: 'two containers with one user',
    serves: insidePod,
    change: (spec) => ({
      ...spec,
      containers: spec.containers.map((container) => ({ ...container, securityContext: { runAsUser: 4242 } })),
    }),
  },
  {
    name: 'proxy-user',
    title: "a container with the proxy's user",
    serves: escapes,
    change: context({ runAsUser: 1337 }),
  },
  {
    name: 'proxy-group',
    title: "a container with the proxy's group",
    serves: escapes,
    change: context({ runAsGroup: 1337 }),
  },
  {
    name: 'proxy-fs-group',
    title: "the proxy's group as fsGroup",
    serves: escapes,
    change: pod({ securityContext: { fsGroup: 1337 } }),
  },
  {
    name: 'proxy-extra-group',
    title: "the proxy's group as a supplemental one",
    serves: escapes,
    change: pod({ securityContext: { supplementalGroups: [1337] } }),
  },
  {
    name: 'consul-user',
    title: "a container with the user of Consul's proxy",
    serves: insidePod,
    change: context({ runAsUser: 5995 }),
  },
  {
    name: 'root',
    title: 'a container that runs as root',
    serves: ['M14', 'SP 800-204B AHLC-SR-1'],
    change: context({ runAsUser: 0 }),
  },
  {
    name: 'net-admin',
    title: 'NET_ADMIN, which can change the rules',
    serves: elevation,
    change: capability('NET_ADMIN'),
  },
  { name: 'net-raw', title: 'NET_RAW, for sockets below the rules', serves: elevation, change: capability('NET_RAW') },
  { name: 'setuid', title: 'SETUID, to become the proxy', serves: elevation, change: capability('SETUID') },
  { name: 'privileged', title: 'a privileged container', serves: elevation, change: context({ privileged: true }) },
  {
    name: 'escalation',
    title: 'privilege escalation, for setuid programs',
    serves: elevation,
    change: context({ allowPrivilegeEscalation: true }),
  },
  {
    name: 'seccomp',
    title: 'no seccomp profile',
    serves: elevation,
    change: context({ seccompProfile: { type: 'Unconfined' } }),
  },
  { name: 'host-network', title: "the node's network", serves: elevation, change: pod({ hostNetwork: true }) },
  { name: 'host-pid', title: "the node's processes", serves: elevation, change: pod({ hostPID: true }) },
  {
    name: 'shared-processes',
    title: 'one process namespace for all containers',
    serves: insidePod,
    change: pod({ shareProcessNamespace: true }),
  },
  {
    name: 'host-path',
    title: "a folder of the node's",
    serves: elevation,
    change: pod({ volumes: [{ name: 'node', hostPath: { path: '/' } }] }),
  },
  {
    name: 'excluded-ports',
    title: "an annotation that takes ports out of Istio's capture",
    serves: ['M14', 'https://github.com/telepresenceio/telepresence/issues/4156'],
    notes: { 'traffic.sidecar.istio.io/excludeOutboundPorts': '443' },
  },
  {
    name: 'opt-out',
    title: 'an annotation that switches guard off',
    serves: insidePod,
    notes: { [annotations.enabled]: 'false' },
  },
  {
    name: 'own-rules',
    title: "rules of its own in place of guard's",
    serves: insidePod,
    notes: { [annotations.rulesV4]: '*filter\nCOMMIT\n' },
  },
  {
    name: 'own-guard',
    title: "a container of its own under guard's name",
    serves: insidePod,
    change: (spec) => ({ ...spec, initContainers: [{ ...spec.containers[0], name: guardContainers.v4 }] }),
  },
  {
    name: 'own-guard-emptied',
    title: "guard's own containers, with the kubelet's empty message file over the rules that they load",
    serves: insidePod,
    change: (spec, mesh) => ({
      ...spec,
      initContainers: guardOf(mesh).map((made) => ({
        ...made,
        terminationMessagePath: `${guardMountPath}/${made.name === guardContainers.v4 ? 'v4' : 'v6'}`,
      })),
    }),
  },
];

async function rightPod(field: Field): Promise<Control> {
  const { status, message } = await field.kube.asAdmin(podCall(field));
  return { ok: status === 201, evidence: `the same pod without the change: ${status} ${message}`.trim() };
}

function admissionAttack({ name, title, serves, change, notes }: AdmissionRow): Attack<Field> {
  return {
    id: `guard/pod-${name}`,
    group: 'guard',
    title: `a pod with ${title}`,
    serves,
    needs: 'guard',
    attempt: async (field) => {
      const call = podCall(field, change, notes);
      const answer = await field.kube.asAdmin(call);
      return mended(kubeObservation(call, answer), call.body, answer.body, field.cast.west);
    },
    refusedWhen: by('admission', 'mended'),
    control: rightPod,
  };
}

function changeAttack(name: string, title: string, attempt: Attack<Field>['attempt']): Attack<Field> {
  return {
    id: `guard/${name}`,
    group: 'guard',
    title,
    serves: insidePod,
    needs: 'guard',
    attempt,
    refusedWhen: by('admission'),
    control: rightPod,
  };
}

/** An ephemeral container of the consumer's pod with a user that another container has. */
function ephemeral(user: (pod: PodObject, field: Field) => number): Attack<Field>['attempt'] {
  return (field) =>
    changesPod(field, '/ephemeralcontainers', (live) => ({
      spec: {
        ephemeralContainers: [
          {
            name: 'isthmus-attack',
            image: field.cast.west.images.node,
            securityContext: { runAsUser: user(live, field) },
          },
        ],
      },
    }));
}

export const guardAdmissionAttacks: readonly Attack<Field>[] = [
  ...admissionRows.map(admissionAttack),
  changeAttack('patch-rules', 'the rules of a pod that runs are replaced', (field) =>
    changesPod(field, '', () => ({ metadata: { annotations: { [annotations.rulesV4]: '*filter\nCOMMIT\n' } } })),
  ),
  changeAttack('patch-declaration', 'the declaration of a pod that runs is widened', (field) =>
    changesPod(field, '', () => ({ metadata: { annotations: { [annotations.allow]: '[]' } } })),
  ),
  changeAttack(
    'ephemeral-user',
    "an ephemeral container takes another container's user",
    ephemeral(({ spec }, { cast }) => {
      const own = spec.containers.find(({ name }) => name === cast.consumer.name);
      return own?.securityContext?.runAsUser ?? 5001;
    }),
  ),
  changeAttack(
    'ephemeral-proxy',
    "an ephemeral container takes the proxy's user",
    ephemeral(() => 1337),
  ),
];
