/** The part of Kubernetes' pod that guard reads, and what guard is told about its cluster. */

export interface Pod {
  readonly metadata?: {
    readonly name?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: PodSpec;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly securityContext?: PodSecurityContext;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly shareProcessNamespace?: boolean;
  /** @default - Linux */
  readonly os?: { readonly name?: string };
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly ports?: readonly ContainerPort[];
  readonly env?: readonly EnvironmentVariable[];
  readonly envFrom?: readonly unknown[];
  readonly volumeMounts?: readonly VolumeMount[];
  readonly volumeDevices?: readonly unknown[];
  readonly resources?: unknown;
  readonly terminationMessagePath?: string;
  readonly terminationMessagePolicy?: string;
  readonly securityContext?: SecurityContext;
  /** `Always` on an init container makes it a native sidecar. */
  readonly restartPolicy?: string;
  readonly lifecycle?: { readonly postStart?: Handler; readonly preStop?: Handler };
  readonly livenessProbe?: Handler;
  readonly readinessProbe?: Handler;
  readonly startupProbe?: Handler;
  /** Of an ephemeral container: whose processes it sees. */
  readonly targetContainerName?: string;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: unknown;
}

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly hostPort?: number;
  /** @default - TCP */
  readonly protocol?: string;
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

export interface Volume {
  readonly name: string;
  readonly hostPath?: unknown;
  readonly downwardAPI?: unknown;
  readonly configMap?: unknown;
  readonly projected?: unknown;
  readonly emptyDir?: unknown;
}

/** A probe or a lifecycle hook. */
export interface Handler {
  readonly exec?: { readonly command?: readonly string[] };
  readonly httpGet?: { readonly port: number | string };
  readonly tcpSocket?: { readonly port: number | string };
  readonly grpc?: { readonly port: number };
}

interface Profile {
  readonly type?: string;
}

export interface PodSecurityContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly fsGroup?: number;
  readonly supplementalGroups?: readonly number[];
  readonly seccompProfile?: Profile;
  readonly appArmorProfile?: Profile;
  readonly sysctls?: readonly { readonly name: string; readonly value?: string }[];
}

export interface SecurityContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly procMount?: string;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly seccompProfile?: Profile;
  readonly appArmorProfile?: Profile;
}

/** The fields of {@link SecurityContext}, which are all that guard knows to judge: a container with another is refused. */
export const securityContextFields: readonly string[] = [
  'runAsUser',
  'runAsGroup',
  'runAsNonRoot',
  'privileged',
  'allowPrivilegeEscalation',
  'readOnlyRootFilesystem',
  'procMount',
  'capabilities',
  'seccompProfile',
  'appArmorProfile',
] satisfies readonly (keyof SecurityContext)[];

export type ProxyKind = 'istio' | 'consul';

/** What guard knows of the cluster that it works in. */
export interface GuardConfig {
  /** Image of guard's own init containers: it has `iptables-nft-restore` and `ip6tables-nft-restore`. */
  readonly image: string;
  /** @default - the cluster's */
  readonly imagePullPolicy?: string;
  /** The meshes whose proxies may stand in a pod, with the images (as injected) of the proxy and of its init container. */
  readonly proxies: readonly { readonly kind: ProxyKind; readonly images: readonly string[] }[];
  /**
   * Blocks, IPv4 and IPv6, from which the kubelet's probes come. Only they reach the proxies' probe ports.
   * @default - every address: metrics ports that are probe ports too (15020) then stay open to the network
   */
  readonly probeSources?: readonly string[];
}

export interface PatchOperation {
  readonly op: 'add' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}
