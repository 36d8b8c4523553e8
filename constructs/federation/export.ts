import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { exportFilter, exportServer } from '../../model/access/gateway';
import { gatewayPolicy } from '../../model/access/istio';
import type { ResolvedExport } from '../../model/exports';
import type { KubeObject } from '../../model/kube';
import { podLabels } from '../../model/lab';
import { federationGateway } from '../../model/names';
import { Objects } from '../helm/objects';
import { emptySecret } from '../kube/secret';
import { httpService } from '../kube/service';

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
    const { namespace, port, workload } = entry.service;
    if (workload.kind === 'existing') {
      new Objects(this, 'Service', {
        releaseName: `export-${entry.name}`,
        namespace,
        // Of pods that are there already only labels and port are known.
        objects: [httpService({ name: exportService(entry.name), namespace }, podLabels(entry.service), port)],
        dependsOn,
      });
    }
    new Objects(this, 'Objects', {
      releaseName: `export-${entry.name}`,
      namespace: federationGateway,
      objects: [
        // The trust exchange fills it.
        emptySecret({ name: entry.secret, namespace: federationGateway }),
        gatewayPolicy(entry),
        exportFilter(entry),
        exportServer(entry),
        route(entry),
      ],
      dependsOn,
    });
  }
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
