import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { ResolvedImport } from '../../model/imports';
import type { KubeObject } from '../../model/kube';
import { podLabels, type Service } from '../../model/lab';
import { federationNamespace, federationSecret, importLabel, ownConnectionHeader } from '../../model/names';
import { Objects } from '../helm/objects';

export interface FederatedImportProps {
  readonly import: ResolvedImport;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/**
 * A foreign service made callable in an Istio mesh, for its consumers only. Endpoints and certificates are the trust
 * exchange's; everything that says *what may happen* is here.
 */
export class FederatedImport extends Construct {
  constructor(scope: Construct, id: string, props: FederatedImportProps) {
    super(scope, id);
    const namespaces = [...new Set(props.import.consumers.map(({ namespace }) => namespace))];
    const dependsOn = [...(props.dependsOn ?? [])];
    new Objects(this, 'Entry', {
      releaseName: `import-${props.import.name}`,
      namespace: federationNamespace,
      objects: [serviceEntry(props.import, namespaces)],
      dependsOn,
    });
    for (const namespace of namespaces) {
      const consumers = props.import.consumers.filter((consumer) => consumer.namespace === namespace);
      new Objects(this, `Consumers-${namespace}`, {
        releaseName: `import-${props.import.name}`,
        namespace,
        objects: [
          refuseOthers(props.import, namespace),
          routes(props.import, namespace),
          ...consumers.map((consumer) => mutualTls(props.import, consumer)),
        ],
        dependsOn,
      });
    }
  }
}

function serviceEntry(entry: ResolvedImport, namespaces: readonly string[]): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: entry.name, namespace: federationNamespace },
    spec: {
      hosts: [entry.host],
      addresses: [entry.address],
      // External: no auto-mTLS, and the DestinationRule's own certificate wins.
      location: 'MESH_EXTERNAL',
      resolution: 'STATIC',
      exportTo: namespaces,
      // HTTP: the program speaks plain to its own sidecar.
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      workloadSelector: { labels: { [importLabel]: entry.name } },
    },
  };
}

/**
 * A rule with `credentialName` reaches only the workload it selects; any other would send its request in clear. This
 * one gives all others a TLS that no server can satisfy. `exportTo` must differ from the consumer's rule: with the
 * same one Istio merges this away.
 */
function refuseOthers(entry: ResolvedImport, namespace: string): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: `${entry.name}-others`, namespace },
    spec: {
      host: entry.host,
      exportTo: ['*'],
      trafficPolicy: { tls: { mode: 'SIMPLE', sni: 'refused.invalid', subjectAltNames: ['refused.invalid'] } },
    },
  };
}

/** A request that asks for it gets a connection of its own, so that one call can be told from all others. */
function routes(entry: ResolvedImport, namespace: string): KubeObject {
  const destination = { host: entry.host, port: { number: 80 } };
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: entry.name, namespace },
    spec: {
      hosts: [entry.host],
      exportTo: ['.'],
      http: [
        {
          match: [{ headers: { [ownConnectionHeader]: { exact: '1' } } }],
          route: [{ destination: { ...destination, subset: 'own-connection' } }],
        },
        { route: [{ destination }] },
      ],
    },
  };
}

/** The consumer's own certificate, and the one server that it accepts. */
function mutualTls(entry: ResolvedImport, consumer: Service): KubeObject {
  const { name, namespace } = consumer;
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: `${entry.name}-${name}`, namespace },
    spec: {
      host: entry.host,
      exportTo: ['.'],
      workloadSelector: { matchLabels: podLabels(consumer) },
      trafficPolicy: {
        tls: {
          mode: 'MUTUAL',
          credentialName: federationSecret(name, entry.peer.name),
          sni: entry.sni,
          subjectAltNames: [entry.identity],
        },
        // Younger than a leaf's life, so that no connection outlives the certificate it was opened with.
        connectionPool: { tcp: { connectTimeout: '2s', maxConnectionDuration: '600s' } },
      },
      subsets: [
        { name: 'own-connection', trafficPolicy: { connectionPool: { http: { maxRequestsPerConnection: 1 } } } },
      ],
    },
  };
}
