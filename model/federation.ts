/**
 * What a federation plane's pod is told: the content of its ConfigMap. The plan writes it, the program
 * `services/trust-exchange` reads it. It holds names only, never a key or a token.
 */

/** One service of ours that may call an import, and the Secret that carries its federation leaf. */
export interface ConsumerConfig {
  /** Consul-side service name of the consumer: the `svc` part of its federation identity. */
  readonly service: string;
  readonly namespace: string;
  /** Name of the (plan-made, empty) Secret that receives tls.crt, tls.key and ca.crt. */
  readonly secret: string;
  /** SPIFFE ID that the leaf must carry. */
  readonly identity: string;
}

/** A foreign service made callable here. */
export interface ImportConfig {
  /** Name of the ServiceEntry, value of the import label and prefix of WorkloadEntry names. */
  readonly name: string;
  /** Service name in the foreign mesh. */
  readonly service: string;
  /** Namespace of ServiceEntry and WorkloadEntries. */
  readonly namespace: string;
  /** Expected SNI and callee identity; another value at run time is an alarm, never copied. */
  readonly sni: string;
  readonly identity: string;
  readonly consumers: readonly ConsumerConfig[];
}

/** A service of ours that the peer may call, by way of the federation gateway. */
export interface ExportConfig {
  /** Export name, for people. */
  readonly name: string;
  /** Consul-side service name, and the `svc` part of its federation identity. */
  readonly service: string;
  /** The (plan-made, empty) Secret of the gateway that receives tls.crt, tls.key and ca.crt. */
  readonly namespace: string;
  readonly secret: string;
  /** SPIFFE ID that the leaf must carry. */
  readonly identity: string;
}

export interface PlaneConfig {
  readonly lab: string;
  /** Our mesh and the foreign mesh, by lab name; the foreign one is also the peering's name on the plane. */
  readonly mesh: string;
  readonly peer: string;
  readonly datacenter: string;
  /** Trust domain of the plane and the one expected of the peer. */
  readonly trustDomain: string;
  readonly peerTrustDomain: string;
  /** Network of the peer: a gateway address outside it is an alarm, never copied. CIDR text. */
  readonly peerNetwork: string;
  /** TCP port of the peer's mesh gateway. */
  readonly peerPort: number;
  readonly imports: readonly ImportConfig[];
  readonly exports: readonly ExportConfig[];
  /** Where the peer reaches the federation gateway: IPv4 address and TCP port. Absent without exports. */
  readonly gateway?: { readonly address: string; readonly port: number };
  /** Consul config entries that the bootstrap step writes on the plane. */
  readonly configEntries: readonly Readonly<Record<string, unknown>>[];
}

/** Port name that an import's ServiceEntry and WorkloadEntries share. */
export const importPortName = 'http';

/** Socket of the trust exchange below the plane's root: `/healthz`, `/readyz`, `/status` and `/metrics`. */
export const exchangeSocket = 'sockets/exchange.sock';

/** Annotation on a federation Secret: in which pairing (Consul's peering id) the roots in `ca.crt` were accepted. */
export const pairingAnnotation = 'isthmus.dev/peering';
