import * as fc from 'fast-check';
import { resolvedExports } from '../../model/exports';
import { resolvedImports } from '../../model/imports';
import { type Mesh, mesh, service } from '../../model/lab';
import { planeConfig } from '../../model/plane-config';
import { federationIdentity, federationTrustDomain, planes } from '../../model/planes';
import { labOf, labs, localLab, smallFile } from '../support/labs';

const federation = '7223a4ab-1d92-5449-88a3-8498b3fde7cf.consul';
const consul = '4cdd9ee1-6c38-5064-9d6a-66a1b7d0def2.consul';

test('a service of Istio has a federation identity in a trust domain of its own', () => {
  const lab = localLab();
  expect(federationTrustDomain(lab, 'west', 'east')).toBe(federation);
  expect(federationIdentity(lab, 'west', 'east', 'backend')).toBe(
    `spiffe://${federation}/ns/default/dc/istio/svc/backend`,
  );
});

test('the plane is told what it may copy, and nothing else', () => {
  const lab = labOf({});
  expect(planeConfig(lab, mesh(lab, 'west'), mesh(lab, 'east'))).toEqual({
    lab: 'weather',
    mesh: 'west',
    peer: 'east',
    datacenter: 'istio',
    trustDomain: federation,
    peerTrustDomain: consul,
    peerNetwork: '10.20.0.0/16',
    peerPort: 8443,
    imports: [
      {
        name: 'info-east',
        service: 'info',
        namespace: 'federation',
        sni: `info.default.default.west.external.${consul}`,
        identity: `spiffe://${consul}/ns/default/dc/dc1/svc/info`,
        consumers: [
          {
            service: 'backend',
            namespace: 'backend',
            secret: 'backend-east-federation',
            identity: `spiffe://${federation}/ns/default/dc/istio/svc/backend`,
          },
        ],
      },
    ],
    exports: [],
    configEntries: [],
  });
});

test('the plane is told what it exports, where the peer finds it, and what Consul must know of it', () => {
  const lab = labOf({ access: [{ from: 'east/info', to: 'west/backend', methods: ['GET'] }] });
  expect(planeConfig(lab, mesh(lab, 'west'), mesh(lab, 'east'))).toMatchObject({
    imports: [],
    exports: [
      {
        name: 'backend-east',
        service: 'backend',
        namespace: 'federation-gateway',
        secret: 'backend-east-export',
        identity: `spiffe://${federation}/ns/default/dc/istio/svc/backend`,
      },
    ],
    gateway: { address: '10.10.0.2', port: 15443 },
    configEntries: [
      { Kind: 'service-defaults', Name: 'backend', Protocol: 'tcp' },
      {
        Kind: 'exported-services',
        Name: 'default',
        Services: [{ Name: 'backend', Consumers: [{ Peer: 'east' }] }],
      },
    ],
  });
});

test('there is a plane for each Istio mesh and each mesh it exchanges calls with', () => {
  const lab = localLab();
  expect(planes(lab).map(({ own, peer }) => [own.name, peer.name])).toEqual([['west', 'east']]);
  expect(planes(labOf({ access: smallFile.access.slice(0, 1) }))).toEqual([]);
});

test('a plane knows the imports of its own peer only', () => {
  const lab = localLab();
  const north = { ...mesh(lab, 'east'), name: 'north', trustDomain: 'north.consul' };
  const atlas = { ...service(lab, 'east/info/info'), id: 'north/atlas/atlas', mesh: 'north', name: 'atlas' };
  const row = { from: 'west/backend/backend', to: atlas.id, methods: [], paths: [] };
  const three = {
    ...lab,
    meshes: [...lab.meshes, north],
    services: [...lab.services, atlas],
    access: [...lab.access, row],
  };
  const names = (peer: Mesh) => planeConfig(three, mesh(lab, 'west'), peer).imports.map(({ name }) => name);
  expect(planes(three).map(({ peer }) => [peer.name, names(peer)])).toEqual([
    ['east', ['info-east']],
    ['north', ['atlas-north']],
  ]);
});

test('no trust domain is used twice, and none is that of a mesh', () => {
  fc.assert(
    fc.property(labs, (lab) => {
      const domains = planes(lab).map(({ own, peer }) => federationTrustDomain(lab, own.name, peer.name));
      const meshes = lab.meshes.map(({ trustDomain }) => trustDomain);
      expect(new Set([...domains, ...meshes]).size).toBe(domains.length + meshes.length);
    }),
  );
});

test('no two services share a federation identity: one would have the rights of both', () => {
  fc.assert(
    fc.property(labs, (lab) => {
      const identities = planes(lab).flatMap(({ own, peer }) => [
        ...resolvedImports(lab, own).flatMap(({ consumers }) =>
          consumers.map(({ id, name }) => [federationIdentity(lab, own.name, peer.name, name), id] as const),
        ),
        ...resolvedExports(lab, own).map(({ identity, service: { id } }) => [identity, id] as const),
      ]);
      const owners = new Map<string, string>();
      for (const [identity, owner] of identities) {
        expect(owners.get(identity) ?? owner).toBe(owner);
        owners.set(identity, owner);
      }
    }),
  );
});

test('a plane never holds the name of a service that no row lets across', () => {
  fc.assert(
    fc.property(labs, (lab) => {
      const configs = planes(lab).map(({ own, peer }) => ({ own, config: planeConfig(lab, own, peer) }));
      const named = configs.flatMap(({ own, config }) =>
        config.imports.flatMap((entry) =>
          entry.consumers.map((consumer) => `${own.name}/${consumer.namespace}/${consumer.service} ${entry.service}`),
        ),
      );
      const rows = lab.services.flatMap((to) =>
        lab.access
          .filter((row) => row.to === to.id && row.from.split('/')[0] !== to.mesh)
          .map((row) => ({ ...row, out: mesh(lab, to.mesh).kind === 'consul', name: to.name })),
      );
      const out = rows.filter((row) => row.out).map(({ from, name }) => `${from} ${name}`);
      expect(new Set(named)).toEqual(new Set(out));
      const shown = configs.flatMap(({ config }) => config.exports.map((entry) => entry.service));
      expect(new Set(shown)).toEqual(new Set(rows.filter((row) => !row.out).map(({ name }) => name)));
    }),
  );
});
