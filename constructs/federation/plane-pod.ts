/** The pod of a federation plane: Consul's server and the trust exchange, each with a user of its own. */
import { exchangeSocket } from '../../model/federation';
import { imagePullPolicy } from '../../model/images';
import type { Mesh } from '../../model/lab';
import { uids } from '../../model/local';
import type { GuardedPod } from '../guard/pod';
import { confined } from '../helm/confined';
import { askProbe } from '../helm/program';
import { tokenMount, tokenVolume } from '../kube/token-volume';

type Json = Readonly<Record<string, unknown>>;

/** Names of things beside the pod that it mounts. */
export interface PlanePodOptions {
  readonly account: string;
  /** ConfigMap with the program. */
  readonly program: string;
  /** ConfigMap with the plane's configuration. */
  readonly config: string;
}

/**
 * The containers talk over Unix sockets only, but Consul calls its own RPC port even when it is alone. What prepares its
 * files is one party with it, and one user.
 */
export const planeGuard: GuardedPod = {
  pairs: [{ from: 'consul', to: 'consul', port: 8300 }],
  sharedUsers: [['consul', 'binary', 'prepare', 'bootstrap']],
};

/** Spec of the pod. */
export function planePod(mesh: Mesh, { account, program, config }: PlanePodOptions): Json {
  const pull = imagePullPolicy(mesh);
  const node = { image: mesh.images.node, ...pull };
  return {
    serviceAccountName: account,
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 10,
    securityContext: {
      runAsNonRoot: true,
      fsGroup: uids.plane,
      // Otherwise each mount would let the group into the files of Raft and of the management token.
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    initContainers: [
      { ...binary, image: mesh.images.consul, ...pull },
      { ...prepare, ...node },
      { ...consul, ...node },
      { ...bootstrap, ...node },
    ],
    containers: [{ ...exchange, ...node }],
    volumes: [
      { name: 'program', configMap: { name: program } },
      { name: 'config', configMap: { name: config } },
      ...volumes,
    ],
  };
}

const asConsul = { ...confined, runAsUser: uids.planeConsul, runAsGroup: uids.planeConsul };
const asExchange = { ...confined, runAsUser: uids.exchange, runAsGroup: uids.exchange };
const mounts = {
  bin: { name: 'bin', mountPath: '/plane/bin', readOnly: true },
  program: { name: 'program', mountPath: '/program', readOnly: true },
  config: { name: 'config', mountPath: '/plane/config', readOnly: true },
  data: { name: 'data', mountPath: '/plane/data' },
  sockets: { name: 'sockets', mountPath: '/plane/sockets' },
  tokens: { name: 'tokens', mountPath: '/plane/tokens' },
};
const volumes = [
  { name: 'bin', emptyDir: {} },
  { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
  { name: 'sockets', emptyDir: {} },
  { name: 'tokens', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
  tokenVolume({ downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } }),
];

/**
 * Consul's image has no Node.js, and Node's no Consul; the commands of `isthmus pair` need both, under one user. The
 * binary is static, so it runs in either.
 */
const binary = {
  name: 'binary',
  command: ['sh', '-c', 'cp "$(command -v consul)" /plane/bin/consul'],
  securityContext: asConsul,
  volumeMounts: [{ ...mounts.bin, readOnly: false }],
};

/** Makes the management token once, on the volume, for Consul's user only. */
const prepare = {
  name: 'prepare',
  command: ['node', '/program/main.js', 'prepare'],
  securityContext: asConsul,
  volumeMounts: [mounts.program, mounts.config, mounts.data],
};

/** A native sidecar: it outlives the init containers and starts before them that need it. */
const consul = {
  name: 'consul',
  restartPolicy: 'Always',
  command: [
    '/plane/bin/consul',
    'agent',
    '-config-file=/plane/config/consul.json',
    '-config-file=/plane/data/acl.json',
  ],
  securityContext: asConsul,
  resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '512Mi' } },
  // The program is for `isthmus pair` and `isthmus rotate`, which run in this container, where the management token is.
  volumeMounts: [mounts.bin, mounts.program, mounts.config, mounts.data, mounts.sockets],
};

/** Writes the plan's config entries and the exchange's scoped tokens. */
const bootstrap = {
  name: 'bootstrap',
  command: ['node', '/program/main.js', 'bootstrap'],
  securityContext: { ...asConsul, runAsGroup: uids.exchange },
  volumeMounts: [mounts.program, mounts.config, mounts.data, mounts.sockets, mounts.tokens],
};

/** The kubelet asks inside the pod: over its network it would ask in clear. */
function asked(path: string) {
  return askProbe({ socketPath: `/plane/${exchangeSocket}`, path });
}

const exchange = {
  name: 'trust-exchange',
  command: ['node', '/program/main.js', 'run'],
  startupProbe: { exec: asked('/readyz'), periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 300 },
  readinessProbe: { exec: asked('/readyz'), periodSeconds: 10, timeoutSeconds: 5 },
  livenessProbe: { exec: asked('/healthz'), periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 3 },
  securityContext: asExchange,
  resources: { requests: { cpu: '10m', memory: '96Mi' }, limits: { memory: '192Mi' } },
  volumeMounts: [mounts.program, mounts.config, mounts.sockets, { ...mounts.tokens, readOnly: true }, tokenMount],
};
