/** How paths are read, against the real Envoy where it is on this machine. */
import * as fc from 'fast-check';
import { publicListener } from '../../../model/access/envoy';
import { istioReading, outboundReading, readPath, refusedMethod, strictReading } from '../../../model/access/request';
import { mesh, service } from '../../../model/lab';
import { federationIdentity } from '../../../model/planes';
import { testWith } from '../../support/binaries';
import { startEnvoy } from '../../support/envoy';
import { temporaryFolder } from '../../support/folder';
import { labOf } from '../../support/labs';
import { rawTargets } from '../../support/targets';

const folder = temporaryFolder();

test.each([
  ['/a/b', '/a/b'],
  ['//a///b', '/a/b'],
  ['//', '//'],
  ['/./a', '/a'],
  ['/a/.', '/a/'],
  ['/a/..', '/'],
  ['/../../a', '/a'],
  ['/%2e/a', '/a'],
  ['/a/%2E%2e/b', '/b'],
  ['/a/.%2e', '/'],
  ['/a\\..\\b', '/b'],
  ['/a//../b', '/a/b'],
  ['/a;x/../b', '/b'],
  ['/a/..;/b', '/b'],
  ['/a/..;x=1\\b', '/'],
  ['/a/.;x/b', '/a/b'],
  ['/a/b;x', '/a/b;x'],
  ['/A', '/A'],
  ['/a.', '/a.'],
  ['/a/...', '/a/...'],
  ['/%61%7e%2D', '/a~-'],
  ['/%3b%20', '/%3b%20'],
  ['/%zz%', '/%zz%'],
  ['/%252e%252e/a', '/%252e%252e/a'],
  ['/a?x=/api/../%2f', '/a?x=/api/../%2f'],
  ['/"<{|}>', '/%22%3C%7B%7C%7D%3E'],
])('%s is read as %s', (target, path) => {
  expect(readPath(target, strictReading)).toEqual({ path });
});

test.each([
  ['/a%2fb', 'it holds an escaped slash (%2f or %5c)'],
  ['/a%5Cb', 'it holds an escaped slash (%2f or %5c)'],
  ['/a#b', 'it holds a fragment (#)'],
  ['/a?b#c', 'it holds a fragment (#)'],
  ['/a%00', 'it holds an escaped zero byte (%00)'],
  ['/a/%2e%2e;/b', 'it holds escaped dots before a semicolon (%2e;)'],
  ['/a/.%2E;x', 'it holds escaped dots before a semicolon (%2e;)'],
  ['/a b', 'it holds a space, a control character or a byte above 7e'],
  ['/\xe9', 'it holds a space, a control character or a byte above 7e'],
  ['a', 'it does not start with a slash'],
  ['', 'it does not start with a slash'],
])('%s is refused: %s', (target, refused) => {
  expect(readPath(target, strictReading)).toEqual({ refused });
});

test('Istio cuts fragments off before it reads anything else', () => {
  expect(readPath('/a#/../b', outboundReading)).toEqual({ path: '/a' });
  expect(readPath('/a?b#c', istioReading)).toEqual({ path: '/a?b' });
  expect(readPath('/a#%2f', istioReading)).toEqual({ path: '/a' });
});

test('double slashes stay where nobody merges them', () => {
  expect(readPath('/a//../b//', { ...strictReading, mergeSlashes: false })).toEqual({ path: '/a/b//' });
});

test('a path that was read once is read the same again', () => {
  fc.assert(
    fc.property(rawTargets, (target) => {
      const { path } = readPath(target, strictReading);
      if (path !== undefined) expect(readPath(path, strictReading)).toEqual({ path });
    }),
    { numRuns: 500 },
  );
});

const every = Array.from({ length: 256 }, (_, byte) => byte);
const listeners = (() => {
  const lab = labOf({ access: [{ from: 'west/backend', to: 'east/info', paths: ['/'] }] });
  const strict = publicListener(lab, service(lab, 'east/info/info'), '127.0.0.1', 20000);
  const outbound = JSON.parse(
    JSON.stringify(strict).replaceAll('REJECT_REQUEST', 'KEEP_UNCHANGED').replaceAll('[^?]*/[.][.]?;.*', 'no path'),
  );
  const caller = federationIdentity(lab, 'west', mesh(lab, 'east').name, 'backend');
  return {
    caller,
    all: [strict, outbound],
    readings: [strictReading, { ...outboundReading, fragment: 'refuse' as const }],
  };
})();

testWith('envoy', 'the real Envoy reads every target as readPath does', async (binary) => {
  const envoy = await startEnvoy(binary, folder, listeners.all);
  try {
    const caller = await envoy.root.leaf([listeners.caller]);
    const bytes = every
      // These end the request line or a part of it: a request with them is another request.
      .filter((byte) => ![9, 10, 11, 12, 13, 32].includes(byte))
      .map((byte) => `/a${String.fromCharCode(byte)}b`);
    const escapes = every.map((byte) => `/a%${byte.toString(16).padStart(2, '0')}b`);
    const parameters = [
      '/a/..;%2f/b',
      '/a/.;%00',
      '/a/..;\\/b',
      '/..;//..;/b',
      '/a;../b',
      '/a/..;?x/../',
      '/a\\..;\\b',
    ];
    const targets = [...parameters, ...bytes, ...escapes, ...fc.sample(rawTargets, { numRuns: 300, seed: 11 })];
    for (const [index, reading] of listeners.readings.entries()) {
      const found = await envoy.askRaw(
        index,
        caller,
        targets.map((target) => ['GET', target]),
      );
      const expected = targets.map((target) => {
        const { path, refused } = readPath(target, reading);
        return refused === undefined ? { passed: true, target: path } : { passed: false };
      });
      expect(
        targets.map((asked, at) => {
          const { status, ...rest } = found[at] ?? { status: 0 };
          return { asked, passed: status === 200, ...rest };
        }),
      ).toEqual(targets.map((target, at) => ({ asked: target, ...expected[at] })));
    }
  } finally {
    await envoy.stop();
  }
});

const offered = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PURGE', 'PROPFIND', 'ACL'],
  ...['get', 'Get', 'FOO', 'GETS', 'QUERY', 'PRI', 'CONNECT'],
];

testWith('envoy', 'the real Envoy passes on the methods that are known here, and no other', async (binary) => {
  const envoy = await startEnvoy(binary, folder, listeners.all);
  try {
    const caller = await envoy.root.leaf([listeners.caller]);
    const found = await envoy.askRaw(
      0,
      caller,
      offered.map((method) => [method, '/x']),
    );
    expect(offered.map((method, at) => [method, found[at]?.status !== 400])).toEqual(
      offered.map((method) => [method, refusedMethod(method) === undefined]),
    );
  } finally {
    await envoy.stop();
  }
});
