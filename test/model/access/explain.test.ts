import * as fc from 'fast-check';
import { callerOf } from '../../../model/access/decide';
import { enforcementPoints, explain } from '../../../model/access/explain';
import { canonicalId, service } from '../../../model/lab';
import { labOf, labs, smallFile } from '../../support/labs';
import { policiesOf } from '../../support/policies';

const lab = labOf({
  services: { ...smallFile.services, 'east/shop': { port: 8080, program: 'a.js' } },
  access: [
    { from: 'west/frontend', to: 'west/backend', methods: ['GET'], paths: ['/api/'] },
    { from: 'west/backend', to: 'east/info', methods: ['GET'] },
    { from: 'east/info', to: 'west/backend', methods: ['GET'], paths: ['/healthz'] },
    { from: 'east/info', to: 'east/shop' },
  ],
});

test.each([
  ['west/frontend', 'west/backend', 'GET', '/api/', 'AuthorizationPolicy backend/backend'],
  ['west/backend', 'west/frontend', 'GET', '/', 'AuthorizationPolicy frontend/frontend'],
  ['west/backend', 'east/info', 'GET', '/', 'public listener of info-sidecar-proxy (envoy_public_listener_json)'],
  ['west/backend', 'east/info', 'POST', '/', 'public listener of info-sidecar-proxy (envoy_public_listener_json)'],
  // info is exported for backend's sake: who else comes from there meets the intentions.
  ['west/frontend', 'east/info', 'GET', '/', 'config entry service-intentions/info'],
  ['west/frontend', 'east/shop', 'GET', '/', 'config entry exported-services/default, without shop'],
  ['east/shop', 'east/info', 'GET', '/', 'config entry service-intentions/info'],
  ['east/info', 'east/shop', 'GET', '/', 'public listener of shop-sidecar-proxy (envoy_public_listener_json)'],
  ['east/info', 'west/backend', 'GET', '/healthz', 'AuthorizationPolicy federation-gateway/backend-east'],
  ['east/info', 'west/backend', 'GET', '/x', 'AuthorizationPolicy federation-gateway/backend-east'],
  ['east/shop', 'west/backend', 'GET', '/healthz', 'Gateway federation-gateway/backend-east (subjectAltNames)'],
  ['east/info', 'west/frontend', 'GET', '/', 'no export of frontend: no server name on port 15443'],
  ['anybody', 'west/frontend', 'GET', '/', 'AuthorizationPolicy istio-ingress/page'],
  ['anybody', 'west/backend', 'GET', '/', 'AuthorizationPolicy backend/backend'],
  ['anybody', 'east/info', 'GET', '/', 'config entry service-intentions/info'],
])('%s → %s %s %s is decided by: %s', (from, to, method, path, object) => {
  const found = explain(lab, callerOf(lab, canonicalId(from)), service(lab, canonicalId(to)), method, path);
  expect(found.decidedBy?.object).toBe(object);
  expect(found.points).toContainEqual(found.decidedBy);
});

test('every object that is named is one that the compiler makes', () => {
  fc.assert(
    fc.property(labs, (lab) => {
      const made = policiesOf(lab);
      const names = new Set([
        ...made.istio.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`),
        ...made.consul.map(({ Kind, Name }) => `config entry ${Kind}/${Name}`),
      ]);
      for (const caller of [...lab.services, 'anybody'] as const) {
        for (const callee of lab.services.filter((one) => one !== caller)) {
          for (const { object } of enforcementPoints(lab, caller, callee)) {
            const own = /^(AuthorizationPolicy|Gateway|EnvoyFilter|Sidecar|config entry) [^ ,]+/.exec(object)?.[0];
            if (own !== undefined && !object.includes('without')) expect(names).toContain(own);
          }
        }
      }
    }),
  );
});
