/** What others need of an EKS cluster, whoever made it. */
export interface ICluster {
  readonly clusterName: string;
  /** Address of the Kubernetes API, `https://…`. */
  readonly endpoint: string;
  /** Certificate that the API is checked against: PEM in Base64. */
  readonly certificateAuthority: string;
  /** Security group of the nodes, where load balancers are let in. */
  readonly nodeSecurityGroupId: string;
  /** Auto Scaling group of the nodes, where load balancers find their targets. */
  readonly autoscalingGroupName: string;
}
