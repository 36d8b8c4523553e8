import { createHash } from 'node:crypto';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { PlaneConfig } from '../../model/federation';
import { planeClusterId } from '../../model/identity';
import type { KubeObject } from '../../model/kube';
import { uids } from '../../model/local';
import { federationNamespace, planeNamespace, planeVolume } from '../../model/names';
import { Objects } from '../helm/objects';
import { confined } from '../istio/confined';
import { exchangeAdmission } from './admission';

export interface FederationPlaneProps {
  readonly config: PlaneConfig;
  /** The bundled trust exchange. */
  readonly program: string;
  readonly programHash: string;
  /** Name of the node that holds the plane's volume. */
  readonly node: string;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

const account = 'trust-exchange';
const release = 'plane';

/**
 * One stock Consul server, alone, that speaks cluster peering for an Istio mesh towards one peer, and the trust
 * exchange beside it. Its only open port is the exchange's for probes and metrics; it only dials out.
 */
export class FederationPlane extends Construct {
  constructor(scope: Construct, id: string, props: FederationPlaneProps) {
    super(scope, id);
    const namespace = planeNamespace(props.config.peer);
    const created = new NamespaceV1(this, 'Namespace', {
      metadata: { name: namespace, labels: { 'istio-injection': 'disabled' } },
    });
    new Objects(this, 'Objects', {
      releaseName: release,
      namespace,
      program: props.program,
      objects: [
        {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: account, namespace },
          automountServiceAccountToken: false,
        },
        configMap(props.config, namespace),
        ...volume(props, namespace),
        ...rights(props.config, namespace),
        ...exchangeAdmission(props.config, account),
        service(namespace),
        statefulSet(props, namespace),
      ],
      dependsOn: [created, ...(props.dependsOn ?? [])],
    });
  }
}

function configMap(config: PlaneConfig, namespace: string): KubeObject {
  const { lab, mesh, peer, datacenter } = config;
  const consul = {
    datacenter,
    node_name: 'plane',
    server: true,
    bootstrap_expect: 1,
    data_dir: '/plane/data/consul',
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    addresses: { http: 'unix:///plane/sockets/http.sock', grpc: 'unix:///plane/sockets/grpc.sock' },
    ports: { http: 1, grpc: 1, grpc_tls: -1, dns: -1, serf_wan: -1 },
    // Consul gives its sockets to its own group, whatever the folder says.
    unix_sockets: { mode: '0660', group: String(uids.plane) },
    connect: { enabled: true, ca_config: { cluster_id: planeClusterId(lab, mesh, peer), leaf_cert_ttl: '1h' } },
    peering: { enabled: true },
    default_intention_policy: 'deny',
    acl: { enabled: true, default_policy: 'deny' },
    performance: { raft_multiplier: 1 },
    disable_update_check: true,
  };
  const data = { 'plane.json': JSON.stringify(config, null, 2), 'consul.json': JSON.stringify(consul, null, 2) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'plane-config', namespace }, data };
}

function volume({ config, node }: FederationPlaneProps, namespace: string): KubeObject[] {
  const { name, path } = planeVolume(config.lab, config.peer);
  const common = { accessModes: ['ReadWriteOnce'], storageClassName: '', volumeMode: 'Filesystem' };
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        ...common,
        capacity: { storage: '1Gi' },
        persistentVolumeReclaimPolicy: 'Retain',
        claimRef: { namespace, name: 'data' },
        local: { path },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace },
      spec: { ...common, volumeName: name, resources: { requests: { storage: '1Gi' } } },
    },
  ];
}

function rights(config: PlaneConfig, namespace: string): KubeObject[] {
  const subject = { kind: 'ServiceAccount', name: account, namespace };
  const entryRule = {
    apiGroups: ['networking.istio.io'],
    resources: ['workloadentries'],
    verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  };
  const eventRule = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] };
  const consumers = config.imports.flatMap((entry) => entry.consumers);
  const namespaces = [...new Set(consumers.map((consumer) => consumer.namespace))];
  const secretRule = (of: string) => ({
    apiGroups: [''],
    resources: ['secrets'],
    resourceNames: [...new Set(consumers.filter((consumer) => consumer.namespace === of).map(({ secret }) => secret))],
    // No create: a created token Secret would be any account's key. No list: names are known.
    verbs: ['get', 'update', 'patch'],
  });
  return [
    ...grant(namespace, federationNamespace, [entryRule, eventRule], subject),
    ...namespaces.flatMap((of) => grant(namespace, of, [secretRule(of), eventRule], subject)),
  ];
}

