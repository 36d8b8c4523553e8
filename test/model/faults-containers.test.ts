/** Containers beside a service's own, and the pairs between them: each fault with its place and its fix. */
import { parseLab } from '../../model/parse';
import { smallFile } from '../support/labs';

const cache = { port: 9000, program: 'weather/cache' };

/** Faults of the small lab with this added to one of its services: place, problem and fix. */
function faultsOf(id: string, change: object, file: object = {}) {
  const service = { ...(smallFile.services[id] as object), ...change };
  const text = JSON.stringify({ ...smallFile, ...file, services: { ...smallFile.services, [id]: service } });
  return parseLab(text).faults.map(({ path, problem, fix }) => `${path.slice(2).join('.')}: ${problem}; ${fix}`);
}
const backend = (change: object) => faultsOf('west/backend', change);

test('a container and the pairs with it are right', () => {
  const guard = [
    { from: 'backend', to: 'cache', port: 9000 },
    { from: 'cache', to: 'backend', port: 8080 },
    { from: 'cache', to: 'cache', port: 9000 },
  ];
  expect(backend({ containers: { cache, idle: { program: 'weather/cache' } }, guard })).toEqual([]);
});

test.each<[string, object, string[]]>([
  [
    'without a program',
    { containers: { cache: { port: 9000 } } },
    ['containers.cache: says nothing to run; add program'],
  ],
  [
    'of an image, on this machine',
    { containers: { cache: { image: 'redis:8' } } },
    ['containers.cache.image: can not run on platform local, whose networks reach no registry; use program'],
  ],
  [
    'of both',
    { containers: { cache: { program: 'a.js', image: 'redis:8' } } },
    [
      'containers.cache: says two things to run; keep one',
      'containers.cache.image: can not run on platform local, whose networks reach no registry; use program',
    ],
  ],
  [
    "with the service's name",
    { containers: { backend: cache } },
    ["containers.backend: is a name of the service's own container; rename the container"],
  ],
  [
    "with the proxy's name",
    { containers: { 'istio-proxy': cache } },
    ['containers.istio-proxy: is a name of the mesh or the guard; rename the container'],
  ],
  [
    "with the service's port",
    { containers: { cache: { ...cache, port: 8080 } } },
    ['containers.cache.port: is a port of backend in the same pod; choose another port'],
  ],
  [
    "with the service's port, where guard names another",
    { containers: { cache: { ...cache, port: 8080 } }, guard: [{ from: 'backend', to: 'cache', port: 9000 }] },
    ['containers.cache.port: is a port of backend in the same pod; write 9000, as guard does, or choose another port'],
  ],
  [
    "with the proxy's port, where guard names the service's",
    { containers: { cache: { ...cache, port: 15020 } }, guard: [{ from: 'backend', to: 'cache', port: 8080 }] },
    ['containers.cache.port: is a port of the proxy in the same pod; choose another port'],
  ],
  [
    "with the proxy's port",
    { containers: { cache: { ...cache, port: 15020 } } },
    ['containers.cache.port: is a port of the proxy in the same pod; choose another port'],
  ],
  [
    'with a variable of ours',
    { containers: { cache: { ...cache, env: { PORT: '1' } } } },
    ['containers.cache.env.PORT: is set by the lab itself; remove it'],
  ],
  [
    'with a mistyped key',
    { containers: { cache: { ...cache, prot: 1 } } },
    ['containers.cache.prot: is not a known key; did you mean port?'],
  ],
])('a container %s is a fault', (_what, change, faults) => expect(backend(change)).toEqual(faults));

test.each<[string, object, string[]]>([
  [
    'from nobody',
    { from: 'backnd', to: 'cache', port: 9000 },
    ['guard.0.from: names no container of the pod; did you mean backend?'],
  ],
  [
    'to the proxy',
    { from: 'backend', to: 'istio-proxy', port: 15000 },
    ['guard.0.to: names no container of the pod; use one of them, or add the container'],
  ],
  [
    'to another port',
    { from: 'backend', to: 'cache', port: 9001 },
    ['guard.0.port: is not the port of cache; write 9000'],
  ],
  [
    'to a container without a port',
    { from: 'backend', to: 'idle', port: 9000 },
    ['guard.0.port: is not the port of idle; give idle a port'],
  ],
  [
    'out of range',
    { from: 'backend', to: 'cache', port: 70_000 },
    ['guard.0.port: is out of range; write at most 65535'],
  ],
])('a pair %s is a fault', (_what, pair, faults) => {
  expect(backend({ containers: { cache, idle: { program: 'weather/cache' } }, guard: [pair] })).toEqual(faults);
});

test('a pair is said once, and sets no variable twice', () => {
  const pair = { from: 'backend', to: 'cache', port: 9000 };
  expect(backend({ containers: { cache }, guard: [pair, pair] })).toEqual([
    'guard.1: repeats guard[0]; remove one of the two',
  ]);
  expect(backend({ containers: { cache }, guard: [pair], env: { CACHE_URL: 'x' } })).toEqual([
    'guard.0: sets a variable that env or secrets sets, too; rename one of the two',
  ]);
  expect(backend({ containers: { info: cache }, guard: [{ ...pair, to: 'info' }] })).toEqual([
    'guard.0: sets a variable that an upstream of the access table sets, too; rename one of the two',
  ]);
});

test('hosts have no pods', () => {
  const change = { containers: { cache }, guard: [{ from: 'info', to: 'cache', port: 9000 }] };
  expect(faultsOf('east/info', change)).toEqual([
    'containers: is not available on hosts on platform local, which have no pods; remove it',
    'guard: is not available on hosts on platform local, which have no pods; remove it',
  ]);
});
