/** What `isthmus status` says; the shape of its `--json`. */
import type { GuardRotation } from '../rotate/guard-certificates';

export interface Root {
  /** SHA-256 fingerprint of the certificate, hexadecimal with colons. */
  readonly sha256: string;
  /** ISO 8601. */
  readonly notAfter: string;
}

export interface MeshStatus {
  readonly name: string;
  readonly kind: 'istio' | 'consul';
  readonly trustDomain: string;
  readonly roots: readonly Root[];
  readonly healthy: boolean;
  /** What is wrong; empty when healthy. */
  readonly problems: readonly string[];
}

export interface PeeringStatus {
  /** The mesh that was asked, and the name it gave to the other. */
  readonly mesh: string;
  readonly peer: string;
  /** Consul's word: ACTIVE, PENDING, FAILING, TERMINATED, …, or NONE. */
  readonly state: string;
  /** Trust domain and roots by which services of the peer are known here. */
  readonly trustDomain: string;
  readonly roots: readonly Root[];
}

export interface ImportStatus {
  readonly service: string;
  readonly consumer: string;
  /** `address:port` of the gateways that lead to it. */
  readonly endpoints: readonly string[];
  /** ISO 8601; null when the consumer has no leaf yet. */
  readonly leafExpires: string | null;
  readonly identity: string;
  readonly healthy: boolean;
  readonly problems: readonly string[];
}

export interface ExportStatus {
  readonly service: string;
  readonly peer: string;
  /** All below only for exports of an Istio mesh: SPIFFE ID by which the peer knows it. */
  readonly identity?: string;
  /** `address:port` that the peer calls; null when the plan names none. */
  readonly gateway?: string | null;
  /** ISO 8601; null when the gateway has no leaf yet. */
  readonly leafExpires?: string | null;
  readonly healthy?: boolean;
  readonly problems?: readonly string[];
}

/** The guard's webhook in a mesh whose pods are guarded. */
export interface GuardStatus {
  readonly mesh: string;
  /** Namespaces whose pods are guarded. */
  readonly namespaces: readonly string[];
  /** Replicas of the webhook that are ready. */
  readonly replicas: number;
  /** End of the webhook's certificate, ISO 8601; null when it has none. */
  readonly certificateExpires: string | null;
  /** Whether it is being replaced. */
  readonly rotation: GuardRotation;
  readonly healthy: boolean;
  readonly problems: readonly string[];
}

export interface Status {
  readonly lab: string;
  readonly page: string | null;
  readonly meshes: readonly MeshStatus[];
  readonly peerings: readonly PeeringStatus[];
  readonly imports: readonly ImportStatus[];
  readonly exports: readonly ExportStatus[];
  readonly guards: readonly GuardStatus[];
}

/** Whether all is as the lab file says. */
export function isHealthy({ meshes, peerings, imports, exports: exported, guards }: Status): boolean {
  return (
    meshes.every(({ healthy }) => healthy) &&
    peerings.every(({ state }) => state === 'ACTIVE') &&
    imports.every(({ healthy }) => healthy) &&
    exported.every(({ healthy = true }) => healthy) &&
    guards.every(({ healthy }) => healthy)
  );
}
