/** `up` ends when the proxies of Consul's services have the roots of all their callers. */
import { hostFiles } from '../../../model/hosts';
import { federationTrustDomain } from '../../../model/planes';
import { awaitRoots, calledFromOutside, trustedRoots } from '../../../scripts/hosts/callers';
import { type ConsulApi, managementApi } from '../../../scripts/hosts/consul-api';
import { listenerDump } from '../../../scripts/hosts/envoy';
import { awaitDaemon } from '../../../scripts/hosts/wait';
import { labOf, localLab, localText } from '../../support/labs';

jest.mock('../../../scripts/hosts/envoy', () => ({
  ...jest.requireActual('../../../scripts/hosts/envoy'),
  listenerDump: jest.fn(),
}));
jest.mock('../../../scripts/hosts/consul-api');
jest.mock('../../../scripts/hosts/wait');

const lab = localLab();
const { signal } = new AbortController();
const domain = federationTrustDomain(lab, 'west', 'east');
const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;

/** What Envoy tells of a listener that takes certificates of these trust domains. */
function dump(trusted: Readonly<Record<string, string>>, state = 'active_state'): string {
  const trust_domains = Object.entries(trusted).map(([name, inline_string]) => ({
    name,
    trust_bundle: { inline_string },
  }));
  const validation_context = { custom_validator_config: { typed_config: { trust_domains } } };
  const typed_config = { common_tls_context: { validation_context } };
  const listener = { filter_chains: [{ transport_socket: { typed_config } }] };
  return JSON.stringify({ configs: [{ name: 'public_listener:10.20.0.20:20000', [state]: { listener } }] });
}

const own = { 'own.consul': pem('own') };

/** Whether the wait ends by what the proxy and the peering tell. */
async function ends(told: string, roots: readonly string[] | null): Promise<boolean> {
  let over = false;
  const get = jest.fn().mockResolvedValue({ PeerCAPems: roots });
  jest.mocked(managementApi).mockReturnValue({ get } as unknown as ConsulApi);
  jest.mocked(listenerDump).mockResolvedValue(told);
  jest.mocked(awaitDaemon).mockImplementation(async (_awaited, condition) => {
    over = await condition();
  });
  await awaitRoots(lab, signal);
  expect(get).toHaveBeenCalledWith('/v1/peering/west');
  return over;
}

test.each([
  ['the root of the peering', dump({ ...own, [domain]: pem('a') }), [pem('a')], true],
  ['both roots while the old one is replaced', dump({ [domain]: pem('a') + pem('b') }), [pem('a'), pem('b')], true],
  ['only the old root', dump({ [domain]: pem('a') }), [pem('a'), pem('b')], false],
  ['a root of the same domain from before the peering', dump({ [domain]: pem('old') }), [pem('a')], false],
  ['the root, of another domain', dump({ ...own, 'other.consul': pem('a') }), [pem('a')], false],
  ['the root in a listener that is not in force yet', dump({ [domain]: pem('a') }, 'warming_state'), [pem('a')], false],
  ['a root before the peering has any', dump({ [domain]: pem('a') }), [], false],
  ['a root before the peering has any (null)', dump({ [domain]: pem('a') }), null, false],
  ['no listener', '{}', [pem('a')], false],
])('the proxy has %s', async (_what, told, roots, over) => {
  expect(await ends(told, roots)).toBe(over);
});

test("the callee's proxy is asked, until the person stops it", async () => {
  await ends(dump({}), null);
  expect(awaitDaemon).toHaveBeenLastCalledWith(
    expect.objectContaining({ lab: lab.name, daemon: 'east-info-envoy', signal }),
    expect.anything(),
  );
  expect(listenerDump).toHaveBeenLastCalledWith(hostFiles(lab.name, 'east', 'info').envoyAdminSocket);
});

test('no listener trusts anybody without TLS', () => {
  expect(trustedRoots(JSON.stringify({ configs: [{ active_state: { listener: {} } }] }), domain)).toBe('');
});

describe('who is called from outside', () => {
  const called = (of: Parameters<typeof calledFromOutside>[0]) =>
    calledFromOutside(of).map(({ callee, peer }) => `${peer} ${callee.id}`);

  test('are the callees of rows that lead into Consul, each once', () => {
    expect(called(lab)).toEqual(['west east/info/info']);
    const more = localText
      .replace('  east/info: {', '  east/shop: { port: 8080, program: weather/info }\n  east/info: {')
      .replace(
        'access:\n',
        'access:\n  - { from: west/frontend, to: east/info }\n  - { from: west/frontend, to: east/shop }\n',
      );
    expect(called(labOf(more)).sort()).toEqual(['west east/info/info', 'west east/shop/shop']);
  });

  test('are none without such rows, and none on clusters', () => {
    expect(called({ ...lab, access: [] })).toEqual([]);
    const meshes = lab.meshes.map((mesh) => ({
      ...mesh,
      place: { ...mesh.place, platform: 'kubeconfig' as const, kubeconfig: 'k', context: 'c' },
    }));
    expect(called({ ...lab, meshes: meshes as typeof lab.meshes })).toEqual([]);
  });
});
