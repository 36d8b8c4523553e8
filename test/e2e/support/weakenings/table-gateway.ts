/** Enforcement points of Istio's federation gateway, switched off. */
import { federationGateway } from '../../../../model/names';
import type { Weakening } from './ground';
import { rewrite } from './kubernetes';
import { istioProxy } from './looks';
import { consumerPolicy, gatewayPolicy } from './policy';

interface GatewaySpec {
  readonly servers: readonly { readonly tls: Readonly<Record<string, unknown>> }[];
}

const withoutNames = (spec: GatewaySpec) => ({
  ...spec,
  servers: spec.servers.map(({ tls: { subjectAltNames: _names, ...tls }, ...server }) => ({ ...server, tls })),
});

interface FilterSpec {
  readonly configPatches: readonly { readonly patch: { readonly value?: { readonly name?: string } } }[];
}

/** What else the filter does, such as taking any host name, stays. */
const withoutIdentity = (spec: FilterSpec) => ({
  ...spec,
  configPatches: spec.configPatches.filter(({ patch }) => patch.value?.name !== 'isthmus.one-identity'),
});

export const gatewayWeakenings: readonly Weakening[] = [
  {
    name: 'gateway-any-name',
    off: "`subjectAltNames` of the federation gateway's server, the filter that compares all names of a certificate, and the principal in its AuthorizationPolicy",
    weaken: async (ground) => {
      const ref = ['gateway.networking.istio.io', ground.exported().name, federationGateway] as const;
      await rewrite(ground, ref, 'spec', withoutNames, () => istioProxy(ground, 'gateway'));
      const filter = ['envoyfilter', ground.exported().name, federationGateway] as const;
      await rewrite(ground, filter, 'spec', withoutIdentity, () => istioProxy(ground, 'gateway'));
      await gatewayPolicy(ground, ({ from: _from, ...rule }) => rule);
    },
    through: { 'reverse/other-service': /answered: 200/ },
  },
  {
    name: 'gateway-any-request',
    off: 'methods and paths in the generated AuthorizationPolicies of the federation gateway and of its callee (a broken compiler)',
    weaken: async (ground) => {
      await consumerPolicy(ground, ({ to: _to, ...rule }) => rule);
      await gatewayPolicy(ground, ({ to: _to, ...rule }) => rule);
    },
    through: { 'reverse/method': /answered: (200|404|405)/, 'reverse/path': /answered: (200|404)/ },
  },
];
