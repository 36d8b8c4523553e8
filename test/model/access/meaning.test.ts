/** All policy languages say what the table says, for every caller, callee, method and path, in all four directions. */
import * as fc from 'fast-check';
import { publicListener } from '../../../model/access/envoy';
import { exportFilter } from '../../../model/access/gateway';
import { authorizationPolicy } from '../../../model/access/istio';
import { resolvedExports } from '../../../model/exports';
import { consulServiceIdentity } from '../../../model/identity';
import { type Lab, mesh, type Service } from '../../../model/lab';
import { federationIdentity } from '../../../model/planes';
import { type Compared, compare, type Question, questionsOf } from '../../support/checker';
import { filterDecision, listenerDecision } from '../../support/envoy-rbac';
import { policyDecision } from '../../support/istio-policy';
import { labOf, labs, smallFile } from '../../support/labs';
import { largeLabs, largestLab } from '../../support/large-labs';
import { policiesOf } from '../../support/policies';
import { identityAt } from '../../support/way';

const busy = labs.filter((lab) => lab.access.length > 0);

/** Compares, and counts for each direction that something passed and something was refused. */
function agree(
  lab: Lab,
  questions: readonly Question[],
  sums: Map<string, { passed: number; refused: number }>,
): Compared {
  const made = policiesOf(lab);
  const direction = ({ caller, callee }: Question) =>
    `${caller === 'anybody' ? caller : mesh(lab, caller.mesh).kind} → ${mesh(lab, callee.mesh).kind}`;
  const groups = new Map<string, Question[]>();
  for (const one of questions) groups.set(direction(one), [...(groups.get(direction(one)) ?? []), one]);
  let all: Compared = { passed: 0, refused: 0, differences: [] };
  for (const [name, group] of groups) {
    const found = compare(lab, made, group);
    const sum = sums.get(name) ?? { passed: 0, refused: 0 };
    sums.set(name, { passed: sum.passed + found.passed, refused: sum.refused + found.refused });
    all = {
      passed: all.passed + found.passed,
      refused: all.refused + found.refused,
      differences: [...all.differences, ...found.differences],
    };
  }
  return all;
}

const directions = ['istio', 'consul'].flatMap((from) => ['istio', 'consul'].map((to) => `${from} → ${to}`));

/** A property over refusals alone would prove nothing. */
function expectBoth(sums: ReadonlyMap<string, { passed: number; refused: number }>, least: number): void {
  for (const direction of [...directions, 'anybody → istio', 'anybody → consul']) {
    const { passed = 0, refused = 0 } = sums.get(direction) ?? {};
    expect({ direction, enough: passed >= least && refused >= least, passed, refused }).toMatchObject({ enough: true });
  }
}

test('a request passes exactly when decide says so, at every point of its way', () => {
  const sums = new Map<string, { passed: number; refused: number }>();
  fc.assert(
    fc.property(busy, fc.integer(), (lab, seed) => {
      expect(agree(lab, questionsOf(lab, 60, seed), sums).differences).toEqual([]);
    }),
    { numRuns: 60 },
  );
  expectBoth(sums, 1);
}, 120_000);

test('the same for labs of up to 200 services and 1,000 rows', () => {
  const sums = new Map<string, { passed: number; refused: number }>();
  fc.assert(
    fc.property(largeLabs, fc.integer(), (lab, seed) => {
      expect(agree(lab, questionsOf(lab, 400, seed), sums).differences).toEqual([]);
    }),
    { numRuns: 12, endOnFailure: true },
  );
  const largest = largestLab();
  expect([largest.services.length, largest.access.length > 950]).toEqual([200, true]);
  expect(agree(largest, questionsOf(largest, 4_000, 1), sums).differences).toEqual([]);
  expectBoth(sums, 20);
}, 120_000);

test('a certificate with a second URI is refused by every Consul listener, whichever comes first', () => {
  fc.assert(
    fc.property(busy, (lab) => {
      for (const callee of lab.services.filter((one) => mesh(lab, one.mesh).kind === 'consul')) {
        const decide = listenerDecision(publicListener(lab, callee, '10.20.0.20', 20000));
        const identities = lab.services.map((caller) => identityAt(lab, caller, callee));
        for (const first of identities) {
          for (const second of identities)
            expect(decide({ uris: [first, second], method: 'GET', path: '/' })).toBe(false);
        }
      }
    }),
    { numRuns: 40 },
  );
}, 30_000);

