import { targetsOf } from '../../../services/trust-exchange/config';
import type { HealthEntry } from '../../../services/trust-exchange/endpoints';
import { Observed } from '../../../services/trust-exchange/observed';
import { reconcileImport, reconcileSecret } from '../../../services/trust-exchange/reconcile';
import { readSecret } from '../../../services/trust-exchange/secrets';
import { FakeKubernetes } from './fakes';
import { type Authority, authority, info, infoSni, ours, planeConfig, theirs } from './support';

const config = planeConfig();
const [item] = config.imports;
const [target] = targetsOf(config);
if (item === undefined || target === undefined) throw new Error('no import');

function gateway(address: string, sni = infoSni): HealthEntry {
  const meta = { SNI: [sni], SpiffeID: [info] };
  return { Node: { Address: '' }, Service: { Address: address, Port: 8443, Connect: { PeerMeta: meta } }, Checks: [] };
}

describe('one look at an object', () => {
  let plane: Authority;
  let peer: Authority;
  let kubernetes: FakeKubernetes;
  let observed: Observed;
  const reconciler = () => ({ config, kubernetes, sign: plane.sign, observed });

  beforeAll(async () => {
    [plane, peer] = await Promise.all([authority(ours), authority(theirs)]);
  });
  beforeEach(() => {
    kubernetes = new FakeKubernetes();
    observed = new Observed();
  });

  test('fills a Secret once, and says why it can not before', async () => {
    expect((await reconcileSecret(reconciler(), target)).state.fault).toBe('the plane has told no root yet');
    observed.activeRoot = plane.pem;
    expect((await reconcileSecret(reconciler(), target)).state.fault).toBe('no roots of east yet (peering absent)');
    observed.setPeering({ state: 'ACTIVE', id: 'p', roots: [peer.pem] }, 0);
    expect(await reconcileSecret(reconciler(), target)).toMatchObject({ alarms: [], wrote: 'missing' });
    const again = await reconcileSecret(reconciler(), target);
    expect(again.wrote).toBeUndefined();
    expect(again.state.leafNotAfter).toBeGreaterThan(Date.now());
    expect(kubernetes.writes).toBe(1);
  });

  test('renews the leaf when the plane has a new root', async () => {
    observed.activeRoot = plane.pem;
    observed.setPeering({ state: 'ACTIVE', id: 'p', roots: [peer.pem] }, 0);
    await reconcileSecret(reconciler(), target);
    const next = await authority(ours);
    observed.activeRoot = next.pem;
    const before = readSecret(kubernetes.secret);
    expect(await reconcileSecret({ ...reconciler(), sign: next.sign }, target)).toMatchObject({ wrote: 'chain' });
    const after = readSecret(kubernetes.secret);
    expect(after.key).not.toBe(before.key);
    expect(after.roots).toBe(before.roots);
  });

  test('writes nothing while signing fails', async () => {
    observed.activeRoot = plane.pem;
    observed.setPeering({ state: 'ACTIVE', id: 'p', roots: [peer.pem] }, 0);
    const sign = () => Promise.reject(new Error('down'));
    await expect(reconcileSecret({ ...reconciler(), sign }, target)).rejects.toThrow('down');
    expect(kubernetes.writes).toBe(0);
  });

  test('copies gateways, and removes the surplus', async () => {
    observed.gateways.set(item.name, [gateway('10.20.0.11'), gateway('10.20.0.12')]);
    expect(await reconcileImport(reconciler(), item)).toMatchObject({ wrote: true, alarms: [] });
    expect([...kubernetes.entries.keys()]).toEqual(['info-east-0', 'info-east-1']);
    observed.gateways.set(item.name, [gateway('10.20.0.12')]);
    await reconcileImport(reconciler(), item);
    expect([...kubernetes.entries.keys()]).toEqual(['info-east-1']);
    expect((await reconcileImport(reconciler(), item)).wrote).toBe(false);
  });

  test.each<[string, string, number, readonly HealthEntry[] | undefined]>([
    ['nothing is known after a restart', 'ACTIVE', 60_000, undefined],
    ['the stream is down', 'FAILING', 60_000, []],
    ['the plane lost its volume', 'absent', 60_000, []],
    ['the peering has just come up', 'ACTIVE', 1_000, []],
    ['all gateways are wrong', 'ACTIVE', 60_000, [gateway('10.20.0.11', 'evil.example')]],
  ])('keeps the last known gateways while %s', async (_, state, ago, listed) => {
    observed.gateways.set(item.name, [gateway('10.20.0.11')]);
    await reconcileImport(reconciler(), item);
    observed.setPeering({ state, id: 'p', roots: [] }, Date.now() - ago);
    if (listed === undefined) observed.gateways.delete(item.name);
    else observed.gateways.set(item.name, listed);
    const { endpoints, wrote } = await reconcileImport(reconciler(), item);
    expect(wrote).toBe(false);
    expect(endpoints).toMatchObject([{ address: '10.20.0.11', port: 8443 }]);
    expect(kubernetes.entries.size).toBe(1);
  });

  test.each(['ACTIVE', 'TERMINATED', 'DELETING'])('removes all gateways that a peer withdrew (%s)', async (state) => {
    observed.gateways.set(item.name, [gateway('10.20.0.11')]);
    await reconcileImport(reconciler(), item);
    observed.setPeering({ state, id: 'p', roots: [] }, Date.now() - 60_000);
    observed.gateways.set(item.name, []);
    expect(await reconcileImport(reconciler(), item)).toMatchObject({ wrote: true, endpoints: [] });
    expect(kubernetes.entries.size).toBe(0);
  });
});
