import * as fc from 'fast-check';
import { resolvedExports } from '../../model/exports';
import { mesh } from '../../model/lab';
import { labOf, labs, smallFile } from '../support/labs';

const federation = '7223a4ab-1d92-5449-88a3-8498b3fde7cf.consul';
const consul = '4cdd9ee1-6c38-5064-9d6a-66a1b7d0def2.consul';
const back = { from: 'east/info', to: 'west/backend', methods: ['GET'], paths: ['/healthz'] };

test('an export has every name by which either mesh knows it, and its callers with their own identities', () => {
  const lab = labOf({
    access: [...smallFile.access, back, { from: 'east/info', to: 'west/backend', methods: ['HEAD'] }],
  });
  expect(resolvedExports(lab, mesh(lab, 'west'))).toEqual([
    {
      service: expect.objectContaining({ id: 'west/backend/backend' }),
      peer: mesh(lab, 'east'),
      name: 'backend-east',
      // PEER in the SNI is the name that the exporting side, our plane, gave to Consul.
      sni: `backend.default.default.east.external.${federation}`,
      identity: `spiffe://${federation}/ns/default/dc/istio/svc/backend`,
      secret: 'backend-east-export',
      callers: [
        {
          service: expect.objectContaining({ id: 'east/info/info' }),
          identity: `spiffe://${consul}/ns/default/dc/dc1/svc/info`,
          rules: [
            { methods: ['GET'], paths: ['/healthz'] },
            { methods: ['HEAD'], paths: [] },
          ],
        },
      ],
    },
  ]);
  expect(resolvedExports(lab, mesh(lab, 'east'))).toEqual([]);
  const none = labOf({ access: smallFile.access });
  expect(resolvedExports(none, mesh(none, 'west'))).toEqual([]);
});

test('exports come in the order of their names', () => {
  const access = [{ from: 'east/info', to: 'west/frontend' }, back];
  const lab = labOf({ access });
  expect(resolvedExports(lab, mesh(lab, 'west')).map(({ name }) => name)).toEqual(['backend-east', 'frontend-east']);
});

test('every export has a name, an SNI, an identity and a Secret of its own, and callers of the peer only', () => {
  fc.assert(
    fc.property(labs, (lab) => {
      const all = lab.meshes.flatMap((own) => resolvedExports(lab, own));
      for (const key of ['name', 'sni', 'identity', 'secret'] as const) {
        expect(new Set(all.map((entry) => entry[key])).size).toBe(all.length);
      }
      for (const { peer, callers, service } of all) {
        expect(callers.length).toBeGreaterThan(0);
        expect(new Set(callers.map(({ identity }) => identity)).size).toBe(callers.length);
        for (const caller of callers) {
          expect(caller.service.mesh).toBe(peer.name);
          expect(caller.identity.startsWith(`spiffe://${peer.trustDomain}/`)).toBe(true);
          expect(lab.access.some(({ from, to }) => from === caller.service.id && to === service.id)).toBe(true);
        }
      }
    }),
  );
});
