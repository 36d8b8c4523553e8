/** Objects of a whole Istio mesh: who is nobody's caller gets nowhere, and all requests are read in one way. */
import type { KubeObject } from '../kube';
import { onlyReadable } from './envoy';

const strictMutualTls: KubeObject = {
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default', namespace: 'istio-system' },
  spec: { mtls: { mode: 'STRICT' } },
};

const manager = 'envoy.filters.network.http_connection_manager';

/**
 * A program may read %2f as a slash, the rules would not. Such a path is refused at the callee, and `//` is read as `/`,
 * as in Consul's public listener. Istio's own settings can only decode %2f, and would also rewrite a path on its way to
 * other meshes.
 */
const reading: KubeObject = {
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { name: 'refuse-escaped-slashes', namespace: 'istio-system' },
  spec: {
    configPatches: ['SIDECAR_INBOUND', 'GATEWAY'].flatMap((context) => [
      {
        applyTo: 'NETWORK_FILTER',
        match: { context, listener: { filterChain: { filter: { name: manager } } } },
        patch: {
          operation: 'MERGE',
          value: {
            typed_config: {
              '@type':
                'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
              merge_slashes: true,
              path_with_escaped_slashes_action: 'REJECT_REQUEST',
            },
          },
        },
      },
      {
        applyTo: 'HTTP_FILTER',
        match: { context, listener: { filterChain: { filter: { name: manager } } } },
        patch: { operation: 'INSERT_FIRST', value: { name: 'isthmus.readable', typed_config: onlyReadable() } },
      },
    ]),
  },
};

/** A policy without rules allows nothing; in the root namespace it holds for the whole mesh. */
const denyAll: KubeObject = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'deny-all', namespace: 'istio-system' },
  spec: {},
};

export const istioMeshObjects = { strictMutualTls, denyAll, reading } as const;
