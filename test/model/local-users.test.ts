import * as fc from 'fast-check';
import { firstHostUser, hostUsers } from '../../model/host-users';
import { uids } from '../../model/local';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const block = fc.tuple(fc.nat(255), fc.nat(255)).map(([second, third]) => `10.${second}.${third}`);

test('no process of one mesh shares its user with a process of another, or with another program', () => {
  const all = Object.values(uids);
  expect(new Set(all).size).toBe(all.length);
  // The proxies, which run in every pod; guard's own users begin at 21001; nobody.
  for (const other of [0, 1337, 5995, 5996, 65534]) expect(all).not.toContain(other);
});

test('no two programs on hosts of a mesh share a user or a group, wherever its network is', () => {
  fc.assert(
    fc.property(name, name, block, (lab, mesh, network) => {
      const hosts = Array.from({ length: 256 }, (_, last) => hostUsers({ lab, mesh, address: `${network}.${last}` }));
      expect(new Set(hosts.flatMap((users) => Object.values(users))).size).toBe(256 * 4);
    }),
    { numRuns: 25 },
  );
});

test('they are in a range that nothing else on a Linux machine has', () => {
  fc.assert(
    fc.property(name, name, fc.nat(255), (lab, mesh, last) => {
      for (const id of Object.values(hostUsers({ lab, mesh, address: `10.20.0.${last}` }))) {
        expect(id).toBeGreaterThanOrEqual(firstHostUser);
        expect(id).toBeLessThanOrEqual(2_147_352_575);
      }
    }),
  );
});

test('hosts of two labs, or of two meshes, with one address have different users', () => {
  const address = '10.20.0.20';
  const of = (lab: string, mesh: string) => hostUsers({ lab, mesh, address }).group;
  const groups = [of('weather', 'east'), of('shop', 'east'), of('weather', 'south')];
  expect(new Set(groups).size).toBe(groups.length);
  expect(of('weather', 'east')).toBe(groups[0]);
});
