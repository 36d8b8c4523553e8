/** Rules of checkov that plans break on purpose, each with its reason. The plan `guarded` shows which a setting keeps. */
import type { Acceptance } from '../support/checkov';

/** Plans that leave the settings of logs and of the Kubernetes API as they are in the lab file. */
const plain = ['aws', 'public'];
/** Plans with networks and clusters of our own, and those with what is there already. */
const all = [...plain, 'guarded', 'existing'];

export const accepted: readonly Acceptance[] = [
  {
    check: 'CKV2_AWS_11',
    resources: of(plain, 'network-*/aws_vpc.*'),
    reason:
      'Flow logs are a choice, `flowLogDays`: a lab of a day has few to read them, and they cost money for each gigabyte.',
  },
  {
    check: 'CKV_AWS_37',
    resources: of(plain, 'cluster-*/aws_eks_cluster.*'),
    reason:
      'The control plane logs who did what (audit, authenticator); `logs.types` turns on the others, which are the bulk of the bill.',
  },
  {
    check: 'CKV_AWS_338',
    resources: of(plain, 'cluster-*/aws_cloudwatch_log_group.Cluster_ControlPlane_LogGroup_*'),
    reason: 'The log goes with the lab, which lives for days; `logs.days` keeps it for longer while the lab is up.',
  },
  {
    check: 'CKV_AWS_39',
    resources: of(plain, 'cluster-*/aws_eks_cluster.*'),
    reason:
      'The person who deploys reaches the API over the internet, from the ranges of `apiFrom` only, which can not be all of it (CKV_AWS_38 passes). Without a range the API is private.',
  },
  {
    check: 'CKV_AWS_150',
    resources: of(all, 'cluster-*/aws_lb.*'),
    reason: 'A lab is there to be destroyed, in one go and to the last: protection would stop `down` halfway.',
  },
  {
    check: 'CKV_AWS_91',
    resources: of(all, 'cluster-*/aws_lb.*'),
    reason:
      'A network load balancer writes access logs for TLS listeners only. These have TCP listeners: TLS ends in the meshes, whose proxies log each request.',
  },
  {
    check: 'CKV2_AWS_20',
    resources: of(all, 'cluster-west/aws_lb.Page_*'),
    reason:
      'The rule is about application load balancers; a network load balancer passes TCP on and can not redirect. The page is plain HTTP, inside the network or for the ranges of `pageFrom` only.',
  },
  {
    check: 'CKV2_AWS_15',
    resources: [
      ...of(all, 'cluster-*/aws_autoscaling_attachment.Border_*'),
      ...of(all, 'cluster-west/aws_autoscaling_attachment.Page_*'),
    ],
    reason:
      'The Auto Scaling group is not in the plan: EKS makes it for the managed node group and decides on its health checks. A target that fails is a gateway that is not ready, and another node would not mend it.',
  },
];

function of(plans: readonly string[], resource: string): string[] {
  return plans.map((plan) => `${plan}/${resource}`);
}
