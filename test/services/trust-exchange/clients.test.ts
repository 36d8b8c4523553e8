import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { ConsulClient } from '../../../services/trust-exchange/consul';
import { KubernetesClient } from '../../../services/trust-exchange/kubernetes';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('the API clients', () => {
  let folder: string;
  let server: Server;
  let seen: Seen[];
  let answer: { status: number; body: string; headers?: Record<string, string> };

  const onRequest = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers, body: await text(request) });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    onRequest(request, response).catch((error: unknown) => response.destroy(error as Error));
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plane-'));
    seen = [];
    answer = { status: 200, body: '{}' };
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  describe('for Consul', () => {
    let consul: ConsulClient;
    beforeEach(async () => {
      server = createServer(listener);
      await new Promise<void>((resolve) => server.listen(join(folder, 'http.sock'), resolve));
      consul = new ConsulClient(join(folder, 'http.sock'), 'token-1');
    });
    afterEach(() => consul.close());

    test('asks blocking questions over the socket, with the token', async () => {
      answer = { status: 200, body: '[1]', headers: { 'x-consul-index': '42' } };
      const options = { index: 7, wait: 3 };
      expect(await consul.getWhenChanged('/v1/health/connect/x?peer=y', options)).toEqual({ value: [1], index: 42 });
      expect(seen[0]).toMatchObject({ method: 'GET', url: '/v1/health/connect/x?peer=y&index=7&wait=3s' });
      expect(seen[0]?.headers['x-consul-token']).toBe('token-1');
    });

    test('says which request failed, how and why, without its body', async () => {
      answer = { status: 403, body: 'Permission denied\n' };
      const refused = consul.put('/v1/config?cas=1', { secret: 'x' });
      await expect(refused).rejects.toThrow(/^consul: PUT \/v1\/config: status 403: Permission denied$/);
      answer = { status: 200, body: '<html>' };
      await expect(consul.get('/v1/x')).rejects.toThrow('consul: GET /v1/x: status 200: the answer is not JSON');
      const nobody = new ConsulClient(join(folder, 'none.sock'), '');
      await expect(nobody.get('/v1/x')).rejects.toThrow(/^consul: GET \/v1\/x: connect ENOENT/);
    });
  });

  describe('for Kubernetes', () => {
    let kubernetes: KubernetesClient;
    beforeEach(async () => {
      const { key, certificate } = await serverCertificate();
      server = createSecureServer({ key, cert: certificate }, listener);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      writeFileSync(join(folder, 'ca.crt'), certificate);
      writeFileSync(join(folder, 'token'), 'first\n');
      const { port } = server.address() as AddressInfo;
      kubernetes = new KubernetesClient({ host: '127.0.0.1', port, credentials: folder });
    });
    afterEach(() => kubernetes.close());

    test('writes a Secret by one server-side apply under its own name', async () => {
      const content = { metadata: { annotations: { a: 'b' } }, data: { k: 'dg==' } };
      await kubernetes.applySecret({ namespace: 'weather', name: 's' }, content);
      expect(seen).toHaveLength(1);
      expect(seen[0]).toMatchObject({
        method: 'PATCH',
        url: '/api/v1/namespaces/weather/secrets/s?fieldManager=isthmus-trust-exchange&force=true',
      });
      expect(seen[0]?.headers['content-type']).toBe('application/apply-patch+yaml');
      expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's', namespace: 'weather', annotations: { a: 'b' } },
        data: { k: 'dg==' },
      });
    });

    test('uses a token that kubelet replaced', async () => {
      await kubernetes.ping();
      writeFileSync(join(folder, 'token'), 'second\n');
      await kubernetes.ping();
      expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
    });

    test('tells a missing object from a failure, and takes a deletion of nothing', async () => {
      answer = { status: 404, body: '{"kind":"Status","message":"secrets \\"s\\" not found"}' };
      const missing = kubernetes.getSecret({ namespace: 'n', name: 's' });
      await expect(missing).rejects.toMatchObject({ status: 404, message: expect.stringContaining('"s" not found') });
      await kubernetes.deleteWorkloadEntry({ namespace: 'n', name: 'x' });
      answer = { status: 403, body: 'quotes what was sent' };
      const refused = kubernetes.deleteWorkloadEntry({ namespace: 'n', name: 'x' });
      await expect(refused).rejects.toThrow(/status 403: the answer is not JSON$/);
    });

    test('trusts nothing but the cluster’s CA', async () => {
      writeFileSync(join(folder, 'ca.crt'), (await serverCertificate()).certificate);
      await expect(kubernetes.ping()).rejects.toThrow(/^kubernetes: GET \/version: .*(certificate|signature)/);
    });
  });
});

async function serverCertificate(): Promise<{ key: string; certificate: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=test',
    keys,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { key: PemConverter.encode(key, 'PRIVATE KEY'), certificate: certificate.toString('pem') };
}
