import { TerraformOutput } from 'cdktf';
import type { Construct } from 'constructs';
import { Cluster } from '../constructs/aws/eks/cluster';
import { ExistingCluster } from '../constructs/aws/eks/existing-cluster';
import type { ICluster } from '../constructs/aws/eks/icluster';
import { NodePortBalancer } from '../constructs/aws/eks/node-port-balancer';
import type { IVpc } from '../constructs/aws/network/vpc';
import { type AwsMesh, balancerRoles, clusterName, nodePorts } from '../model/aws';
import { federationGatewayPort, meshGatewayPort } from '../model/gateways';
import { type Lab, type Mesh, servicesOf } from '../model/lab';
import { serviceNetwork } from '../model/network-plan';
import { AwsStack, awsTags } from './aws-stack';

/** The EKS cluster of one mesh, and its load balancers. */
export class ClusterStack extends AwsStack {
  readonly cluster: ICluster;
  /** Where the other mesh calls. */
  readonly border: NodePortBalancer;
  private readonly name: string;

  constructor(
    scope: Construct,
    lab: Lab,
    mesh: Mesh,
    private readonly vpc: IVpc,
    /** Networks of the meshes that call this one. */
    private readonly callers: readonly IVpc[],
  ) {
    super(scope, lab, `cluster-${mesh.name}`, mesh.name);
    this.name = clusterName(lab.name, mesh.name);
    const own: AwsMesh = mesh.place.platform === 'aws' ? mesh.place : {};
    this.cluster = own.cluster === undefined ? this.made(lab, mesh) : this.existing(own.cluster);
    this.border = this.addBorder(lab, mesh, own);
    const page = servicesOf(lab, mesh).some(({ expose }) => expose === 'page');
    if (page && mesh.kind === 'istio') this.addPage();
    new TerraformOutput(this, 'clusterName', { value: this.cluster.clusterName, staticId: true });
  }

  private made(lab: Lab, mesh: Mesh): ICluster {
    const { region, kubernetes, nodes, logs, apiFrom, admins } = this.settings;
    return new Cluster(this, 'Cluster', {
      clusterName: this.name,
      region,
      version: kubernetes,
      vpc: this.vpc,
      serviceCidr: serviceNetwork(lab.meshes.map(({ network }) => network)),
      apiFrom,
      logTypes: logs.types,
      logDays: logs.days,
      nodes,
      admins,
      tags: awsTags(lab, mesh.name),
    });
  }

  private existing(name: string): ICluster {
    return new ExistingCluster(this, 'Cluster', { clusterName: name });
  }

  /** Consul's mesh gateway, or Istio's federation gateway, for the other mesh only. */
  private addBorder(lab: Lab, mesh: Mesh, { elasticIp, vpc }: AwsMesh): NodePortBalancer {
    const { border } = this.settings;
    const ports =
      mesh.kind === 'consul'
        ? { port: meshGatewayPort, nodePort: nodePorts.meshGateway }
        : { port: federationGatewayPort, nodePort: nodePorts.federationGateway };
    const others = lab.meshes.filter(({ name }) => name !== mesh.name).map(({ network }) => network);
    const common = { name: `${this.name}-${balancerRoles.border}`, vpc: this.vpc, cluster: this.cluster, ...ports };
    if (border.mode === 'public') {
      const elasticIps = elasticIp === undefined ? {} : { elasticIps: [elasticIp.allocation] };
      return new NodePortBalancer(this, 'Border', {
        ...common,
        scheme: 'internet-facing',
        from: border.from,
        fromAddresses: this.callers.flatMap(({ natAddresses = [] }) => natAddresses),
        ...elasticIps,
      });
    }
    // Of a VPC that is there already only the one address is known to be free.
    const free = vpc !== undefined && mesh.gateway !== undefined ? [mesh.gateway.address] : undefined;
    const fixed = border.mode === 'peering' && free !== undefined ? free : this.vpc.borderAddresses;
    return new NodePortBalancer(this, 'Border', {
      ...common,
      scheme: 'internal',
      from: others,
      ...(fixed === undefined ? {} : { addresses: fixed }),
    });
  }

  private addPage(): void {
    const { pageFrom } = this.settings;
    const open = pageFrom.length > 0;
    const page = new NodePortBalancer(this, 'Page', {
      name: `${this.name}-${balancerRoles.page}`,
      vpc: this.vpc,
      cluster: this.cluster,
      port: 80,
      nodePort: nodePorts.page,
      scheme: open ? 'internet-facing' : 'internal',
      from: open ? pageFrom : [this.vpc.cidr],
    });
    new TerraformOutput(this, 'pageAddress', { value: `http://${page.balancerDnsName}/`, staticId: true });
  }
}
