import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { EksAccessEntry } from '@cdktf/provider-aws/lib/eks-access-entry';
import { EksAccessPolicyAssociation } from '@cdktf/provider-aws/lib/eks-access-policy-association';
import { EksAddon } from '@cdktf/provider-aws/lib/eks-addon';
import { EksCluster } from '@cdktf/provider-aws/lib/eks-cluster';
import { EksNodeGroup } from '@cdktf/provider-aws/lib/eks-node-group';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment';
import { KmsKey } from '@cdktf/provider-aws/lib/kms-key';
import { LaunchTemplate } from '@cdktf/provider-aws/lib/launch-template';
import { Cluster, type ClusterProps } from '../../../../constructs/aws/eks/cluster';
import { Vpc } from '../../../../constructs/aws/network/vpc';
import { cidr, nodes, Synthesised } from '../../../support/aws';

const vpc = Vpc.fromExisting(
  { id: 'vpc-1', privateSubnets: ['subnet-1', 'subnet-2'], publicSubnets: [], routeTables: [] },
  cidr('10.10.0.0/16'),
);
const tags = { 'isthmus.dev/lab': 'demo', 'isthmus.dev/mesh': 'west', team: 'mesh' };
const props: ClusterProps = {
  clusterName: 'demo-west',
  region: 'eu-north-1',
  version: '1.35',
  vpc,
  serviceCidr: cidr('172.20.0.0/16'),
  nodes,
  tags,
};
const made = (more: Partial<ClusterProps> = {}) =>
  new Synthesised((scope) => {
    new Cluster(scope, 'Cluster', { ...props, ...more });
  });
const plain = made();

/** What a role may do by policies of AWS. */
const policies = (plan: Synthesised, role: string) =>
  plan
    .all(IamRolePolicyAttachment)
    .filter((attachment) => String(attachment.role).includes(role))
    .map((attachment) => String(attachment.policy_arn).split(':policy/')[1])
    .toSorted();
const configuration = (plan: Synthesised, name: string) =>
  JSON.parse(String(plan.one(EksAddon, name).configuration_values)) as Record<string, unknown>;

