import fc from 'fast-check';
import { readCertificates } from '../../../services/trust-exchange/certificate';
import { leafFault } from '../../../services/trust-exchange/leaf';
import { noPeering, type Peering } from '../../../services/trust-exchange/observed';
import {
  planSecret,
  readSecret,
  renderSecret,
  type SecretContent,
  type SecretSituation,
  writeSecret,
} from '../../../services/trust-exchange/secrets';
import { type Authority, authority, backend, info, ours, theirs } from './support';

const nothing: SecretContent = { chain: '', key: '', roots: '', pairing: '' };

describe('what a Secret must hold', () => {
  let plane: Authority;
  let peer: Authority;
  let newPeer: Authority;
  let full: SecretContent;

  function situation(change: Partial<SecretSituation> = {}): SecretSituation {
    return {
      target: { identity: backend },
      content: nothing,
      activeRoot: plane.pem,
      peering: { state: 'ACTIVE', id: 'p1', roots: [peer.pem] },
      peerTrustDomain: theirs,
      ownTrustDomains: ['cluster.local', ours],
      now: Date.now(),
      ...change,
    };
  }

  async function render(change: Partial<SecretSituation> = {}) {
    const before = situation(change);
    const plan = planSecret(before);
    return { plan, content: await renderSecret(before, plan, plane.sign) };
  }

  beforeAll(async () => {
    [plane, peer, newPeer] = await Promise.all([authority(ours), authority(theirs), authority(theirs)]);
    full = (await render()).content ?? nothing;
  });

  test('is leaf, key and roots in one write once the peering works', () => {
    expect(leafFault(full, { identity: backend, activeRoot: plane.pem, now: Date.now() })).toBeUndefined();
    expect(full).toMatchObject({ roots: peer.pem, pairing: 'p1' });
  });

  test('is nothing before the pairing: no leaf is even signed', async () => {
    const sign = jest.fn();
    const before = situation({ peering: noPeering });
    expect(await renderSecret(before, planSecret(before), sign)).toBeUndefined();
    expect(sign).not.toHaveBeenCalled();
  });

  test('is what it holds already while all of it is right', async () => {
    expect((await render({ content: full })).content).toBeUndefined();
  });

  test('keeps leaf and key when only the roots change', async () => {
    const peering = { state: 'ACTIVE', id: 'p1', roots: [newPeer.pem, peer.pem] };
    const { content } = await render({ content: full, peering });
    expect(content).toMatchObject({ chain: full.chain, key: full.key });
    expect(readCertificates(content?.roots ?? '')).toHaveLength(2);
  });

  test('gets a new leaf and keeps its roots while the peer is unreachable or the plane forgot the pairing', async () => {
    for (const peering of [noPeering, { state: 'FAILING', id: 'p1', roots: [] }]) {
      const { plan, content } = await render({ content: { ...full, key: '' }, peering });
      expect(plan.alarms).toEqual([]);
      expect(content).toMatchObject({ roots: peer.pem, pairing: 'p1' });
      expect(content?.key).toContain('PRIVATE KEY');
    }
  });

  test('keeps its roots under an alarm, and still gets new leaves', async () => {
    const hostile = await authority('cluster.local');
    const peering = { state: 'ACTIVE', id: 'p1', roots: [peer.pem, hostile.pem] };
    const { plan, content } = await render({ content: { ...full, chain: '' }, peering });
    expect(plan.alarms).toMatchObject([{ kind: 'bundle-claims-ours' }]);
    expect(content).toMatchObject({ roots: peer.pem });
    expect(content?.chain).toContain('CERTIFICATE');
  });

  test('takes entirely new roots after a new pairing only', async () => {
    const replaced = (id: string): Peering => ({ state: 'ACTIVE', id, roots: [newPeer.pem] });
    const same = await render({ content: full, peering: replaced('p1') });
    expect(same.plan.alarms).toMatchObject([{ kind: 'bundle-replaced' }]);
    expect(same.content).toBeUndefined();
    const again = await render({ content: full, peering: replaced('p2') });
    expect(again.plan.alarms).toEqual([]);
    expect(again.content).toMatchObject({ roots: newPeer.pem, pairing: 'p2', chain: full.chain });
  });

  test('is an alarm when the peer withdraws all roots over a working stream, and not right after pairing', () => {
    const empty = (id: string) => situation({ content: full, peering: { state: 'ACTIVE', id, roots: [] } });
    expect(planSecret(empty('p1')).alarms).toMatchObject([{ kind: 'bundle-empty' }]);
    expect(planSecret(empty('p2')).alarms).toEqual([]);
  });

  test('is never written when the plane signs something else', async () => {
    const before = situation();
    const wrong = renderSecret(before, planSecret(before), (request) => plane.sign(request, { identities: [info] }));
    await expect(wrong).rejects.toThrow(`the plane signed a leaf for ${backend} that is unusable (identity)`);
    const stranger = await authority(ours);
    const unknown = renderSecret(before, planSecret(before), stranger.sign);
    await expect(unknown).rejects.toThrow('unusable (chain)');
  });

  test('is never half, whatever the Secret held and the peer says', async () => {
    const pieces = { chain: [full.chain, '', 'x'], key: [full.key, '', 'x'], roots: [peer.pem, newPeer.pem, '', 'x'] };
    const states = ['ACTIVE', 'FAILING', 'PENDING', 'TERMINATED', 'absent'];
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          chain: fc.constantFrom(...pieces.chain),
          key: fc.constantFrom(...pieces.key),
          roots: fc.constantFrom(...pieces.roots),
          pairing: fc.constantFrom('', 'p1', 'p2'),
        }),
        fc.record({
          state: fc.constantFrom(...states),
          id: fc.constantFrom('', 'p1'),
          roots: fc.subarray([peer.pem, newPeer.pem]),
        }),
        async (content, peering) => {
          const { plan, content: written } = await render({ content, peering });
          if (written === undefined) return;
          expect(leafFault(written, { identity: backend, activeRoot: plane.pem, now: Date.now() })).toBeUndefined();
          expect(readCertificates(written.roots)?.length).toBeGreaterThan(0);
          // What was written is right: looking again changes nothing.
          const again = situation({ content: written, peering });
          expect(planSecret(again).alarms).toEqual(plan.alarms);
          expect(await renderSecret(again, planSecret(again), plane.sign)).toBeUndefined();
        },
      ),
      { numRuns: 60 },
    );
  });

  test('survives the way into a Secret and back', () => {
    expect(readSecret(writeSecret(full))).toEqual(full);
    expect(readSecret({ metadata: {} })).toEqual(nothing);
  });
});
