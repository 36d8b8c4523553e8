import { parseConfig, targetsOf } from '../../../services/trust-exchange/config';
import { backend, ours, planeConfig, theirs } from './support';

describe("a plane's config", () => {
  const parse = (content: unknown) => parseConfig(content, 'plane.json');
  const [item] = planeConfig().imports;
  const [consumer] = item?.consumers ?? [];
  if (item === undefined || consumer === undefined) throw new Error('no import');

  test('is taken as the plan wrote it', () => {
    expect(parse(JSON.parse(JSON.stringify(planeConfig())))).toEqual(planeConfig());
  });

  test('has one target for each Secret, however many imports share it', () => {
    const second = { ...item, name: 'time-east', service: 'time' };
    expect(targetsOf(planeConfig({ imports: [item, second] }))).toEqual([
      {
        key: 'weather/backend-east-federation',
        namespace: 'weather',
        secret: 'backend-east-federation',
        service: 'backend',
        identity: backend,
      },
    ]);
  });

  test.each<[string, object, string]>([
    ['a peer that speaks for us', { peerTrustDomain: ours }, `peerTrustDomain: "${ours}" is one of our own`],
    [
      'a peer that speaks for Istio',
      { peerTrustDomain: 'cluster.local' },
      'peerTrustDomain: "cluster.local" is one of our own',
    ],
    ['a network that is none', { peerNetwork: '10.20.0.1/16' }, 'peerNetwork: "10.20.0.1/16" is not an IPv4 network'],
    ['an import of another mesh', { imports: [{ ...item, identity: backend }] }, "is not of the peer's trust domain"],
    ['an import twice', { imports: [item, item] }, 'imports.1.name: "federation/info-east" occurs twice'],
    [
      'a consumer with a foreign identity',
      { imports: [{ ...item, consumers: [{ ...consumer, identity: `spiffe://${theirs}/x` }] }] },
      `must be "${backend}"`,
    ],
    [
      'a service name that is no label',
      { imports: [{ ...item, service: 'a" {' }] },
      'imports.0.service: must be a lower-case DNS label',
    ],
    ['nothing to import from', { peer: undefined }, 'peer: '],
  ])('with %s is refused, with the place and the value', (_, change, message) => {
    expect(() => parse({ ...planeConfig(), ...change })).toThrow(message);
  });

  test('is refused when two identities share a Secret', () => {
    const other = { ...consumer, service: 'other', identity: backend.replace('backend', 'other') };
    const imports = [{ ...item, consumers: [consumer, other] }];
    expect(() => parse({ ...planeConfig(), imports })).toThrow(`already carries ${backend}`);
  });

  test('names all faults at once', () => {
    const faults = () => parse({ ...planeConfig(), peerNetwork: 'x', peerTrustDomain: ours });
    expect(faults).toThrow(/peerNetwork[\s\S]*peerTrustDomain/);
  });
});
