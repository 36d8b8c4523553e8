import fc from 'fast-check';
import { decideBundle } from '../../../services/trust-exchange/bundle';
import { readCertificates } from '../../../services/trust-exchange/certificate';
import { requestLeaf } from '../../../services/trust-exchange/issue';
import { authority, backend, ours, theirs } from './support';

const expected = { trustDomain: theirs, own: ['cluster.local', ours] };

describe("a peer's bundle", () => {
  let good: string[];
  const bad = { ours: '', istio: '', foreign: '', leaf: '', junk: 'not a certificate' };
  beforeAll(async () => {
    good = await Promise.all([1, 2, 3].map(async () => (await authority(theirs)).pem));
    bad.ours = (await authority(ours)).pem;
    bad.istio = (await authority('Cluster.Local')).pem;
    bad.foreign = (await authority('33333333-3333-4333-8333-333333333333.consul')).pem;
    bad.leaf = await (await authority(theirs)).sign((await requestLeaf(backend)).request);
  });

  test.each<[keyof typeof bad, string]>([
    ['ours', 'bundle-claims-ours'],
    ['istio', 'bundle-claims-ours'],
    ['foreign', 'bundle-foreign-domain'],
    ['leaf', 'bundle-unreadable'],
    ['junk', 'bundle-unreadable'],
  ])('is not copied when one certificate is %s', (which, kind) => {
    const [first = ''] = good;
    expect(decideBundle('', [first, bad[which]], expected)).toMatchObject({ action: 'alarm', kind });
    expect(decideBundle(first, [first, bad[which]], expected)).toMatchObject({ action: 'alarm', kind });
  });

  test('is not copied when it is empty', () => {
    expect(decideBundle(good[0] ?? '', [], expected)).toMatchObject({ kind: 'bundle-empty' });
    expect(decideBundle('', [' '], expected)).toMatchObject({ kind: 'bundle-empty' });
  });

  test('names the roots and the fix when all are replaced at once', () => {
    const decision = decideBundle(good[0] ?? '', [good[1] ?? ''], expected);
    expect(decision).toMatchObject({ action: 'alarm', kind: 'bundle-replaced' });
    expect(decision.action === 'alarm' && decision.message).toMatch(
      /^the peer replaced all roots at once: [0-9a-f]{16} by [0-9a-f]{16};.*isthmus down, isthmus up/,
    );
  });

  test('may grow, then lose the old root: a rotation', () => {
    const [a = '', b = ''] = good;
    const grown = decideBundle(a, [b, a], expected);
    if (grown.action !== 'accept') throw new Error(grown.message);
    expect(readCertificates(grown.pem)).toHaveLength(2);
    expect(decideBundle(grown.pem, [b], expected)).toMatchObject({ action: 'accept', pem: b });
  });

  test('is taken exactly when every root is right and one is known, and then as it is, whatever the order', () => {
    const names = ['g0', 'g1', 'g2', 'ours', 'istio', 'foreign', 'leaf', 'junk'] as const;
    const pem = (name: string) => (name.startsWith('g') ? good[Number(name[1])] : bad[name as keyof typeof bad]) ?? '';
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom('g0', 'g1', 'g2')),
        fc.array(fc.constantFrom(...names), { maxLength: 4 }),
        (trusted, offered) => {
          const decision = decideBundle(trusted.map(pem).join(''), offered.map(pem), expected);
          const right = offered.length > 0 && offered.every((name) => name.startsWith('g'));
          const known = trusted.length === 0 || offered.some((name) => (trusted as readonly string[]).includes(name));
          expect(decision.action).toBe(right && known ? 'accept' : 'alarm');
          if (decision.action === 'alarm') return;
          const copied = readCertificates(decision.pem) ?? [];
          expect(new Set(copied.map((root) => root.pem))).toEqual(new Set(offered.map(pem)));
          expect(copied).toHaveLength(new Set(offered).size);
          expect(decideBundle('', [...offered].reverse().map(pem), expected)).toEqual(decision);
        },
      ),
      { numRuns: 60 },
    );
  });
});