function grant(plane: string, namespace: string, rules: unknown[], subject: Record<string, string>): KubeObject[] {
  const name = `${plane}-exchange`;
  return [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, namespace }, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [subject],
    },
  ];
}

function service(namespace: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: release, namespace },
    spec: { clusterIP: 'None', selector: { app: release }, ports: [{ name: 'metrics', port: 9470 }] },
  };
}

function statefulSet({ programHash, config }: FederationPlaneProps, namespace: string): KubeObject {
  // Both are read at the start only: a change of either rolls the pod; traffic goes on meanwhile.
  const configHash = createHash('sha256')
    .update(JSON.stringify(configMap(config, namespace)))
    .digest('hex');
  const annotations = { 'isthmus.dev/program': programHash, 'isthmus.dev/config': configHash };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: release, namespace },
    spec: {
      serviceName: release,
      replicas: 1,
      selector: { matchLabels: { app: release } },
      template: {
        metadata: { labels: { app: release }, annotations },
        spec: {
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
          initContainers: [prepare, consul, bootstrap],
          containers: [exchange],
          volumes,
        },
      },
    },
  };
}

const image = { image: 'isthmus.invalid/plane:lab', imagePullPolicy: 'Never' };
const asConsul = { ...confined, runAsUser: uids.planeConsul, runAsGroup: uids.planeConsul };
const asExchange = { ...confined, runAsUser: uids.exchange, runAsGroup: uids.exchange };
const mounts = {
  program: { name: 'program', mountPath: '/program', readOnly: true },
  config: { name: 'config', mountPath: '/plane/config', readOnly: true },
  data: { name: 'data', mountPath: '/plane/data' },
  sockets: { name: 'sockets', mountPath: '/plane/sockets' },
  tokens: { name: 'tokens', mountPath: '/plane/tokens' },
};
const volumes = [
  { name: 'program', configMap: { name: release } },
  { name: 'config', configMap: { name: 'plane-config' } },
  { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
  { name: 'sockets', emptyDir: {} },
  { name: 'tokens', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
  {
    name: 'api',
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  },
];

/** Makes the management token once, on the volume, for Consul's user only. */
const prepare = {
  name: 'prepare',
  ...image,
  command: ['node', '/program/main.js', 'prepare'],
  securityContext: asConsul,
  volumeMounts: [mounts.program, mounts.config, mounts.data],
};

/** A native sidecar: it outlives the init containers and starts before them that need it. */
const consul = {
  name: 'consul',
  ...image,
  restartPolicy: 'Always',
  command: ['consul', 'agent', '-config-file=/plane/config/consul.json', '-config-file=/plane/data/acl.json'],
  securityContext: asConsul,
  resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '512Mi' } },
  // The program is for `isthmus pair` and `isthmus rotate`, which run in this container, where the management token is.
  volumeMounts: [mounts.program, mounts.config, mounts.data, mounts.sockets],
};

/** Writes the plan's config entries and the exchange's scoped tokens. */
const bootstrap = {
  name: 'bootstrap',
  ...image,
  command: ['node', '/program/main.js', 'bootstrap'],
  securityContext: { ...asConsul, runAsGroup: uids.exchange },
  volumeMounts: [mounts.program, mounts.config, mounts.data, mounts.sockets, mounts.tokens],
};

const exchange = {
  name: 'trust-exchange',
  ...image,
  command: ['node', '/program/main.js', 'run'],
  ports: [{ name: 'metrics', containerPort: 9470 }],
  readinessProbe: { httpGet: { path: '/readyz', port: 9470 }, periodSeconds: 2 },
  livenessProbe: { httpGet: { path: '/healthz', port: 9470 }, periodSeconds: 10, failureThreshold: 6 },
  securityContext: asExchange,
  resources: { requests: { cpu: '10m', memory: '96Mi' }, limits: { memory: '192Mi' } },
  volumeMounts: [
    mounts.program,
    mounts.config,
    mounts.sockets,
    { ...mounts.tokens, readOnly: true },
    { name: 'api', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
  ],
};
