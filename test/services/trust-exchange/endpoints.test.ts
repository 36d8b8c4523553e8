import fc from 'fast-check';
import {
  type Endpoint,
  entryChanges,
  gatewaysOf,
  type HealthEntry,
  readWorkloadEntry,
  type WorkloadEntry,
  workloadEntry,
} from '../../../services/trust-exchange/endpoints';
import { info, infoSni, ours, planeConfig, theirs } from './support';

const [item] = planeConfig().imports;
if (item === undefined) throw new Error('no import');
const expected = { item, peerTrustDomain: theirs, peerNetwork: '10.20.0.0/16' };
const gateway = `spiffe://${theirs}/gateway/mesh/dc/dc1`;

function entry(change: Partial<HealthEntry['Service']> = {}, status = 'passing'): HealthEntry {
  return {
    Node: { Address: '10.20.0.9' },
    Service: {
      Address: '10.20.0.11',
      Port: 8443,
      Connect: { PeerMeta: { SNI: [infoSni], SpiffeID: [info, gateway] } },
      ...change,
    },
    Checks: [{ Status: status }],
  };
}

describe('the gateways of an import', () => {
  test.each<[string, HealthEntry, Endpoint[]]>([
    ['the service address', entry(), [{ address: '10.20.0.11', port: 8443 }]],
    ['the node address where the service has none', entry({ Address: '' }), [{ address: '10.20.0.9', port: 8443 }]],
    [
      'the WAN address before both',
      entry({ TaggedAddresses: { wan: { Address: '10.20.0.12', Port: 443 } } }),
      [{ address: '10.20.0.12', port: 443 }],
    ],
    ['a gateway with a warning', entry({}, 'warning'), [{ address: '10.20.0.11', port: 8443 }]],
    ['no critical gateway', entry({}, 'critical'), []],
    ['no gateway in maintenance', entry({}, 'maintenance'), []],
  ])('are taken from %s', (_, listed, endpoints) => {
    expect(gatewaysOf([listed], expected)).toEqual({ endpoints, alarms: [] });
  });

  test.each<[string, HealthEntry, string, string]>([
    [
      'another SNI',
      entry({ Connect: { PeerMeta: { SNI: ['x.example'], SpiffeID: [info] } } }),
      'endpoint-sni',
      'x.example',
    ],
    [
      'a second SNI',
      entry({ Connect: { PeerMeta: { SNI: [infoSni, 'x'], SpiffeID: [info] } } }),
      'endpoint-sni',
      ', x',
    ],
    ['no SNI', entry({ Connect: {} }), 'endpoint-sni', infoSni],
    [
      'another identity',
      entry({ Connect: { PeerMeta: { SNI: [infoSni], SpiffeID: [gateway] } } }),
      'endpoint-identity',
      info,
    ],
    [
      'an identity of ours beside its own',
      entry({ Connect: { PeerMeta: { SNI: [infoSni], SpiffeID: [info, `spiffe://${ours}/x`] } } }),
      'endpoint-identity',
      ours,
    ],
    ['an address of ours', entry({ Address: '10.10.0.2' }), 'endpoint-address', '10.10.0.2:8443'],
    ['the Kubernetes node itself', entry({ Address: '127.0.0.1' }), 'endpoint-address', '127.0.0.1:8443'],
    ['a host name', entry({ Address: 'gateway.example' }), 'endpoint-address', 'gateway.example'],
    ['port 0', entry({ Port: 0 }), 'endpoint-address', ':0'],
  ])('are not copied with %s', (_, listed, kind, text) => {
    const { endpoints, alarms } = gatewaysOf([listed, entry({ Address: '10.20.0.99' })], expected);
    expect(endpoints).toEqual([{ address: '10.20.0.99', port: 8443 }]);
    expect(alarms).toEqual([{ kind, message: expect.stringContaining(text) }]);
  });

  test('are listed once when several instances stand behind one', () => {
    expect(gatewaysOf([entry(), entry(), entry()], expected).endpoints).toHaveLength(1);
  });
});

describe('the WorkloadEntries of an import', () => {
  const endpoints = fc.uniqueArray(
    fc.record({ address: fc.constantFrom('a', 'b', 'c', 'd'), port: fc.constantFrom(1, 2) }),
    {
      selector: (endpoint) => `${endpoint.address}:${endpoint.port}`,
    },
  );
  const names = ['info-east-0', 'info-east-1', 'info-east-2', 'info-east-9', 'info-east-x', 'other'];
  const existing = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...names),
      address: fc.constantFrom('a', 'b', 'z'),
      port: fc.constantFrom(1, 2),
      intact: fc.boolean(),
    }),
    { selector: (item) => item.name },
  );

  function applied(before: readonly WorkloadEntry[], wanted: readonly Endpoint[]): WorkloadEntry[] {
    const { apply, remove } = entryChanges('info-east', wanted, before);
    const after = new Map(before.map((item) => [item.name, item]));
    for (const name of remove) after.delete(name);
    for (const { name, endpoint } of apply) after.set(name, { name, ...endpoint, intact: true });
    return [...after.values()];
  }

  test('are exactly the endpoints afterwards, whatever there was', () => {
    fc.assert(
      fc.property(existing, endpoints, (before, wanted) => {
        const after = applied(before, wanted);
        const text = (endpoint: Endpoint) => `${endpoint.address}:${endpoint.port}`;
        expect(after.map(text).sort()).toEqual(wanted.map(text).sort());
        for (const item of after) {
          expect(item.name).toMatch(/^info-east-\d+$/);
          expect(item.intact).toBe(true);
        }
      }),
    );
  });

  test('need no second change', () => {
    fc.assert(
      fc.property(existing, endpoints, (before, wanted) => {
        expect(entryChanges('info-east', wanted, applied(before, wanted))).toEqual({ apply: [], remove: [] });
      }),
    );
  });

  test('keep their name while their endpoint stays', () => {
    const before = applied(
      [],
      [
        { address: 'a', port: 1 },
        { address: 'b', port: 1 },
      ],
    );
    expect(entryChanges('info-east', [{ address: 'b', port: 1 }], before)).toEqual({
      apply: [],
      remove: ['info-east-0'],
    });
    const other = entryChanges(
      'info-east',
      [
        { address: 'b', port: 1 },
        { address: 'c', port: 1 },
      ],
      before,
    );
    expect(other).toEqual({ apply: [{ name: 'info-east-0', endpoint: { address: 'c', port: 1 } }], remove: [] });
  });

  test('are read back as written, and as not intact after any other edit', () => {
    const object = workloadEntry(item, 'info-east-0', { address: '10.20.0.11', port: 8443 });
    expect(readWorkloadEntry(item, object)).toEqual({
      name: 'info-east-0',
      address: '10.20.0.11',
      port: 8443,
      intact: true,
    });
    const spec = object.spec as Record<string, unknown>;
    const edited = { ...object, spec: { ...spec, network: 'other' } };
    expect(readWorkloadEntry(item, edited).intact).toBe(false);
    expect(readWorkloadEntry(item, { metadata: { name: 'x' } })).toMatchObject({ address: '', port: 0, intact: false });
  });
});
