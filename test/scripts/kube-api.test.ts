/** The API of a node, as who is asked for. A server of ours stands in for it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { KubeApi } from '../../scripts/kube-api';
import { ensurePki } from '../../scripts/machine/pki';
import { temporaryFolder } from '../support/folder';

const folder = join(temporaryFolder(), 'pki');
const kubeconfig = join(folder, 'kubeconfig');
jest.mock('../../model/names', () => ({
  ...jest.requireActual<object>('../../model/names'),
  kubeconfigFile: () => kubeconfig,
}));

const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const apis: KubeApi[] = [];
const api = (as?: 'administrator' | 'nobody') => {
  const made = new KubeApi('lab', 'west', as);
  apis.push(made);
  return made;
};
let close: () => void;

beforeAll(async () => {
  const server = { name: 'server', commonName: 'api', addresses: ['127.0.0.1'] };
  await ensurePki(folder, { ca: [server, { name: 'admin', commonName: 'administrator' }] }, []);
  const tls = { cert: read('server.crt'), key: read('server.key'), ca: read('ca.crt') };
  // Tells who asked and how; /text is no object, /denied is a Status.
  const stand = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, async (request, response) => {
    const { CN: who = 'nobody' } = (request.socket as TLSSocket).getPeerCertificate().subject ?? {};
    const { authorization = null, 'content-type': type } = request.headers;
    const body = { who, authorization, type, method: request.method, sent: await text(request) };
    if (request.url === '/text') response.end('no healthy upstream');
    else if (request.url === '/denied') response.writeHead(403).end(JSON.stringify({ message: 'cannot list' }));
    else response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => stand.listen(0, '127.0.0.1', resolve));
  close = () => stand.close();
  const data = (name: string) => Buffer.from(read(name)).toString('base64');
  const at = `https://127.0.0.1:${(stand.address() as AddressInfo).port}`;
  const cluster = { server: at, 'certificate-authority-data': data('ca.crt') };
  const user = { 'client-certificate-data': data('admin.crt'), 'client-key-data': data('admin.key') };
  writeFileSync(kubeconfig, JSON.stringify({ clusters: [{ cluster }], users: [{ user }] }));
});
afterAll(() => {
  for (const made of apis) made.close();
  close();
});

test('as the administrator: the certificate of the kubeconfig', async () => {
  const { status, body } = await api().send('POST', '/pods', { a: 1 });
  expect(status).toBe(200);
  expect(body).toEqual({
    who: 'administrator',
    authorization: null,
    type: 'application/json',
    method: 'POST',
    sent: '{"a":1}',
  });
});

test('as nobody: no certificate, and a token only where one is given', async () => {
  const nobody = api('nobody');
  expect((await nobody.send('GET', '/')).body).toMatchObject({ who: 'nobody', authorization: null });
  expect((await nobody.send('GET', '/', undefined, { token: 't' })).body).toMatchObject({
    who: 'nobody',
    authorization: 'Bearer t',
  });
});

test('a patch is a merge patch, or what it is said to be', async () => {
  const type = 'application/strategic-merge-patch+json';
  expect((await api().send('PATCH', '/', {})).body).toMatchObject({ type: 'application/merge-patch+json' });
  expect((await api().send('PATCH', '/', {}, { type })).body).toMatchObject({ type });
});

test('every status is an answer, and so is what is no object', async () => {
  expect(await api().send('GET', '/denied')).toMatchObject({ status: 403, message: 'cannot list' });
  expect(await api().send('GET', '/text')).toMatchObject({ status: 200, message: 'no healthy upstream' });
});
