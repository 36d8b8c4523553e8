/** The names that both meshes and the plan must agree on, letter by letter. */
import * as fc from 'fast-check';
import {
  clusterId,
  consulGatewayIdentity,
  consulServiceIdentity,
  consulTrustDomain,
  istioIdentity,
  istioPrincipal,
  istioTrustDomain,
  peeredServiceSni,
  planeClusterId,
  planeDatacenter,
} from '../../model/identity';
import { names } from '../support/labs';

const id = '11111111-1111-4111-8111-111111111111';
const trustDomain = `${id}.consul`;

test('a Consul trust domain is the cluster id and .consul', () => {
  expect(consulTrustDomain(id)).toBe(trustDomain);
});

test('a Consul service is spiffe://TD/ns/default/dc/DC/svc/NAME', () => {
  expect(consulServiceIdentity(trustDomain, 'dc1', 'info')).toBe(`spiffe://${trustDomain}/ns/default/dc/dc1/svc/info`);
});

test('a service of Istio is known outside in datacenter istio', () => {
  expect(consulServiceIdentity(trustDomain, planeDatacenter, 'backend')).toBe(
    `spiffe://${trustDomain}/ns/default/dc/istio/svc/backend`,
  );
});

test('a Consul mesh gateway is spiffe://TD/gateway/mesh/dc/DC', () => {
  expect(consulGatewayIdentity(trustDomain, 'dc1')).toBe(`spiffe://${trustDomain}/gateway/mesh/dc/dc1`);
});

test('the SNI of a peered service is NAME.default.default.PEER.external.TD', () => {
  expect(peeredServiceSni('info', 'west', trustDomain)).toBe(`info.default.default.west.external.${trustDomain}`);
});

test('an Istio principal is its identity without the scheme', () => {
  expect(istioPrincipal(istioTrustDomain, 'apps', 'web')).toBe('cluster.local/ns/apps/sa/web');
  expect(istioIdentity(istioTrustDomain, 'apps', 'web')).toBe('spiffe://cluster.local/ns/apps/sa/web');
});

test('cluster ids never change: a raised lab would lose its trust domain', () => {
  expect(clusterId('weather', 'east')).toBe('4cdd9ee1-6c38-5064-9d6a-66a1b7d0def2');
  expect(planeClusterId('weather', 'west', 'east')).toBe('7223a4ab-1d92-5449-88a3-8498b3fde7cf');
});

test('every mesh of every lab, and every plane, has an id of its own that Consul takes for a UUID', () => {
  const triple = fc.tuple(names(20), names(11), names(11));
  fc.assert(
    fc.property(triple, triple, ([lab, mesh, peer], [lab2, mesh2, peer2]) => {
      const ids = new Set([
        clusterId(lab, mesh),
        clusterId(lab2, mesh2),
        planeClusterId(lab, mesh, peer),
        planeClusterId(lab2, mesh2, peer2),
      ]);
      const distinct = new Set([`${lab}/${mesh}`, `${lab2}/${mesh2}`]).size;
      const planes = new Set([`${lab}/${mesh}/${peer}`, `${lab2}/${mesh2}/${peer2}`]).size;
      expect(ids.size).toBe(distinct + planes);
      for (const one of ids)
        expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }),
  );
});
