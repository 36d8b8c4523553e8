/** Enforcement points of the Consul mesh, switched off. */
import type { Json } from '../../../../model/access/envoy';
import { entry, listener } from './consul';
import type { Ground, Weakening } from './ground';
import { hostProxy } from './looks';

/** Whoever is of a peer, or of the mesh itself, passes intentions, besides those that pass by a row. */
async function allIntentions(ground: Ground, of: { readonly Peer?: string }): Promise<void> {
  const { provider } = ground.cast;
  const all = { Name: '*', ...of, Action: 'allow' };
  const widened = (value: Json) => ({ ...value, Sources: [...(value.Sources as readonly Json[]), all] });
  await entry(ground, ['service-intentions', provider.name], widened, () => hostProxy(ground, provider.name));
}

interface Exported {
  readonly Name: string;
  readonly Consumers: readonly object[];
}

/** A peer that nobody has: its token was made, and is used by nobody. */
const stranger = 'someone-else';

/** The provider is exported to one more peer. */
async function wideExport(ground: Ground): Promise<void> {
  const api = ground.consul();
  await ground.change({
    what: `peering ${stranger}`,
    look: async () => (await api.find(`/v1/peering/${stranger}`)) !== undefined,
    make: async () => {
      await api.post('/v1/peering/token', { PeerName: stranger });
    },
    undo: () => api.delete(`/v1/peering/${stranger}`),
  });
  const widened = (value: Json) => ({
    ...value,
    Services: (value.Services as readonly Exported[]).map(({ Name, Consumers }) => ({
      Name,
      Consumers: [...Consumers, { Peer: stranger }],
    })),
  });
  await entry(ground, ['exported-services', 'default'], widened, () => hostProxy(ground, 'mesh-gateway'));
}

export const consulWeakenings: readonly Weakening[] = [
  {
    name: 'no-listener',
    off: "the provider is registered without our public listener: Consul's own is in force",
    weaken: (ground) => listener(ground, () => undefined),
    through: { 'identity/two-uris-behind': /answered: 200/, 'rules/provider-post': /answered: [2-5]\d\d/ },
  },
  {
    name: 'listener-any-method',
    off: 'the generated RBAC of the public listener takes any method (a broken compiler)',
    weaken: (ground) =>
      listener(ground, (text) =>
        text.replace('"value_match":{"exact":"GET"}', '"value_match":{"safe_regex":{"google_re2":{},"regex":".*"}}'),
      ),
    through: { 'rules/provider-post': /"details":"via_upstream"/ },
  },
  {
    name: 'forwarded-identity',
    off: "the public listener forwards a caller's own X-Forwarded-Client-Cert",
    weaken: (ground) => listener(ground, (text) => text.replace('"SANITIZE_SET"', '"ALWAYS_FORWARD_ONLY"')),
    through: { 'rules/forged-xfcc-provider': /answered: 200/ },
  },
  {
    name: 'wildcard-intention',
    off: "an intention lets every service of the peer in, and the provider's listener is Consul's own",
    weaken: async (ground) => {
      await allIntentions(ground, { Peer: ground.cast.west.name });
      await listener(ground, () => undefined);
    },
    through: { 'identity/other-service': /answered: 200/, 'identity/unknown-service': /answered: 200/ },
  },
  {
    name: 'local-wildcard-intention',
    off: "an intention lets every service of Consul's own mesh in, as `default_intention_policy` allow would, and the provider's listener is Consul's own",
    weaken: async (ground) => {
      await allIntentions(ground, {});
      await listener(ground, () => undefined);
    },
    through: { 'host/other-service': /answered: 200/ },
  },
  {
    name: 'wide-export',
    off: 'exported-services names one more peer',
    weaken: wideExport,
    through: { 'gateway/other-peer': /answered: 200/ },
  },
];
