import { createHash } from 'node:crypto';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { PlaneConfig } from '../../model/federation';
import { planeClusterId } from '../../model/identity';
import type { KubeObject } from '../../model/kube';
import type { Mesh } from '../../model/lab';
import { uids } from '../../model/local';
import { federationGateway, federationNamespace, planeNamespace } from '../../model/names';
import { guardAnnotations } from '../guard/pod';
import { Objects } from '../helm/objects';
import { grantRole, type RbacRule, serviceAccount } from '../kube/service-account';
import { exchangeAdmission } from './admission';
import { planeGuard, planePod } from './plane-pod';
import { planeVolumes } from './plane-volume';

export interface FederationPlaneProps {
  readonly config: PlaneConfig;
  /** The bundled trust exchange. */
  readonly program: string;
  readonly programHash: string;
  /** Labels of its namespace, beside the one that keeps Istio out. */
  readonly labels: Readonly<Record<string, string>>;
  /** The Istio mesh that it speaks for. */
  readonly mesh: Mesh;
  /** Who may connect to it, and it to whom. */
  readonly networkPolicies: readonly KubeObject[];
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

const account = 'trust-exchange';
const release = 'plane';
const planeConfigMap = 'plane-config';

/**
 * One stock Consul server, alone, that speaks cluster peering for an Istio mesh towards one peer, and the trust
 * exchange beside it. No port of it is open; it only dials out.
 */
export class FederationPlane extends Construct {
  constructor(scope: Construct, id: string, props: FederationPlaneProps) {
    super(scope, id);
    const namespace = planeNamespace(props.config.peer);
    const created = new NamespaceV1(this, 'Namespace', {
      metadata: { name: namespace, labels: { 'istio-injection': 'disabled', ...props.labels } },
    });
    new Objects(this, 'Objects', {
      releaseName: release,
      namespace,
      programs: { 'main.js': props.program },
      objects: [
        serviceAccount({ name: account, namespace }),
        configMap(props.config, namespace),
        ...planeVolumes(props.config, props.mesh),
        ...rights(props.config, namespace),
        ...exchangeAdmission(props.config, account),
        ...props.networkPolicies,
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
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: planeConfigMap, namespace }, data };
}

function rights(config: PlaneConfig, namespace: string): KubeObject[] {
  const entryRule = {
    apiGroups: ['networking.istio.io'],
    resources: ['workloadentries'],
    verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  };
  const eventRule = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] };
  const leaves = [...config.imports.flatMap((entry) => entry.consumers), ...config.exports];
  const namespaces = [...new Set(leaves.map((leaf) => leaf.namespace))];
  const secretRule = (of: string) => ({
    apiGroups: [''],
    resources: ['secrets'],
    resourceNames: [...new Set(leaves.filter((leaf) => leaf.namespace === of).map(({ secret }) => secret))],
    // No create: a created token Secret would be any account's key. No list: names are known.
    verbs: ['get', 'update', 'patch'],
  });
  // Whether the gateway runs is what the peer is told of the exports' health.
  const gatewayRule = {
    apiGroups: ['apps'],
    resources: ['deployments'],
    resourceNames: [federationGateway],
    verbs: ['get'],
  };
  const rules = (of: string) => [secretRule(of), ...(of === federationGateway ? [gatewayRule] : []), eventRule];
  const grant = (of: string, granted: readonly RbacRule[]) =>
    grantRole({ name: `${namespace}-exchange`, namespace: of }, granted, { name: account, namespace });
  return [...grant(federationNamespace, [entryRule, eventRule]), ...namespaces.flatMap((of) => grant(of, rules(of)))];
}

function service(namespace: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: release, namespace },
    spec: { clusterIP: 'None', selector: { app: release } },
  };
}

function statefulSet({ programHash, config, mesh }: FederationPlaneProps, namespace: string): KubeObject {
  // Both are read at the start only: a change of either rolls the pod; traffic goes on meanwhile.
  const configHash = createHash('sha256')
    .update(JSON.stringify(configMap(config, namespace)))
    .digest('hex');
  const annotations = {
    'isthmus.dev/program': programHash,
    'isthmus.dev/config': configHash,
    ...guardAnnotations(planeGuard),
  };
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
        spec: planePod(mesh, { account, program: release, config: planeConfigMap }),
      },
    },
  };
}
