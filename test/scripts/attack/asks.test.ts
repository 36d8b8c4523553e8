/** What attacks ask for, on labs of several shapes: nothing of it may be what the lab's own rows allow. */
import { decide } from '../../../model/access/decide';
import type { Lab } from '../../../model/lab';
import { allowedAsk, beyondPath, forbiddenAsk, forbiddenPath, stemOf } from '../../../scripts/attack/asks';
import { castOf, lacks, unplayable } from '../../../scripts/attack/cast';
import { attacks } from '../../../scripts/attack/catalogue';
import { type LabFile, labOf, localLab } from '../../support/labs';

const program = { port: 8080, program: 'a.js' };

function shaped(services: Readonly<Record<string, object>>, access: readonly object[]): Lab {
  const meshes = {
    west: { kind: 'istio', network: '10.10.0.0/16' },
    east: { kind: 'consul', network: '10.20.0.0/16' },
  };
  const all = Object.fromEntries(Object.entries(services).map(([id, more]) => [id, { ...program, ...more }]));
  return labOf({ name: 'shaped', platform: 'local', meshes, services: all, access } satisfies LabFile);
}

const two = { 'west/shop': {}, 'east/stock': {} };
const out = { from: 'west/shop', to: 'east/stock' };
const guarded = {
  containers: { cache: { port: 9000, program: 'b.js' } },
  guard: [{ from: 'shop', to: 'cache', port: 9000 }],
};

const labs: Readonly<Record<string, Lab>> = {
  demo: localLab(),
  'one row': shaped(two, [{ ...out, methods: ['GET'], paths: ['/stock/', '/healthz'] }]),
  'a row for everything': shaped(two, [out]),
  'POST alone': shaped(two, [{ ...out, methods: ['POST'], paths: ['/orders'] }]),
  'prefixes both ways': shaped({ ...two, 'west/shop': guarded }, [
    { ...out, methods: ['GET'], paths: ['/stock/'] },
    { from: 'east/stock', to: 'west/shop', methods: ['GET'], paths: ['/public/'] },
  ]),
  'a caller of exact paths': shaped({ ...two, 'west/desk': {} }, [
    { ...out, methods: ['GET'], paths: ['/stock/'] },
    { from: 'west/desk', to: 'west/shop', methods: ['GET'], paths: ['/a', '/a/b'] },
    { from: 'west/desk', to: 'east/stock', methods: ['GET'] },
  ]),
  'a caller of everything': shaped({ ...two, 'west/desk': {} }, [out, { from: 'west/desk', to: 'west/shop' }]),
};

describe.each(Object.entries(labs))('a lab with %s', (_name, lab) => {
  const cast = castOf(lab);
  const played = attacks.filter((attack) => unplayable(cast, attack) === undefined);

  test('no attack that is played asks for what the rows allow, unless it says so', () => {
    for (const { id, asks } of played) {
      const asked = asks?.(cast);
      if (asked === undefined || asked.passes === true) continue;
      const { allowed } = decide(lab, asked.from, asked.to, asked.method, asked.path, asked.upgrade);
      expect([id, asked.method, asked.path, allowed]).toEqual([id, asked.method, asked.path, false]);
    }
  });

  test('what legitimate callers ask for is allowed', () => {
    const { consumer, provider, asked, inside, back } = cast;
    expect(decide(lab, consumer, provider, asked.method, asked.path).allowed).toBe(true);
    if (inside !== undefined)
      expect(decide(lab, inside.service, consumer, inside.asked.method, inside.asked.path).allowed).toBe(true);
    if (back !== undefined) {
      const { caller, export: own } = back;
      expect(decide(lab, caller.service, own.service, back.asked.method, back.asked.path).allowed).toBe(true);
    }
  });

  test('groups that need no further row are played, and what is not says why', () => {
    const groups = new Set(played.map(({ group }) => group));
    for (const group of ['identity', 'gateway', 'host', 'border', 'machine', 'plane', 'capture', 'known-limit'])
      expect([group, groups.has(group as never)]).toEqual([group, true]);
    for (const attack of attacks) expect(unplayable(cast, attack)).not.toBe('');
  });
});

test('on the demo everything is played', () => {
  const cast = castOf(localLab());
  expect(attacks.filter((attack) => unplayable(cast, attack) !== undefined).map(({ id }) => id)).toEqual([]);
});

test('on a lab of two services and one row, what needs more is not played, with the reason', () => {
  const cast = castOf(labs['one row'] as Lab);
  const why = (id: string) =>
    unplayable(cast, attacks.find((attack) => attack.id === id) ?? attacks[0] ?? { needs: 'page' });
  expect(why('paths/dot-dot')).toBe('no row lets a service of its own mesh call west/shop');
  expect(why('reverse/method')).toBe('no row of the access table leads from Consul to Istio');
  expect(why('guard/admin')).toBe('west/shop has no second container with a declared pair (containers, guard)');
  expect(why('border/node-port')).toBe('no service of mesh west is a page (expose: page)');
  expect(why('rules/provider-post')).toBeUndefined();
  expect(lacks(cast, 'call-back')).toBe('no row of the access table leads from Consul to Istio');
});

test('a method that the rows allow is no attack', () => {
  const cast = castOf(labs['POST alone'] as Lab);
  expect(cast.asked).toEqual({ method: 'POST', path: '/orders' });
  const post = attacks.find(({ id }) => id === 'rules/provider-post');
  expect(post && unplayable(cast, post)).toBe(
    'a row lets west/shop ask POST /orders of east/stock: there is nothing to refuse',
  );
});

test('requests come from the rows', () => {
  const lab = labs['prefixes both ways'] as Lab;
  const [shop, stock] = [castOf(lab).consumer, castOf(lab).provider];
  const back = { lab, from: stock, to: shop };
  const asked = allowedAsk(back);
  expect(asked).toEqual({ method: 'GET', path: '/public/' });
  if (asked === undefined) throw new Error('nothing is allowed');
  expect(stemOf(back, asked)).toBe('/public/');
  expect(beyondPath(back, asked)).toBe('/publicx');
  expect(forbiddenPath(back, 'GET')).toBe('/healthz');
  expect(forbiddenAsk(back, asked)).toEqual({ method: 'DELETE', path: '/public/' });
  const all = { lab: labs['a row for everything'] as Lab, from: shop, to: stock };
  expect(forbiddenAsk(all, { method: 'GET', path: '/' })).toBeUndefined();
});
