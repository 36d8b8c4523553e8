import 'reflect-metadata';
import { ExtendedKeyUsage, KeyUsageFlags } from '@peculiar/x509';
import fc from 'fast-check';
import { readCertificates } from '../../../services/trust-exchange/certificate';
import { requestLeaf } from '../../../services/trust-exchange/issue';
import { decideLeaf, leafFault, renewalTime } from '../../../services/trust-exchange/leaf';
import { type Authority, authority, backend, info, type LeafShape, ours } from './support';

const hour = 3_600_000;

describe('a leaf in a Secret', () => {
  let root: Authority;
  let other: Authority;
  beforeAll(async () => {
    [root, other] = await Promise.all([authority(ours), authority(ours)]);
  });

  async function leaf(change: Partial<LeafShape> = {}, signer: Authority = root) {
    const { key, request } = await requestLeaf(backend);
    return { key, chain: await signer.sign(request, change) };
  }

  test('has no fault when it is what was asked for', async () => {
    const expected = { identity: backend, activeRoot: root.pem, now: Date.now() };
    expect(leafFault(await leaf(), expected)).toBeUndefined();
  });

  test.each<[string, Partial<LeafShape>, string]>([
    ['another identity', { identities: [info] }, 'identity'],
    ['a second identity', { identities: [backend, info] }, 'identity'],
    ['no right to sign handshakes', { usages: KeyUsageFlags.keyEncipherment }, 'usage'],
    ['a right to sign certificates', { usages: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign }, 'usage'],
    ['no server purpose', { purposes: [ExtendedKeyUsage.clientAuth] }, 'usage'],
    ['no client purpose', { purposes: [ExtendedKeyUsage.serverAuth] }, 'usage'],
    ['the mark of a CA', { ca: true }, 'usage'],
    ['an end in the past', { notBefore: Date.now() - 2 * hour, notAfter: Date.now() - hour }, 'validity'],
    ['a start in the future', { notBefore: Date.now() + hour, notAfter: Date.now() + 2 * hour }, 'validity'],
  ])('is renewed when it has %s', async (_, change, reason) => {
    const material = await leaf(change);
    const expected = { identity: backend, activeRoot: root.pem, now: Date.now() };
    expect(decideLeaf(material, expected)).toEqual({ action: 'renew', reason });
  });

  test('is renewed when its key, chain or both are missing, damaged or of another leaf', async () => {
    const [a, b] = [await leaf(), await leaf()];
    const expected = { identity: backend, activeRoot: root.pem, now: Date.now() };
    expect(leafFault({ chain: '', key: a.key }, expected)).toBe('missing');
    expect(leafFault({ chain: a.chain, key: '' }, expected)).toBe('missing');
    expect(leafFault({ chain: 'x', key: a.key }, expected)).toBe('unreadable');
    expect(leafFault({ chain: a.chain, key: 'x' }, expected)).toBe('key');
    expect(leafFault({ chain: a.chain, key: b.key }, expected)).toBe('key');
  });

  test('is renewed when the plane has another active root, even one of the same name', async () => {
    const material = await leaf();
    expect(leafFault(material, { identity: backend, activeRoot: other.pem, now: Date.now() })).toBe('chain');
    const forged = { ...material, chain: material.chain + other.pem };
    expect(leafFault(forged, { identity: backend, activeRoot: other.pem, now: Date.now() })).toBe('chain');
  });

  test('stays until its renewal time and not a moment longer', async () => {
    const material = await leaf();
    const [facts] = readCertificates(material.chain) ?? [];
    if (facts === undefined) throw new Error('no leaf');
    const due = renewalTime(facts);
    fc.assert(
      fc.property(fc.integer({ min: facts.notBefore, max: facts.notAfter - 1 }), (now) => {
        const decision = decideLeaf(material, { identity: backend, activeRoot: root.pem, now });
        expect(decision.action).toBe(now < due ? 'keep' : 'renew');
      }),
      { numRuns: 30 },
    );
  });

  test('is renewed between 45 and 55 per cent of its life, the same time after a restart', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(1e12), fc.integer({ min: 1e3, max: 1e9 }), (sha256, notBefore, life) => {
        const facts = { sha256, notBefore, notAfter: notBefore + life };
        const share = (renewalTime(facts) - notBefore) / life;
        expect(share).toBeGreaterThanOrEqual(0.449);
        expect(share).toBeLessThanOrEqual(0.551);
        expect(renewalTime(facts)).toBe(renewalTime({ ...facts }));
      }),
    );
  });
});
