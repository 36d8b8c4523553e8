import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { authorizationPolicy, sidecarEgress } from '../../model/access/istio';
import { grantsFrom } from '../../model/access/table';
import { type ResolvedImport, resolvedImports } from '../../model/imports';
import type { KubeObject } from '../../model/kube';
import { type Lab, mesh as meshOf, podLabels, type Service } from '../../model/lab';
import { importHost, upstreamVariable } from '../../model/names';
import { servicePolicy } from '../../model/network-policy/istio';
import type { OutsideHost } from '../../model/outside';
import { labEnvironment } from '../../model/program-environment';
import { guardAnnotations, serviceGuard } from '../guard/pod';
import { confinedPod } from '../helm/confined';
import { Objects } from '../helm/objects';
import {
  pairVariables,
  programAnnotation,
  programContainer,
  programFiles,
  programProbes,
  programVariables,
  programVolumes,
  sideContainers,
} from '../helm/program';
import { httpService } from '../kube/service';
import { serviceAccount } from '../kube/service-account';
import type { Programs } from '../programs';
import { drainAnnotation } from './drain';
import { pageObjects } from './page';

export interface IstioWorkloadProps {
  readonly lab: Lab;
  readonly service: Service;
  /** The bundled programs of its pod. */
  readonly programs: Programs;
  /** Hosts outside both meshes that the service may reach. @default - none */
  readonly outside?: readonly OutsideHost[];
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** Address by which pods know the outside host with this index; never routed. */
export function outsideAddress(index: number): string {
  return `240.240.255.${index + 1}`;
}

/** A service of an Istio mesh: account, Deployment, Service, and what it may call and be called by. */
export class IstioWorkload extends Construct {
  constructor(scope: Construct, id: string, props: IstioWorkloadProps) {
    super(scope, id);
    const { lab, service } = props;
    const mesh = meshOf(lab, service.mesh);
    const outside = props.outside ?? [];
    new Objects(this, 'Objects', {
      releaseName: service.name,
      namespace: service.namespace,
      ...programFiles(props.programs),
      objects: [
        serviceAccount(service),
        deployment(props),
        httpService(service, podLabels(service), service.port),
        authorizationPolicy(lab, service, mesh.trustDomain),
        servicePolicy(lab, service, outside),
        sidecarEgress(
          lab,
          service,
          outside.map(({ host }) => host),
        ),
        ...outside.map((entry, index) => outsideEntry(service, entry, index)),
        ...(service.expose === 'page' ? pageObjects(service) : []),
      ],
      ...(props.dependsOn === undefined ? {} : { dependsOn: props.dependsOn }),
    });
  }
}

function at({ name, namespace }: Service): { name: string; namespace: string } {
  return { name, namespace };
}

function deployment({ lab, service, programs, outside = [] }: IstioWorkloadProps): KubeObject {
  const mesh = meshOf(lab, service.mesh);
  const foreign = resolvedImports(lab, mesh).filter(({ consumers }) => consumers.some(({ id }) => id === service.id));
  const labels = { app: service.name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: at(service),
    spec: {
      replicas: service.replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels,
          annotations: {
            ...programAnnotation(programs),
            ...drainAnnotation(lab, mesh),
            ...guardAnnotations(serviceGuard(service)),
          },
        },
        spec: {
          serviceAccountName: service.name,
          automountServiceAccountToken: false,
          // A pod that waits for its grace period holds up `down`; the programs end at once on SIGTERM.
          terminationGracePeriodSeconds: 10,
          hostAliases: aliases(foreign, outside),
          securityContext: confinedPod,
          containers: [
            {
              ...programContainer(lab, service),
              env: programVariables(service, environment(lab, service)),
              ports: [{ containerPort: service.port }],
              ...programProbes(service),
            },
            ...sideContainers(lab, service),
          ],
          ...programVolumes(service),
        },
      },
    },
  };
}

function aliases(foreign: readonly ResolvedImport[], outside: readonly OutsideHost[]): Record<string, unknown>[] {
  return [
    ...foreign.map(({ address, host }) => ({ ip: address, hostnames: [host] })),
    ...outside.flatMap(({ host, via }, index) =>
      via === undefined ? [] : [{ ip: outsideAddress(index), hostnames: [host] }],
    ),
  ];
}

function environment(lab: Lab, service: Service): Readonly<Record<string, string>> {
  const upstreams = grantsFrom(lab, service).map(({ to }) => [
    upstreamVariable(to.name),
    to.mesh === service.mesh
      ? `http://${to.name}.${to.namespace}.svc.cluster.local`
      : `http://${importHost(to.name, to.mesh)}`,
  ]);
  return {
    ...labEnvironment(lab, { ...service, host: '0.0.0.0' }),
    ...Object.fromEntries(upstreams),
    ...pairVariables(service, service.name),
    ...service.env,
  };
}

function outsideEntry(service: Service, { host, port, via }: OutsideHost, index: number): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: `outside-${index}`, namespace: service.namespace },
    spec: {
      hosts: [host],
      location: 'MESH_EXTERNAL',
      exportTo: ['.'],
      // The program speaks TLS to the host itself; the proxy passes it on.
      ports: [{ number: port, name: 'tls', protocol: 'TLS' }],
      ...(via === undefined
        ? { resolution: 'DNS' }
        : {
            resolution: 'STATIC',
            addresses: [outsideAddress(index)],
            endpoints: [{ address: via.address, ports: { tls: via.port } }],
          }),
    },
  };
}
