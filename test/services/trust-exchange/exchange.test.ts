import { metricsText } from '../../../services/common/metrics';
import { until } from '../../../services/common/until';
import { Exchange } from '../../../services/trust-exchange/exchange';
import { readSecret } from '../../../services/trust-exchange/secrets';
import { isReady, samplesOf, statusOf } from '../../../services/trust-exchange/status';
import { FakeConsul, FakeKubernetes } from './fakes';
import { type Authority, authority, info, infoSni, ours, planeConfig, theirs } from './support';

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const config = planeConfig();
const paths = {
  roots: '/v1/connect/ca/roots',
  peering: '/v1/peering/east',
  health: '/v1/health/connect/info?peer=east',
};

describe('the exchange', () => {
  let plane: Authority;
  let peer: Authority;
  let consul: FakeConsul;
  let kubernetes: FakeKubernetes;
  let exchange: Exchange;
  const onAlarm = jest.fn();
  const status = () => statusOf(exchange, config, Date.now());
  const eventually = async (condition: () => boolean) =>
    expect(await until(async () => condition(), { timeout: 10_000, interval: 5 })).toBe(true);

  const activate = (pem: string) => {
    const Roots = [{ ID: pem, RootCert: pem, Active: true }];
    consul.set(paths.roots, { ActiveRootID: pem, TrustDomain: ours, Roots });
  };
  const pair = (roots: readonly string[]) =>
    consul.set(paths.peering, { ID: 'p', Name: 'east', State: 'ACTIVE', PeerCAPems: roots });
  const list = (...addresses: string[]) => {
    const meta = { SNI: [infoSni], SpiffeID: [info] };
    const service = (Address: string) => ({ Address, Port: 8443, Connect: { PeerMeta: meta } });
    consul.set(
      paths.health,
      addresses.map((address) => ({ Node: { Address: '' }, Service: service(address), Checks: [] })),
    );
  };

  beforeAll(async () => {
    [plane, peer] = await Promise.all([authority(ours), authority(theirs)]);
  });
  beforeEach(() => {
    consul = new FakeConsul();
    kubernetes = new FakeKubernetes();
    onAlarm.mockClear();
    exchange = new Exchange({
      config,
      consul,
      catalog: consul.catalog,
      kubernetes,
      sign: (csr) => plane.sign(csr),
      log: silent,
      onAlarm,
    });
    exchange.start();
  });
  afterEach(() => exchange.stop());

  test('is ready once both APIs answered, paired or not', async () => {
    await eventually(() => exchange.heard.kubernetes > 0);
    expect(isReady(exchange, Date.now())).toBe(false);
    activate(plane.pem);
    await eventually(() => isReady(exchange, Date.now()));
    expect(isReady(exchange, Date.now() + 60_000)).toBe(false);
    expect(status()).toMatchObject({ peering: 'absent', imports: [{ healthy: false }] });
  });

  test('turns news of the plane into a Secret and endpoints, and says so', async () => {
    activate(plane.pem);
    pair([peer.pem]);
    list('10.20.0.11');
    await eventually(() => status().imports[0]?.healthy === true);
    expect(readSecret(kubernetes.secret).roots).toBe(peer.pem);
    expect([...kubernetes.entries.keys()]).toEqual(['info-east-0']);
    const metrics = metricsText(samplesOf(exchange, config, Date.now()));
    expect(metrics).toMatch(
      /isthmus_exchange_leaf_expiry_seconds\{secret="weather\/backend-east-federation"\} 3[56]\d\d/,
    );
    expect(metrics).toContain(
      'isthmus_exchange_import_healthy{import="info-east",consumer="weather/backend-east-federation"} 1',
    );
    expect(metrics).toContain('isthmus_exchange_sync_lag_seconds{object="secret"} 0.');
  });

  test('follows a rotation of either root', async () => {
    activate(plane.pem);
    pair([peer.pem]);
    await eventually(() => kubernetes.writes === 1);
    const first = readSecret(kubernetes.secret);
    const next = await authority(theirs);
    pair([peer.pem, next.pem]);
    await eventually(() => readSecret(kubernetes.secret).roots.includes(next.pem));
    expect(readSecret(kubernetes.secret).chain).toBe(first.chain);
    const plane2 = await authority(ours);
    const old = plane;
    plane = plane2;
    activate(plane2.pem);
    await eventually(() => readSecret(kubernetes.secret).chain !== first.chain);
    plane = old;
  });

  test('raises an alarm once for each subject and keeps what it has', async () => {
    activate(plane.pem);
    pair([peer.pem]);
    list('10.20.0.11');
    await eventually(() => status().imports[0]?.healthy === true);
    const { writes } = kubernetes;
    list('10.10.0.2');
    pair([]);
    await eventually(() => status().alarms.length === 2);
    expect(
      status()
        .alarms.map(({ kind }) => kind)
        .sort(),
    ).toEqual(['bundle-empty', 'endpoint-address']);
    expect(status().imports[0]).toMatchObject({ healthy: false, endpoints: ['10.20.0.11:8443'] });
    expect(onAlarm).toHaveBeenCalledTimes(2);
    expect(kubernetes.writes).toBe(writes);
    list('10.20.0.11');
    pair([peer.pem]);
    await eventually(() => status().imports[0]?.healthy === true);
  });

  test('comes back when Kubernetes does', async () => {
    kubernetes.down = true;
    activate(plane.pem);
    pair([peer.pem]);
    await eventually(() => status().imports[0]?.fault?.includes('down') === true);
    kubernetes.down = false;
    await eventually(() => kubernetes.writes === 1);
  });
});