test('a certificate with a second URI is refused by the federation gateway, whichever comes first', () => {
  let tried = 0;
  fc.assert(
    fc.property(busy, (lab) => {
      for (const entry of lab.meshes.flatMap((own) => resolvedExports(lab, own))) {
        const decide = filterDecision(exportFilter(entry));
        for (const { identity: first } of entry.callers) {
          expect(decide([first], entry.sni)).toBe(true);
          for (const second of [...entry.callers.map(({ identity }) => identity), 'spiffe://x/y']) {
            expect(decide([first, second], entry.sni)).toBe(false);
            expect(decide([second, first], entry.sni)).toBe(false);
            tried += 1;
          }
        }
      }
    }),
    { numRuns: 100 },
  );
  expect(tried).toBeGreaterThan(20);
}, 30_000);

/** How the callee's own proxy decides. */
function decide(lab: Lab, callee: Service, uris: readonly string[], method: string, path: string): boolean {
  const own = mesh(lab, callee.mesh);
  if (own.kind === 'consul')
    return listenerDecision(publicListener(lab, callee, '10.20.0.20', 20000))({ uris, method, path });
  const [uri = ''] = uris;
  return policyDecision(authorizationPolicy(lab, callee, own.trustDomain))({
    principal: uri.replace('spiffe://', ''),
    method,
    path,
    port: callee.port,
  });
}

test.each([
  ['no URI at all', []],
  ['an empty URI', ['']],
  ['the mesh gateway', ['spiffe://TD/gateway/mesh/dc/dc1']],
  ['the caller with another datacenter', ['spiffe://FED/ns/default/dc/dc1/svc/backend']],
  ["the caller's name in the callee's own mesh", ['spiffe://TD/ns/default/dc/dc1/svc/backend']],
  ["the caller's own Istio identity", ['spiffe://cluster.local/ns/backend/sa/backend']],
  ['the caller with more after its name', ['spiffe://FED/ns/default/dc/istio/svc/backend2']],
  ['the caller in capitals', ['SPIFFE://FED/NS/DEFAULT/DC/ISTIO/SVC/BACKEND']],
  ['the name that stands for nobody', ['spiffe://nobody.invalid/']],
])('info refuses %s', (_what, uris) => {
  const lab = labOf({});
  const info = lab.services.find(({ name }) => name === 'info');
  if (info === undefined) throw new Error('no info');
  const real = federationIdentity(lab, 'west', 'east', 'backend');
  const named = uris.map((uri) =>
    uri.replace('TD', mesh(lab, 'east').trustDomain).replace('FED', real.split('/')[2] ?? ''),
  );
  expect(decide(lab, info, [real], 'GET', '/')).toBe(true);
  expect(decide(lab, info, named, 'GET', '/')).toBe(false);
});

test('a service that no row names lets nobody in, in either mesh', () => {
  const lab = labOf({ access: [] });
  const [frontend, backend, info] = lab.services;
  if (frontend === undefined || backend === undefined || info === undefined) throw new Error('no services');
  for (const callee of [backend, info]) {
    for (const caller of [frontend, backend, info]) {
      expect(decide(lab, callee, [identityAt(lab, caller, callee)], 'GET', '/')).toBe(false);
    }
    expect(decide(lab, callee, ['spiffe://nobody.invalid/x'], 'GET', '/')).toBe(false);
  }
});

test('a page is open to its own ingress gateway, to whatever the rows say besides', () => {
  const east = { ...smallFile.services, 'east/info': { port: 8080, program: 'weather/info', expose: 'page' } };
  const lab = labOf({ services: east });
  const [frontend, , info] = lab.services;
  if (frontend === undefined || info === undefined) throw new Error('no services');
  const gateway = 'spiffe://cluster.local/ns/istio-ingress/sa/istio-ingress';
  expect(decide(lab, frontend, [gateway], 'GET', '/any')).toBe(true);
  expect(decide(lab, frontend, [gateway], 'POST', '/any')).toBe(false);
  const own = consulServiceIdentity(mesh(lab, 'east').trustDomain, 'dc1', 'ingress-gateway');
  expect(decide(lab, info, [own], 'GET', '/any')).toBe(true);
  expect(decide(lab, info, [own], 'POST', '/any')).toBe(false);
  expect(decide(lab, info, [own, own], 'GET', '/any')).toBe(false);
});
