import * as fc from 'fast-check';
import { contains, parseAddress, parseCidr } from '../../model/cidr';
import { resolvedImports } from '../../model/imports';
import { mesh } from '../../model/lab';
import { labOf, labs, localLab, smallFile } from '../support/labs';

test('an import has every name by which either mesh knows it', () => {
  const lab = localLab();
  const trustDomain = '4cdd9ee1-6c38-5064-9d6a-66a1b7d0def2.consul';
  expect(resolvedImports(lab, mesh(lab, 'west'))).toEqual([
    {
      service: expect.objectContaining({ id: 'east/info/info' }),
      peer: mesh(lab, 'east'),
      consumers: [expect.objectContaining({ id: 'west/backend/backend' })],
      name: 'info-east',
      host: 'info.east.example',
      address: '240.240.0.1',
      // PEER in the SNI is the name that the exporting side gave us: our mesh.
      sni: `info.default.default.west.external.${trustDomain}`,
      identity: `spiffe://${trustDomain}/ns/default/dc/dc1/svc/info`,
    },
  ]);
  expect(resolvedImports(lab, mesh(lab, 'east'))).toEqual([]);
});

test('imports come in the order of their names, so that a new row moves no address needlessly', () => {
  const own = { port: 8080, program: 'a.js' };
  const services = { ...smallFile.services, 'east/atlas': own, 'east/zoo': own };
  const rows = ['zoo', 'info', 'atlas'].map((name) => ({ from: 'west/backend', to: `east/${name}` }));
  const lab = labOf({ services, access: rows });
  expect(resolvedImports(lab, mesh(lab, 'west')).map(({ name, address }) => [name, address])).toEqual([
    ['atlas-east', '240.240.0.1'],
    ['info-east', '240.240.0.2'],
    ['zoo-east', '240.240.0.3'],
  ]);
});

test('every import has an address, a host, an SNI and an identity of its own', () => {
  const network = parseCidr('240.240.0.0/16');
  fc.assert(
    fc.property(labs, (lab) => {
      const all = lab.meshes.flatMap((own) => resolvedImports(lab, own));
      for (const key of ['address', 'host', 'sni', 'identity', 'name'] as const) {
        expect(new Set(all.map((entry) => entry[key])).size).toBe(all.length);
      }
      for (const { address } of all) {
        expect(network !== undefined && contains(network, parseAddress(address) ?? 0)).toBe(true);
      }
    }),
  );
});

test('more than 255 imports still have proper addresses', () => {
  const own = { port: 8080, program: 'a.js' };
  const names = Array.from({ length: 300 }, (_, index) => `east/s${String(index).padStart(3, '0')}`);
  const services = { ...smallFile.services, ...Object.fromEntries(names.map((name) => [name, own])) };
  const lab = labOf({ services, access: names.map((to) => ({ from: 'west/backend', to })) });
  const addresses = resolvedImports(lab, mesh(lab, 'west')).map(({ address }) => address);
  expect(addresses.at(254)).toBe('240.240.0.255');
  expect(addresses.at(255)).toBe('240.240.1.0');
  expect(addresses.every((address) => parseAddress(address) !== undefined)).toBe(true);
});
