/** Both policy languages say what the table says, for every caller, callee, method and path. */
import * as fc from 'fast-check';
import { publicListener } from '../../../model/access/envoy';
import { exportFilter } from '../../../model/access/gateway';
import { authorizationPolicy, gatewayPolicy } from '../../../model/access/istio';
import { resolvedExports } from '../../../model/exports';
import { consulServiceIdentity, istioPrincipal } from '../../../model/identity';
import { type Lab, mesh, type Service } from '../../../model/lab';
import { federationGateway } from '../../../model/names';
import { federationIdentity } from '../../../model/planes';
import { allowed, requestsOf } from '../../support/allowed';
import { filterDecision, listenerDecision } from '../../support/envoy-rbac';
import { policyDecision } from '../../support/istio-policy';
import { labOf, labs, smallFile } from '../../support/labs';

/** Identity of a caller as a callee's proxy sees it, when the caller uses its own certificate. */
function identityAt(lab: Lab, caller: Service, callee: Service): string {
  const own = mesh(lab, callee.mesh);
  if (own.kind === 'istio') {
    return caller.mesh === own.name
      ? `spiffe://${istioPrincipal(own.trustDomain, caller.namespace, caller.name)}`
      : consulServiceIdentity(mesh(lab, caller.mesh).trustDomain, mesh(lab, caller.mesh).datacenter ?? '', caller.name);
  }
  return caller.mesh === own.name
    ? consulServiceIdentity(own.trustDomain, own.datacenter ?? '', caller.name)
    : federationIdentity(lab, caller.mesh, own.name, caller.name);
}

type Decide = (uris: readonly string[], method: string, path: string) => boolean;

/** How the callee's own proxy decides. */
function decisionOf(lab: Lab, callee: Service): Decide {
  const own = mesh(lab, callee.mesh);
  if (own.kind === 'consul') {
    const decide = listenerDecision(publicListener(lab, callee, '10.20.0.20', 20000));
    return (uris, method, path) => decide({ uris, method, path });
  }
  const decide = policyDecision(authorizationPolicy(lab, callee, own.trustDomain));
  const gateway = istioPrincipal(own.trustDomain, federationGateway, federationGateway);
  const exported = resolvedExports(lab, own).find(({ service }) => service.id === callee.id);
  return (uris, method, path) => {
    const [uri = ''] = uris;
    if (!uri.startsWith(`spiffe://${exported?.peer.trustDomain}/`)) {
      return decide({ principal: uri.replace('spiffe://', ''), method, path });
    }
    return gatewayPasses(lab, callee, uris, method, path) && decide({ principal: gateway, method, path });
  };
}

/** How the federation gateway decides: all policies that select it, and all filters, under the callee's server name. */
function gatewayPasses(lab: Lab, callee: Service, ...[uris, method, path]: Parameters<Decide>): boolean {
  const all = resolvedExports(lab, mesh(lab, callee.mesh));
  const sni = all.find(({ service }) => service.id === callee.id)?.sni ?? '';
  // Istio takes a certificate for each of its URIs.
  const principals = uris.map((uri) => uri.replace('spiffe://', ''));
  return (
    all.every((entry) => filterDecision(exportFilter(entry))(uris, sni)) &&
    all.some((entry) => {
      const decide = policyDecision(gatewayPolicy(entry));
      return principals.some((principal) => decide({ principal, method, path, sni }));
    })
  );
}

const decide = (lab: Lab, callee: Service, ...rest: Parameters<Decide>) => decisionOf(lab, callee)(...rest);

const busy = labs.filter((lab) => lab.access.length > 0);

test('a request passes exactly when a row of the table lets it pass', () => {
  let passed = 0;
  let refused = 0;
  fc.assert(
    fc.property(busy, requestsOf, (lab, requests) => {
      for (const callee of lab.services) {
        const decide = decisionOf(lab, callee);
        for (const caller of lab.services.filter(({ id }) => id !== callee.id)) {
          for (const request of requests(lab)) {
            const expected = allowed(lab, caller.id, callee.id, request);
            const uris = [identityAt(lab, caller, callee)];
            const found = decide(uris, request.method, request.path);
            expect({ caller: caller.id, callee: callee.id, ...request, found }).toEqual({
              caller: caller.id,
              callee: callee.id,
              ...request,
              found: expected,
            });
            if (found) passed += 1;
            else refused += 1;
          }
        }
      }
    }),
    { numRuns: 100 },
  );
  // A property over refusals alone would prove nothing.
  expect(passed).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(100);
}, 30_000);

test('a certificate with a second URI is refused by every Consul listener, whichever comes first', () => {
  fc.assert(
    fc.property(busy, requestsOf, (lab, requests) => {
      for (const callee of lab.services.filter((one) => mesh(lab, one.mesh).kind === 'consul')) {
        const decide = decisionOf(lab, callee);
        const identities = lab.services.map((caller) => identityAt(lab, caller, callee));
        for (const first of identities) {
          for (const second of identities) {
            for (const { method, path } of requests(lab).slice(0, 2)) {
              expect(decide([first, second], method, path)).toBe(false);
            }
          }
        }
      }
    }),
    { numRuns: 40 },
  );
}, 30_000);

test('a certificate with a second URI is refused by the federation gateway, whichever comes first', () => {
  let tried = 0;
  fc.assert(
    fc.property(busy, requestsOf, (lab, requests) => {
      for (const own of lab.meshes) {
        for (const { service: callee, callers } of resolvedExports(lab, own)) {
          for (const first of callers) {
            for (const second of [...callers.map(({ identity }) => identity), 'spiffe://x/y']) {
              for (const { method, path } of requests(lab).slice(0, 2)) {
                expect(gatewayPasses(lab, callee, [first.identity, second], method, path)).toBe(false);
                expect(gatewayPasses(lab, callee, [second, first.identity], method, path)).toBe(false);
                tried += 1;
              }
            }
          }
        }
      }
    }),
    { numRuns: 100 },
  );
  expect(tried).toBeGreaterThan(20);
}, 30_000);

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
