import { consulServiceIdentity } from '../../../model/identity';
import { catalogRole } from '../../../services/trust-exchange/acl';
import { catalogChanges, type ExportHealth, wantedEntries } from '../../../services/trust-exchange/catalog';
import { targetsOf } from '../../../services/trust-exchange/config';
import { reconcileExports } from '../../../services/trust-exchange/reconcile-exports';
import { FakeCatalog, FakeKubernetes } from './fakes';
import { ours, planeConfig } from './support';

const item = {
  name: 'backend-east',
  service: 'backend',
  namespace: 'federation-gateway',
  secret: 'backend-east-export',
  identity: consulServiceIdentity(ours, 'istio', 'backend'),
};
const config = planeConfig({ imports: [], exports: [item], gateway: { address: '10.10.0.2', port: 15443 } });
const well: ExportHealth = { gateway: undefined, faults: new Map() };
const key = 'federation-gateway/backend-east-export';
const good = new Map([[key, { leafNotAfter: 2_000 }]]);

test('an export is a service, its proxy and a mesh gateway at the federation gateway, on a node without an agent', () => {
  const entries = wantedEntries(config, well);
  expect(entries.map(({ Node, Service: { ID, Kind, Address, Port } }) => [Node, ID, Kind, Address, Port])).toEqual([
    ['federation-gateway', 'backend', undefined, '10.10.0.2', 15443],
    ['federation-gateway', 'backend-sidecar-proxy', 'connect-proxy', '10.10.0.2', 15443],
    ['federation-gateway', 'mesh-gateway', 'mesh-gateway', '10.10.0.2', 15443],
  ]);
  expect(entries[1]?.Service.Proxy).toEqual({ DestinationServiceName: 'backend', DestinationServiceID: 'backend' });
  expect(entries[2]?.Service.TaggedAddresses?.wan).toEqual({ Address: '10.10.0.2', Port: 15443 });
  expect(wantedEntries(planeConfig(), well)).toEqual([]);
});

test('the leaf of an export is asked for like a consumer’s, into the gateway’s Secret', () => {
  expect(targetsOf(config)).toEqual([
    { key, namespace: item.namespace, secret: item.secret, service: 'backend', identity: item.identity },
  ]);
});

test('the token may write the exports on their one node, and nothing else', () => {
  const { rules } = catalogRole(config);
  expect([...rules.matchAll(/^(\w+) "([^"]*)"/gm)].map(([, kind, name]) => `${kind} ${name}`)).toEqual([
    'node federation-gateway',
    'service backend',
    'service backend-sidecar-proxy',
    'service mesh-gateway',
  ]);
  expect(rules).not.toMatch(/prefix|operator|mesh =|acl =|peering|intentions = "(read|write)"/);
  expect(catalogRole(planeConfig()).rules).toBe('node "federation-gateway" {\n  policy = "write"\n}\n');
});

test('a second look writes nothing; what somebody changed is put right', async () => {
  const catalog = new FakeCatalog();
  const entries = wantedEntries(config, well);
  for (const entry of entries) await catalog.put('/v1/catalog/register', entry);
  const look = async () =>
    catalogChanges(entries, await catalog.get('/v1/catalog/node-services/x'), await catalog.get('/v1/health/node/x'));
  expect(await look()).toEqual({ register: [], deregister: [] });
  const [first] = entries;
  if (first === undefined) throw new Error('no entry');
  await catalog.put('', { ServiceID: 'mesh-gateway' });
  await catalog.put('/v1/catalog/register', { ...first, Service: { ...first.Service, Address: '10.10.0.9' } });
  await catalog.put('/v1/catalog/register', { ...first, Service: { ...first.Service, ID: 'old', Service: 'old' } });
  const changes = await look();
  expect(changes.register.map(({ Service }) => Service.ID).toSorted()).toEqual(['backend', 'mesh-gateway']);
  expect(changes.deregister).toEqual([{ Node: 'federation-gateway', ServiceID: 'old' }]);
});

describe('one look at the exports', () => {
  const look = (
    catalog: FakeCatalog,
    kubernetes: FakeKubernetes,
    secrets: Parameters<typeof reconcileExports>[1] = good,
    now = 1_000,
    of = config,
  ) => reconcileExports({ config: of, kubernetes, consul: catalog, catalog }, secrets, now);

  test('says nothing before the Secrets were looked at: what was said before still holds', async () => {
    const catalog = new FakeCatalog();
    for (const secrets of [new Map(), new Map([[key, { fault: 'no root', pending: true as const }]])]) {
      expect(await look(catalog, new FakeKubernetes(), secrets)).toEqual({ health: undefined, wrote: false });
    }
    expect(catalog.puts).toEqual([]);
  });

  test('tells the peer of a good export once', async () => {
    const catalog = new FakeCatalog();
    expect((await look(catalog, new FakeKubernetes())).wrote).toBe(true);
    expect(catalog.puts).toEqual(['+backend passing', '+backend-sidecar-proxy passing', '+mesh-gateway passing']);
    expect((await look(catalog, new FakeKubernetes())).wrote).toBe(false);
  });

  test('takes an export away from the callers while it has no leaf, and the gateway while it has no pod', async () => {
    const catalog = new FakeCatalog();
    const kubernetes = new FakeKubernetes();
    await look(catalog, kubernetes, new Map([[key, { fault: 'no roots of east yet' }]]));
    expect(catalog.puts).toEqual(['+backend critical', '+backend-sidecar-proxy critical', '+mesh-gateway passing']);
    await look(catalog, kubernetes);
    kubernetes.ready = 0;
    catalog.puts.length = 0;
    expect((await look(catalog, kubernetes)).health?.gateway).toBe('the federation gateway has no ready pod');
    expect(catalog.puts).toEqual(['+backend critical', '+backend-sidecar-proxy critical', '+mesh-gateway critical']);
  });

  test('keeps an export whose leaf could not be renewed until the leaf ends', async () => {
    const catalog = new FakeCatalog();
    const failing = new Map([[key, { leafNotAfter: 2_000, fault: 'signing fails' }]]);
    await look(catalog, new FakeKubernetes(), failing, 1_999);
    expect(catalog.puts[0]).toBe('+backend passing');
    await look(catalog, new FakeKubernetes(), failing, 2_000);
    expect(catalog.puts.at(-1)).toBe('+backend-sidecar-proxy critical');
  });

  test('removes what the plan no longer exports, and the node with the last of it', async () => {
    const catalog = new FakeCatalog();
    await look(catalog, new FakeKubernetes());
    catalog.puts.length = 0;
    await look(catalog, new FakeKubernetes(), new Map(), 1_000, planeConfig());
    expect(catalog.puts).toEqual(['-all']);
    await look(catalog, new FakeKubernetes(), new Map(), 1_000, planeConfig());
    expect(catalog.puts).toEqual(['-all']);
  });

  test('writes nothing while Kubernetes does not answer', async () => {
    const catalog = new FakeCatalog();
    const kubernetes = new FakeKubernetes();
    kubernetes.down = true;
    await expect(look(catalog, kubernetes)).rejects.toThrow('down');
    expect(catalog.puts).toEqual([]);
  });
});
