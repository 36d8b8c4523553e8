/**
 * The lab as the rest of the program sees it: plain, readonly, complete. `parseLab` (schema.ts) makes one from a
 * lab file; nothing downstream validates again.
 */
import type { AwsMesh, AwsSettings } from './aws';
import type { Cidr } from './cidr';

/** Where a mesh runs: this machine, EKS clusters that the plan makes, or clusters that a kubeconfig names. */
export const platforms = ['local', 'aws', 'kubeconfig'] as const;
export type Platform = (typeof platforms)[number];
export type MeshKind = 'istio' | 'consul';
export type Method = (typeof methods)[number];

/** HTTP methods that an access row may name. */
export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** One mesh: an Istio or a Consul installation with its own root CA and trust domain. */
export interface Mesh {
  readonly name: string;
  readonly kind: MeshKind;
  /** Addresses that this mesh's machines and pods use. Networks of two meshes never overlap. */
  readonly network: Cidr;
  /** Consul datacenter. Istio meshes have none. */
  readonly datacenter?: string;
  /** SPIFFE trust domain: `cluster.local` for Istio, `CLUSTER_ID.consul` for Consul. */
  readonly trustDomain: string;
  readonly place: Place;
  /** Installed by others. Nothing of it is installed or changed beyond the federation's own objects. */
  readonly existing: boolean;
  /**
   * Where the others reach its mesh gateway or, of an Istio mesh, its federation gateway. Known when the plan is made.
   * @default - nobody does
   */
  readonly gateway?: Endpoint;
  /** Consul servers of a mesh on Kubernetes. */
  readonly servers: 1 | 3;
  readonly charts: Charts;
  readonly images: Images;
}

/** An IPv4 address and a TCP port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Where a mesh runs, with all that its platform needs. */
export type Place =
  | { readonly platform: 'local' }
  | { readonly platform: 'kubeconfig'; readonly kubeconfig: string; readonly context: string }
  | ({ readonly platform: 'aws'; readonly region: string } & AwsMesh);

/** Where a mesh's charts come from, and what a person adds to their values. */
export interface Charts {
  /** Address of a chart repository, or a folder of charts. @default - the project's own repository */
  readonly source?: string;
  /** @default - the version that this product pins */
  readonly version?: string;
  /** Chart name → file of values, merged last. */
  readonly values: Readonly<Record<string, string>>;
}

/** Container images of the product's own pods. */
export interface Images {
  /** Runs programs: Node.js. */
  readonly node: string;
  /** Sets the rules between the containers of a pod: iptables-restore and ip6tables-restore. */
  readonly guard: string;
  /** Images of the mesh's proxies that guarded pods may have, beside those of the mesh's chart. */
  readonly proxies: readonly string[];
  /** The federation plane's Consul. */
  readonly consul: string;
}

/** A service that the lab runs. `id` is `mesh/namespace/name`. */
export interface Service {
  readonly id: string;
  readonly mesh: string;
  readonly namespace: string;
  readonly name: string;
  /** Port that the program listens on. */
  readonly port: number;
  readonly workload: Workload;
  /**
   * `page`: anybody may read it through its mesh's ingress gateway, without a row of the access table. In an Istio mesh
   * that is the page on this machine; in a Consul mesh the gateway's port 8080, inside the mesh's own network.
   */
  readonly expose?: 'page';
  readonly env: Readonly<Record<string, string>>;
  /** Environment variable → name of the Secret that `up` makes from the variable of the same name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** HTTP path that answers 2xx when the service is ready. */
  readonly health: string;
  readonly replicas: number;
  /** Beside the service's own container, which is named like the service. */
  readonly containers: readonly SideContainer[];
  /** Which containers of the pod may reach which; all else between them is refused. */
  readonly guard: readonly GuardPair[];
}

/** A container beside a service's own, in the same pod. */
export interface SideContainer {
  readonly name: string;
  /** Port that it listens on, on loopback. @default - it listens on none */
  readonly port?: number;
  readonly workload: Exclude<Workload, { readonly kind: 'existing' }>;
  readonly env: Readonly<Record<string, string>>;
}

/** Container `from` may reach TCP port `port` of container `to`. */
export interface GuardPair {
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

/** What runs: one bundled JavaScript file on Node.js, a container image, or pods that are there already. */
export type Workload =
  | { readonly kind: 'program'; readonly program: string }
  | { readonly kind: 'image'; readonly image: string }
  | {
      readonly kind: 'existing';
      /** Its service account. */
      readonly account: string;
      /** Labels that select its pods. */
      readonly labels: Readonly<Record<string, string>>;
    };

/** One row of the access table. Empty `methods` or `paths` mean all. */
export interface AccessRow {
  /** Service ids. */
  readonly from: string;
  readonly to: string;
  readonly methods: readonly Method[];
  /** A path that ends in a slash is a prefix, any other is exact. */
  readonly paths: readonly string[];
}

export interface Settings {
  /** Longest request that survives a certificate renewal, in seconds (Envoy drain time). */
  readonly drainSeconds: number;
  /** Port of the page on this machine's loopback address. */
  readonly pagePort: number;
  /** Port of the Kubernetes API on this machine's loopback address. */
  readonly apiPort: number;
}

export interface Lab {
  readonly name: string;
  readonly platform: Platform;
  readonly meshes: readonly Mesh[];
  readonly services: readonly Service[];
  readonly access: readonly AccessRow[];
  readonly settings: Settings;
  /** Only when a mesh is on AWS. */
  readonly aws?: AwsSettings;
}

/** Service account of a service. */
export function accountOf({ name, workload }: Service): string {
  return workload.kind === 'existing' ? workload.account : name;
}

/** Labels that select the pods of a service. */
export function podLabels({ name, workload }: Service): Readonly<Record<string, string>> {
  return workload.kind === 'existing' ? workload.labels : { app: name };
}

/** Finds a mesh by name. Throws when absent: the schema has already refused unknown names. */
export function mesh(lab: Lab, name: string): Mesh {
  return found(
    lab.meshes.find((m) => m.name === name),
    `mesh ${name}`,
  );
}

/** Finds a service by id. Throws when absent: the schema has already refused unknown ids. */
export function service(lab: Lab, id: string): Service {
  return found(
    lab.services.find((s) => s.id === id),
    `service ${id}`,
  );
}

/** Services of a mesh, in the order of the lab file. */
export function servicesOf(lab: Lab, { name }: Pick<Mesh, 'name'>): readonly Service[] {
  return lab.services.filter((service) => service.mesh === name);
}

/** Namespaces in which a mesh has services, each once, in the order of the lab file. */
export function namespacesOf(lab: Lab, mesh: Pick<Mesh, 'name'>): readonly string[] {
  return [...new Set(servicesOf(lab, mesh).map(({ namespace }) => namespace))];
}

/** `west/backend` → `west/backend/backend`; a full id stays as it is. */
export function canonicalId(id: string): string {
  const parts = id.split('/');
  return parts.length === 2 ? `${id}/${parts[1]}` : id;
}

/** `mesh/service`, with the namespace only where its name differs: what people write in a lab file. */
export function shortId({ mesh, namespace, name }: Service): string {
  return namespace === name ? `${mesh}/${name}` : `${mesh}/${namespace}/${name}`;
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`no ${what} in the lab`);
  return value;
}
