/** The real Envoy does what the table says, with real certificates: the proof of the interpreter in test/support. */
import { decide } from '../../../model/access/decide';
import { publicListener } from '../../../model/access/envoy';
import { consulServiceIdentity } from '../../../model/identity';
import { mesh, methods, type Service } from '../../../model/lab';
import { federationIdentity } from '../../../model/planes';
import { testWith } from '../../support/binaries';
import { startEnvoy } from '../../support/envoy';
import { temporaryFolder } from '../../support/folder';
import { labOf, smallFile } from '../../support/labs';

const folder = temporaryFolder();
const own = { port: 8080, program: 'a.js' };
const lab = labOf({
  services: { ...smallFile.services, 'east/shop': own, 'east/store': own, 'east/alone': own },
  access: [
    { from: 'west/backend', to: 'east/info', methods: ['GET'], paths: ['/places/', '/v1.0'] },
    { from: 'west/backend', to: 'east/info', methods: ['POST', 'PUT'], paths: ['/notes'] },
    { from: 'west/frontend', to: 'east/info', paths: ['/'] },
    { from: 'east/shop', to: 'east/info', methods: ['DELETE'] },
    { from: 'east/shop', to: 'east/store' },
    { from: 'west/backend', to: 'east/store' },
  ],
});
const east = mesh(lab, 'east');
const callees = lab.services.filter((one) => one.mesh === 'east');

function identityOf(caller: Service): string {
  return caller.mesh === 'east'
    ? consulServiceIdentity(east.trustDomain, east.datacenter ?? '', caller.name)
    : federationIdentity(lab, caller.mesh, 'east', caller.name);
}

const paths = [
  '/',
  '/places/',
  '/places/oslo?x=/notes',
  '/places',
  '/v1.0',
  '/v1.0?a',
  '/v1x0',
  '/v1.0/',
  '/notes',
  '/notesx',
];

testWith('envoy', 'every caller gets what its rows allow, and nothing else', async (binary) => {
  const listeners = callees.map((callee) => publicListener(lab, callee, '127.0.0.1', 20000));
  const envoy = await startEnvoy(binary, folder, listeners);
  try {
    for (const caller of lab.services) {
      const certificate = await envoy.root.leaf([identityOf(caller)]);
      for (const [index, callee] of callees.entries()) {
        if (callee.id === caller.id) continue;
        for (const method of callee.name === 'info' ? methods : methods.slice(0, 1)) {
          const asked = callee.name === 'info' ? paths : paths.slice(0, 1);
          const found = await Promise.all(asked.map((path) => envoy.ask(index, certificate, method, path)));
          const passed = Object.fromEntries(asked.map((path, at) => [path, found[at] === 200]));
          const expected = Object.fromEntries(
            asked.map((path) => [path, decide(lab, caller, callee, method, path).allowed]),
          );
          expect({ caller: caller.id, callee: callee.id, method, ...passed }).toEqual({
            caller: caller.id,
            callee: callee.id,
            method,
            ...expected,
          });
        }
      }
    }
  } finally {
    await envoy.stop();
  }
});

testWith('envoy', 'a second URI, no URI and a path that reads in two ways are refused', async (binary) => {
  const info = callees.findIndex(({ name }) => name === 'info');
  const store = callees.findIndex(({ name }) => name === 'store');
  const envoy = await startEnvoy(
    binary,
    folder,
    callees.map((callee) => publicListener(lab, callee, '127.0.0.1', 20000)),
  );
  const [backend, shop] = ['west/backend/backend', 'east/shop/shop'].map((id) =>
    identityOf(lab.services.find((one) => one.id === id) as Service),
  ) as [string, string];
  const ask = async (listener: number, uris: readonly string[], path = '/places/') =>
    envoy.ask(listener, await envoy.root.leaf(uris), 'GET', path);
  try {
    expect(await ask(info, [backend])).toBe(200);
    expect(await ask(info, [backend, backend])).toBe(403);
    expect(await ask(info, ['spiffe://other/x', backend])).toBe(403);
    expect(await ask(info, [backend, shop])).toBe(403);
    expect(await ask(info, [])).toBe(403);
    expect(await ask(store, [shop])).toBe(200);
    expect(await ask(store, [shop, backend])).toBe(0);
    expect(await ask(store, [])).toBe(0);
    expect(await ask(info, [backend], '/places/../notes')).toBe(403);
    expect(await ask(info, [backend], '/x/../places/oslo')).toBe(200);
    expect(await ask(info, [backend], '//places//oslo')).toBe(200);
    expect(await ask(info, [backend], '/places/..%2fnotes')).toBe(400);
    expect(await ask(info, [backend], '/places/%5c..%5cnotes')).toBe(400);
  } finally {
    await envoy.stop();
  }
});

testWith('envoy', 'nobody switches protocols where requests are read; where bytes pass, they pass', async (binary) => {
  const info = callees.findIndex(({ name }) => name === 'info');
  const store = callees.findIndex(({ name }) => name === 'store');
  const envoy = await startEnvoy(
    binary,
    folder,
    callees.map((callee) => publicListener(lab, callee, '127.0.0.1', 20000)),
  );
  const backend = await envoy.root.leaf([identityOf(lab.services.find(({ name }) => name === 'backend') as Service)]);
  const statuses = async (listener: number, ...requests: Parameters<typeof envoy.askRaw>[2]) =>
    (await envoy.askRaw(listener, backend, requests)).map(({ status }) => status);
  const websocket = ['Connection: Upgrade', 'Upgrade: websocket'] as const;
  const h2c = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'] as const;
  try {
    expect(await statuses(info, ['GET', '/places/'], ['GET', '/places/', ...websocket])).toEqual([200, 403]);
    expect(await statuses(info, ['GET', '/places/', 'Connection: Upgrade', 'Upgrade: other'])).toEqual([403]);
    // Envoy takes these off the request, which is then like any other.
    expect(await statuses(info, ['GET', '/places/', ...h2c], ['GET', '/places/', 'Upgrade: websocket'])).toEqual([
      200, 200,
    ]);
    expect(await statuses(info, ['CONNECT', 'callee:80'], ['CONNECT', '/places/'])).toEqual([403, 400]);
    expect(await statuses(store, ['GET', '/', ...websocket])).toEqual([101]);
  } finally {
    await envoy.stop();
  }
});
