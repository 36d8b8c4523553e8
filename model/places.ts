/** Where meshes and images are: what a lab file says, with every default filled in. */
import type { z } from 'zod';
import { type AwsMesh, type AwsSettings, nodePorts } from './aws';
import { federationGatewayPort, meshGatewayPort } from './gateways';
import type { Charts, Endpoint, Images, Place, Platform, SideContainer, Workload } from './lab';
import { hostsNetwork, kubernetesNetwork } from './local';
import { borderAddress, endpointAddress } from './network-plan';
import type { imagesSchema, meshSchema, serviceSchema } from './schema';
import type { awsMeshSchema, awsSchema } from './schema-aws';
import { versions } from './versions';

type WrittenMesh = z.output<typeof meshSchema>;
type WrittenAws = z.output<typeof awsSchema>;

/** The kubeconfig that kubectl reads when nothing else is said. */
const defaultKubeconfig = '~/.kube/config';

export function completeAws({ zones, kubernetes, ...rest }: WrittenAws): AwsSettings {
  return {
    ...rest,
    // Three zones of these names exist in every region that has three at all, but not for every account: preflight looks.
    zones: zones ?? ['a', 'b', 'c'].map((letter) => `${rest.region}${letter}`),
    kubernetes: kubernetes ?? versions.eks,
  };
}

/** @param platform the lab's own, for meshes that name none */
export function completePlace(written: WrittenMesh, platform: Platform, aws: WrittenAws | undefined): Place {
  switch (written.platform ?? platform) {
    case 'local':
      return { platform: 'local' };
    case 'kubeconfig':
      return {
        platform: 'kubeconfig',
        kubeconfig: written.kubeconfig ?? defaultKubeconfig,
        context: written.context ?? '',
      };
    case 'aws':
      return { platform: 'aws', region: aws?.region ?? '', ...awsMesh(written.aws) };
  }
}

function awsMesh(written: z.output<typeof awsMeshSchema> | undefined): AwsMesh {
  const { vpc, cluster, elasticIp } = written ?? {};
  return {
    ...(vpc === undefined ? {} : { vpc }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(elasticIp === undefined ? {} : { elasticIp }),
  };
}

/**
 * Where the other meshes reach the mesh gateway of a Consul mesh, or the federation gateway of an Istio mesh: known when
 * the plan is made, so that nothing else is ever dialled. Undefined when a person must say it and did not.
 * @param caller the mesh that calls
 */
export function gatewayOf(
  written: WrittenMesh,
  place: Place,
  aws: AwsSettings | undefined,
  caller: WrittenMesh | undefined,
): Endpoint | undefined {
  const port = gatewayPort(written, place);
  const address = place.platform === 'aws' ? awsGateway(written, place, aws, caller) : gatewayAddress(written, place);
  return address === undefined ? undefined : { address, port };
}

/** As the callers see it. Without a load balancer of its own a gateway is a port of every node. */
function gatewayPort({ kind, existing }: WrittenMesh, { platform }: Place): number {
  if (kind === 'istio') return platform === 'kubeconfig' ? nodePorts.federationGateway : federationGatewayPort;
  return platform === 'kubeconfig' && existing !== true ? nodePorts.meshGateway : meshGatewayPort;
}

function gatewayAddress({ kind, network, gateway }: WrittenMesh, { platform }: Place): string | undefined {
  if (platform !== 'local') return gateway;
  return kind === 'consul' ? hostsNetwork({ network }).meshGateway : kubernetesNetwork({ network }).node;
}

function awsGateway(
  { network, gateway, aws: own }: WrittenMesh,
  place: AwsMesh,
  aws: AwsSettings | undefined,
  caller: WrittenMesh | undefined,
): string | undefined {
  // In a VPC of the person only they know which address is free.
  switch (aws?.border.mode) {
    case 'public':
      return place.elasticIp?.address;
    case 'privatelink':
      return gateway ?? (caller?.aws?.vpc ? undefined : endpointAddress(caller?.network ?? network, 0));
    default:
      return gateway ?? (own?.vpc ? undefined : borderAddress(network, 0));
  }
}

export function completeCharts(written: WrittenMesh['charts']): Charts {
  const { source, version, values = {} } = written ?? {};
  return { ...(source === undefined ? {} : { source }), ...(version === undefined ? {} : { version }), values };
}

export function completeImages(platform: Platform, written: z.output<typeof imagesSchema>): Images {
  const own =
    platform === 'local'
      ? {
          node: 'isthmus.invalid/node:lab',
          consul: 'isthmus.invalid/plane:lab',
          // The base of all of the lab's images has both programs.
          guard: 'isthmus.invalid/node:lab',
        }
      : {
          node: `docker.io/library/node:${versions.node}-bookworm-slim`,
          consul: `docker.io/hashicorp/consul:${versions.consul}`,
          // What Istio's own rules are set with has both programs, too.
          guard: `docker.io/istio/proxyv2:${versions.istioCharts}`,
        };
  return {
    node: written.node ?? own.node,
    consul: written.consul ?? own.consul,
    guard: written.guard ?? own.guard,
    proxies: written.proxies,
  };
}

export function completeContainers(written: z.output<typeof serviceSchema>['containers']): SideContainer[] {
  return Object.entries(written).map(([name, { port, program, image = '', env }]) => ({
    name,
    ...(port === undefined ? {} : { port }),
    workload: program === undefined ? { kind: 'image', image } : { kind: 'program', program },
    env,
  }));
}

export function workloadOf(name: string, written: z.output<typeof serviceSchema>): Workload {
  const { program, image, account, labels } = written;
  if (program !== undefined) return { kind: 'program', program };
  if (image !== undefined) return { kind: 'image', image };
  return { kind: 'existing', account: account ?? name, labels: labels ?? { app: name } };
}
