/** Where meshes and images are: what a lab file says, with every default filled in. */
import type { z } from 'zod';
import { type AwsMesh, type AwsSettings, nodePorts } from './aws';
import { meshGatewayPort } from './gateways';
import type { Charts, Endpoint, Images, Mesh, Place, Platform, Workload } from './lab';
import { hostsNetwork } from './local';
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
 * Where the other meshes reach the mesh gateway of a Consul mesh: known when the plan is made, so that nothing else is
 * ever dialled. Undefined for other meshes.
 * @param caller network of the mesh that calls
 */
export function gatewayOf(
  written: WrittenMesh,
  place: Place,
  aws: AwsSettings | undefined,
  caller: Mesh['network'] | undefined,
): Endpoint | undefined {
  if (written.kind !== 'consul') return undefined;
  if (place.platform === 'local') {
    return { address: hostsNetwork({ network: written.network }).meshGateway, port: meshGatewayPort };
  }
  const given = written.gateway;
  if (place.platform === 'kubeconfig') {
    // Without a load balancer of its own the mesh gateway is a port of every node.
    const port = written.existing === true ? meshGatewayPort : nodePorts.meshGateway;
    return { address: given ?? '', port };
  }
  const port = meshGatewayPort;
  switch (aws?.border.mode) {
    case 'public':
      return { address: place.elasticIp?.address ?? '', port };
    case 'privatelink':
      return { address: given ?? endpointAddress(caller ?? written.network, 0), port };
    default:
      return { address: given ?? borderAddress(written.network, 0), port };
  }
}

export function completeCharts(written: WrittenMesh['charts']): Charts {
  const { source, version, values = {} } = written ?? {};
  return { ...(source === undefined ? {} : { source }), ...(version === undefined ? {} : { version }), values };
}

export function completeImages(platform: Platform, written: z.output<typeof imagesSchema>): Images {
  const own =
    platform === 'local'
      ? { node: 'isthmus.invalid/node:lab', consul: 'isthmus.invalid/plane:lab' }
      : {
          node: `docker.io/library/node:${versions.node}-bookworm-slim`,
          consul: `docker.io/hashicorp/consul:${versions.consul}`,
        };
  return { node: written.node ?? own.node, consul: written.consul ?? own.consul };
}

export function workloadOf(name: string, written: z.output<typeof serviceSchema>): Workload {
  const { program, image, account, labels } = written;
  if (program !== undefined) return { kind: 'program', program };
  if (image !== undefined) return { kind: 'image', image };
  return { kind: 'existing', account: account ?? name, labels: labels ?? { app: name } };
}
