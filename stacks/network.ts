import { TerraformOutput } from 'cdktf';
import type { Construct } from 'constructs';
import { type IVpc, Vpc } from '../constructs/aws/network/vpc';
import { clusterName, flowLogGroup } from '../model/aws';
import type { Lab, Mesh } from '../model/lab';
import { AwsStack } from './aws-stack';

/** The VPC of one mesh. */
export class NetworkStack extends AwsStack {
  readonly vpc: IVpc;

  constructor(scope: Construct, lab: Lab, mesh: Mesh) {
    super(scope, lab, `network-${mesh.name}`, mesh.name);
    const { region, zones, nat, endpoints, flowLogDays } = this.settings;
    const flowLog = { logGroup: flowLogGroup(lab.name, mesh.name), days: flowLogDays };
    const vpc = new Vpc(this, 'Vpc', {
      name: clusterName(lab.name, mesh.name),
      region,
      cidr: mesh.network,
      zones,
      nat,
      endpoints,
      ...(flowLogDays > 0 ? { flowLog } : {}),
    });
    this.vpc = vpc;
    new TerraformOutput(this, 'vpcId', { value: vpc.vpcId, staticId: true });
  }
}
