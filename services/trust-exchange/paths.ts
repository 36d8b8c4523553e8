/** Where the programs of a plane's pod find and leave things. */
import { join } from 'node:path';
import { exchangeSocket } from '../../model/federation';

export interface Paths {
  /** The plan's {@link PlaneConfig}. */
  readonly config: string;
  /** Config fragment with the management and the agent token; mode 0400, on the Raft volume. */
  readonly aclFragment: string;
  readonly httpSocket: string;
  readonly grpcSocket: string;
  /** The exchange's own pages. */
  readonly statusSocket: string;
  /** Scoped tokens; an emptyDir in memory that only `bootstrap` and `run` mount. */
  readonly signingToken: string;
  readonly readingToken: string;
  readonly catalogToken: string;
  /** Projected service-account token and the cluster's CA. */
  readonly kubernetes: string;
}

/**
 * Paths from the environment: PLANE_ROOT (default `/plane`), PLANE_CONFIG (default `config/plane.json` under it) and
 * PLANE_KUBERNETES (default where Kubernetes projects service-account tokens).
 */
export function pathsFrom(env: Readonly<Record<string, string | undefined>>): Paths {
  const root = env.PLANE_ROOT ?? '/plane';
  return {
    config: env.PLANE_CONFIG ?? join(root, 'config/plane.json'),
    aclFragment: join(root, 'data/acl.json'),
    httpSocket: join(root, 'sockets/http.sock'),
    grpcSocket: join(root, 'sockets/grpc.sock'),
    statusSocket: join(root, exchangeSocket),
    signingToken: join(root, 'tokens/signing.token'),
    readingToken: join(root, 'tokens/reading.token'),
    catalogToken: join(root, 'tokens/catalog.token'),
    kubernetes: env.PLANE_KUBERNETES ?? '/var/run/secrets/kubernetes.io/serviceaccount',
  };
}
