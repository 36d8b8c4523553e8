import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { exportFilter, exportServer } from '../../model/access/gateway';
import { gatewayPolicy } from '../../model/access/istio';
import type { ResolvedExport } from '../../model/exports';
import type { KubeObject } from '../../model/kube';
import { podLabels } from '../../model/lab';
import { federationGateway } from '../../model/names';
import { Objects } from '../helm/objects';

export interface FederatedExportProps {
  readonly export: ResolvedExport;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/**
 * A service of an Istio mesh made callable in one peer: a server name of its own at the federation gateway, with a
 * certificate and roots of its own, so that no other peer's root counts there.
 */
export class FederatedExport extends Construct {
  constructor(scope: Construct, id: string, props: FederatedExportProps) {
    super(scope, id);
    const entry = props.export;
    const dependsOn = [...(props.dependsOn ?? [])];
    if (entry.service.workload.kind === 'existing') {
      new Objects(this, 'Service', {
        releaseName: `export-${entry.name}`,
        namespace: entry.service.namespace,
        objects: [kubeService(entry)],
        dependsOn,
      });
    }
    new Objects(this, 'Objects', {
      releaseName: `export-${entry.name}`,
      namespace: federationGateway,
      objects: [secret(entry), gatewayPolicy(entry), exportFilter(entry), exportServer(entry), route(entry)],
      dependsOn,
    });
  }
}

/** The trust exchange fills it. */
function secret({ secret: name }: ResolvedExport): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: federationGateway }, type: 'Opaque' };
}

function route(entry: ResolvedExport): KubeObject {
  const host = hostOf(entry);
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: entry.name, namespace: federationGateway },
    spec: {
      hosts: [entry.sni],
      gateways: [entry.name],
      exportTo: ['.'],
      http: [
        {
          route: [{ destination: { host, port: { number: 80 } } }],
          // Callers dial a loopback port: what they write there says nothing to the callee.
          rewrite: { authority: host },
        },
      ],
    },
  };
}

function hostOf({ name, service }: ResolvedExport): string {
  const own = service.workload.kind === 'existing' ? exportService(name) : service.name;
  return `${own}.${service.namespace}.svc.cluster.local`;
}

function exportService(name: string): string {
  return `${name}-export`;
}

/** Of pods that are there already only labels and port are known. */
function kubeService({ name, service }: ResolvedExport): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: exportService(name), namespace: service.namespace },
    spec: { selector: podLabels(service), ports: [{ name: 'http', port: 80, targetPort: service.port }] },
  };
}
