/** Consul's HTTP API behind a forwarded port: its own CA, and no certificate but a server's. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { ConsulApi } from '../../../scripts/hosts/consul-api';
import { makeRoot } from '../../support/certificates';

cryptoProvider.set(webcrypto as Crypto);
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const pair = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))));

/** Consul's chart makes such a CA and such certificates. */
async function serve(names: readonly string[]): Promise<{ port: number; ca: string }> {
  const ca = await pair();
  const root = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Consul Agent CA',
    keys: ca,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const keys = await pair();
  const leaf = await X509CertificateGenerator.create({
    subject: 'CN=consul',
    issuer: root.subject,
    publicKey: keys.publicKey,
    signingKey: ca.privateKey,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value })))],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  server = createServer({ key, cert: leaf.toString('pem') }, (request, response) => {
    response.end(JSON.stringify({ url: request.url, token: request.headers['x-consul-token'] }));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, ca: root.toString('pem') };
}

test('a server of any datacenter is asked, with the token', async () => {
  const at = await serve(['server.dc2.consul', 'localhost']);
  expect(await new ConsulApi(at, 'the-token').get('/v1/peerings')).toEqual({ url: '/v1/peerings', token: 'the-token' });
});

test.each([[['client.dc1.consul', 'localhost']], [['localhost']], [['server.*.consul']], [['myserver.dc1.consul']]])(
  'a certificate of %j is none of a server',
  async (names) => {
    const at = await serve(names);
    await expect(new ConsulApi(at).get('/v1/peerings')).rejects.toThrow(
      `Consul: GET /v1/peerings at port ${at.port}: its certificate is not that of a Consul server`,
    );
  },
);

test('a server of another CA gets no token', async () => {
  const { port } = await serve(['server.dc1.consul']);
  await expect(new ConsulApi({ port, ca: (await makeRoot()).pem }, 't').get('/v1/peerings')).rejects.toThrow(
    /unable to verify|self.signed|certificate signature failure/,
  );
});