describe('a control plane', () => {
  test('encrypts its secrets and its log with a key of its own that is rotated', () => {
    expect(plain.one(KmsKey)).toMatchObject({ enable_key_rotation: true, deletion_window_in_days: 7 });
    const key = `\${${plain.address(KmsKey)}.arn}`;
    expect(plain.one(EksCluster).encryption_config).toEqual({ provider: { key_arn: key }, resources: ['secrets'] });
    expect(plain.one(CloudwatchLogGroup).kms_key_id).toBe(key);
    const { Statement: statements } = JSON.parse(String(plain.one(KmsKey).policy));
    expect(statements.map((statement: { Principal: unknown }) => JSON.stringify(statement.Principal))).toEqual([
      expect.stringMatching(/:root"}$/),
      '{"Service":"logs.eu-north-1.amazonaws.com"}',
    ]);
    expect(JSON.stringify(statements[1].Condition)).toContain('log-group:/aws/eks/demo-west/cluster"');
  });

  test('is not on the internet unless ranges are given', () => {
    const closed = plain.one(EksCluster).vpc_config;
    expect(closed).toEqual({
      subnet_ids: ['subnet-1', 'subnet-2'],
      endpoint_private_access: true,
      endpoint_public_access: false,
    });
    const open = made({ apiFrom: [cidr('203.0.113.7/32'), cidr('198.51.100.0/24')] }).one(EksCluster).vpc_config;
    expect(open).toMatchObject({
      endpoint_private_access: true,
      endpoint_public_access: true,
      public_access_cidrs: ['203.0.113.7/32', '198.51.100.0/24'],
    });
  });

  test('lets in whom the plan names, installs what the plan names, and never costs more by growing old', () => {
    expect(plain.one(EksCluster)).toMatchObject({
      name: 'demo-west',
      version: '1.35',
      access_config: { authentication_mode: 'API', bootstrap_cluster_creator_admin_permissions: false },
      bootstrap_self_managed_addons: false,
      kubernetes_network_config: { ip_family: 'ipv4', service_ipv4_cidr: '172.20.0.0/16' },
      upgrade_policy: { support_type: 'STANDARD' },
      deletion_protection: false,
    });
  });

  test('logs what is chosen, as long as chosen, into a group that was there before it', () => {
    expect(plain.one(EksCluster).enabled_cluster_log_types).toEqual([]);
    const chosen = made({ logTypes: ['audit', 'api'], logDays: 30 });
    expect(chosen.one(EksCluster).enabled_cluster_log_types).toEqual(['audit', 'api']);
    expect(chosen.one(CloudwatchLogGroup)).toMatchObject({
      name: '/aws/eks/demo-west/cluster',
      retention_in_days: 30,
    });
    expect(chosen.after(chosen.address(EksCluster), chosen.address(CloudwatchLogGroup))).toBe(true);
  });
});

describe('administrators', () => {
  test('are the deployer and those named, each once', () => {
    const plan = made({ admins: ['arn:aws:iam::123456789012:role/admin'] });
    for (const type of [EksAccessEntry, EksAccessPolicyAssociation]) {
      expect(plan.one(type)).toMatchObject({
        for_each: expect.stringMatching(
          /^\$\{toset\(concat\(\[data\.aws_iam_session_context\.\S+\.issuer_arn\], \["arn:aws:iam::123456789012:role\/admin"\]\)\)\}$/,
        ),
        principal_arn: '${each.value}',
      });
    }
    expect(plan.one(EksAccessPolicyAssociation)).toMatchObject({
      policy_arn: expect.stringContaining(':eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy'),
      access_scope: { type: 'cluster' },
    });
  });
});

describe('nodes', () => {
  test('are of the size, number and kind that is asked for', () => {
    expect(plain.one(EksNodeGroup)).toMatchObject({
      node_group_name: 'demo-west-nodes',
      ami_type: 'AL2023_x86_64_STANDARD',
      capacity_type: 'ON_DEMAND',
      instance_types: ['t3.medium'],
      scaling_config: { min_size: 2, desired_size: 2, max_size: 3 },
      subnet_ids: ['subnet-1', 'subnet-2'],
      launch_template: { version: `\${${plain.address(LaunchTemplate)}.latest_version}` },
    });
    const spot = made({ nodes: { ...nodes, spot: true, type: 'm7i.large' } }).one(EksNodeGroup);
    expect(spot).toMatchObject({ capacity_type: 'SPOT', instance_types: ['m7i.large'] });
  });

  test('follow a changed config: the desired size is not ignored', () => {
    expect(plain.one(EksNodeGroup)).not.toHaveProperty('lifecycle');
  });

  test('have encrypted volumes and keep their credentials from pods', () => {
    expect(plain.one(LaunchTemplate)).toMatchObject({
      block_device_mappings: [
        { device_name: '/dev/xvda', ebs: { volume_type: 'gp3', volume_size: 100, encrypted: 'true' } },
      ],
      metadata_options: { http_tokens: 'required', http_put_response_hop_limit: 1, instance_metadata_tags: 'disabled' },
      monitoring: { enabled: false },
    });
  });

  test("carry the lab's tags with their volumes and interfaces", () => {
    expect(plain.one(LaunchTemplate).tag_specifications).toEqual(
      ['instance', 'volume', 'network-interface'].map((resource_type) => ({
        resource_type,
        tags: { Name: 'demo-west-node', ...tags },
      })),
    );
  });

  test('may join and pull, no more', () => {
    expect(policies(plain, 'Nodes_Role')).toEqual(['AmazonEC2ContainerRegistryPullOnly', 'AmazonEKSWorkerNodePolicy']);
  });
});

describe('add-ons', () => {
  test('are these five, in the version that EKS holds best', () => {
    expect(
      plain
        .all(EksAddon)
        .map((addon) => addon.addon_name)
        .toSorted(),
    ).toEqual(['aws-ebs-csi-driver', 'coredns', 'eks-pod-identity-agent', 'kube-proxy', 'vpc-cni']);
    for (const addon of plain.all(EksAddon)) expect(addon).not.toHaveProperty('addon_version');
  });

  test('enforce network policies and tag interfaces', () => {
    expect(configuration(plain, 'VpcCni')).toEqual({
      enableNetworkPolicy: 'true',
      env: { ADDITIONAL_ENI_TAGS: JSON.stringify(tags) },
    });
  });

  test('tag volumes', () => {
    expect(configuration(plain, 'EbsCsi')).toEqual({ controller: { extraVolumeTags: tags } });
  });

  test.each([
    ['VpcCni', 'aws-node', 'AmazonEKS_CNI_Policy'],
    ['EbsCsi', 'ebs-csi-controller-sa', 'service-role/AmazonEBSCSIDriverPolicy'],
  ])('%s has its rights by pod identity', (name, serviceAccount, policy) => {
    const role = plain.address(IamRole, name);
    expect(plain.one(EksAddon, name).pod_identity_association).toEqual([
      { service_account: serviceAccount, role_arn: `\${${role}.arn}` },
    ]);
    expect(policies(plain, `Cluster_${name}_Role`)).toEqual([policy]);
    expect(JSON.parse(String(plain.one(IamRole, name).assume_role_policy)).Statement[0]).toMatchObject({
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    });
  });
});

test('the longest name leaves room for every role', () => {
  const prefixes = made({ clusterName: 'a'.repeat(29) })
    .all(IamRole)
    .map((role) => String(role.name_prefix));
  expect(prefixes).toHaveLength(4);
  expect(prefixes.filter((prefix) => prefix.length > 38)).toEqual([]);
});

describe('order', () => {
  const group = plain.address(EksNodeGroup);
  const addon = (name: string) => plain.address(EksAddon, name);

  test.each(['PodIdentity', 'KubeProxy', 'VpcCni'])('%s is there before the nodes and goes after them', (name) => {
    expect(plain.after(group, addon(name))).toBe(true);
    expect(plain.after(addon(name), group)).toBe(false);
  });

  test('the network plug-in comes after what gives it its rights', () => {
    expect(plain.after(addon('VpcCni'), addon('PodIdentity'))).toBe(true);
    expect(plain.after(addon('VpcCni'), plain.address(IamRolePolicyAttachment, 'VpcCni'))).toBe(true);
  });

  test.each(['CoreDns', 'EbsCsi'])('%s goes before the nodes, and access and rights after them', (name) => {
    const later = [
      group,
      plain.address(EksAccessPolicyAssociation),
      plain.address(EksAccessEntry),
      plain.address(IamRolePolicyAttachment, 'AmazonEKSWorkerNodePolicy'),
      plain.address(EksCluster),
      plain.address(IamRolePolicyAttachment, 'AmazonEKSClusterPolicy'),
      plain.address(CloudwatchLogGroup),
    ];
    expect(later.filter((address) => !plain.after(addon(name), address))).toEqual([]);
  });

  test('what runs on the cluster can depend on all of it', () => {
    const plan = new Synthesised((scope) => {
      const { ready } = new Cluster(scope, 'Cluster', props);
      new IamRole(scope, 'Later', { assumeRolePolicy: '{}', dependsOn: [...ready] });
    });
    const later = plan.address(IamRole, 'Later');
    const all = [...Object.keys(plan.named(EksAddon)).map((name) => `aws_eks_addon.${name}`), group];
    expect(all.filter((address) => !plan.after(later, address))).toEqual([]);
  });
});

describe('a cluster that EKS would refuse', () => {
  const refused = (more: Partial<ClusterProps>) => {
    try {
      made(more);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  test.each<[string, Partial<ClusterProps>, string]>([
    ['a long name', { clusterName: 'a'.repeat(30) }, 'clusterName: is no name that every resource can begin with'],
    ['capitals', { clusterName: 'Demo' }, 'clusterName: is no name'],
    ['a patch version', { version: '1.35.1' }, 'version: is no Kubernetes version'],
    ['one subnet', { vpc: { ...vpc, privateSubnetIds: ['a'] } }, 'vpc.privateSubnetIds: are too few'],
    ['services in the VPC', { serviceCidr: cidr('10.10.0.0/20') }, 'serviceCidr: overlaps the network 10.10.0.0/16'],
    ['too many services', { serviceCidr: cidr('10.0.0.0/11') }, 'serviceCidr: is of a wrong size'],
    ['too few services', { serviceCidr: cidr('172.16.0.0/25') }, 'serviceCidr: is of a wrong size'],
    ['public services', { serviceCidr: cidr('203.0.0.0/16') }, 'serviceCidr: is not private'],
    ['min over max', { nodes: { ...nodes, min: 4, desired: 4 } }, 'nodes: are of sizes that contradict each other'],
    ['a small disk', { nodes: { ...nodes, disk: 8 } }, 'nodes.disk: is too small'],
  ])('%s', (_name, more, problem) => {
    expect(refused(more)).toContain(`stack/Cluster  ${problem}`);
  });

  test('all at once', () => {
    const message = refused({ clusterName: 'Demo', version: 'latest', nodes: { ...nodes, disk: 8 } });
    expect(message).toMatch(/^stack\/Cluster has 3 faults:\n/);
  });
});
