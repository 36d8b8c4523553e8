/** Enforcement points of Istio's mesh, switched off. */
import { kubectl } from '../../../../scripts/kubectl';
import type { Ground, Weakening } from './ground';
import { add, remove, rewrite } from './kubernetes';
import { istioProxy } from './looks';
import { consumerPolicy } from './policy';

const listeners = (ground: Ground) => () => istioProxy(ground, 'consumer');

/** A foreign root among those that the consumer's proxy takes callers' certificates of. */
async function foreignRoot(ground: Ground): Promise<object> {
  const { consumer, west } = ground.cast;
  const at = ['get', 'configmap', 'istio-ca-root-cert', '--namespace', consumer.namespace];
  const own = await kubectl(ground.cluster, [...at, '--output=jsonpath={.data.root-cert\\.pem}']);
  const { PeerCAPems: foreign } = await ground
    .consul()
    .get<{ readonly PeerCAPems: readonly string[] }>(`/v1/peering/${west.name}`);
  return rootFilter(consumer, [own.stdout, ...foreign].map((pem) => pem.trim()).join('\n'));
}

function rootFilter({ name, namespace }: Ground['cast']['consumer'], roots: string): object {
  const tls = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    common_tls_context: { validation_context: { trusted_ca: { inline_string: roots } } },
  };
  const value = { transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: tls } };
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name: 'foreign-root', namespace },
    spec: {
      workloadSelector: { labels: { app: name } },
      configPatches: [
        {
          applyTo: 'FILTER_CHAIN',
          match: { context: 'SIDECAR_INBOUND', listener: { filterChain: { transportProtocol: 'tls' } } },
          patch: { operation: 'MERGE', value },
        },
      ],
    },
  };
}

export const istioWeakenings: readonly Weakening[] = [
  {
    name: 'permissive',
    off: "PeerAuthentication is PERMISSIVE, and the consumer's AuthorizationPolicy asks for no principal",
    weaken: async (ground) => {
      const mode = (spec: object) => ({ ...spec, mtls: { mode: 'PERMISSIVE' } });
      await rewrite(ground, ['peerauthentication', 'default', 'istio-system'], 'spec', mode, listeners(ground));
      await consumerPolicy(ground, ({ from: _from, ...rule }) => rule);
    },
    through: { 'mesh-identity/plaintext': /answered: 200/ },
  },
  {
    name: 'foreign-root',
    off: "the federation plane's root is among those that Istio's proxies take, as `meshConfig.caCertificates` would have it",
    weaken: async (ground) => {
      const { namespace } = ground.cast.consumer;
      const object = await foreignRoot(ground);
      await add(ground, ['envoyfilter', 'foreign-root', namespace], object, listeners(ground));
    },
    through: { 'mesh-identity/plane-ca-local-name': /answered: 200/ },
  },
  {
    name: 'no-policy',
    off: "the consumer's AuthorizationPolicy and the mesh's deny-all are gone",
    weaken: async (ground) => {
      const { name, namespace } = ground.cast.consumer;
      await remove(
        ground,
        [
          ['authorizationpolicy', name, namespace],
          ['authorizationpolicy', 'deny-all', 'istio-system'],
        ],
        listeners(ground),
      );
    },
    through: { 'paths/forbidden': /answered: 200/, 'mesh-identity/other-service': /answered: 200/ },
  },
  {
    name: 'policy-any-method',
    off: 'the generated AuthorizationPolicy of the consumer names no method (a broken compiler)',
    weaken: (ground) =>
      consumerPolicy(ground, ({ to = [], ...rule }) => ({
        ...rule,
        to: to.map(({ operation: { methods: _methods, ...operation } }) => ({ operation })),
      })),
    through: { 'rules/program-caller-delete': /"details":"via_upstream"/ },
  },
  {
    name: 'no-normalisation',
    off: 'meshConfig.pathNormalization is NONE',
    weaken: (ground) =>
      rewrite<Record<string, string>>(
        ground,
        ['configmap', 'istio', 'istio-system'],
        'data',
        ({ mesh = '', ...data }) => ({ ...data, mesh: mesh.replace(/normalization: \w+/, 'normalization: NONE') }),
        listeners(ground),
      ),
    through: { 'paths/dot-dot': /answered: 200/ },
  },
  {
    name: 'no-strict-paths',
    off: 'the EnvoyFilter that refuses escaped slashes and ambiguous dots is gone',
    weaken: (ground) => remove(ground, [['envoyfilter', 'refuse-escaped-slashes', 'istio-system']], listeners(ground)),
    through: { 'paths/escaped-slash': /"details":"via_upstream"/ },
  },
];
