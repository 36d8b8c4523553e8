/** AdmissionReviews over TLS, as the API server sends them. */
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Pod } from '../../../model/guard/types';
import { type Generation, makeGeneration } from '../../../services/guard-webhook/generation';
import { Admissions } from '../../../services/guard-webhook/metrics';
import type { Guard } from '../../../services/guard-webhook/review';
import { WebhookServer } from '../../../services/guard-webhook/server';

const host = 'guard-webhook.guard.svc';
const lines: { fields: object; message: string }[] = [];
const note = (fields: object, message: string) => void lines.push({ fields, message });
const log = { info: note, warn: note, error: note };

/** Refuses containers named bad, and marks what it mutates. */
const guard: Guard = {
  mutate: ({ spec }) => spec.containers.map(({ name }) => ({ op: 'add', path: '/marked', value: name })),
  mutateEphemeral: () => [{ op: 'add', path: '/marked', value: 'ephemeral' }],
  refusals: ({ spec }) =>
    [...spec.containers, ...(spec.ephemeralContainers ?? [])]
      .filter(({ name }) => name.startsWith('bad'))
      .map(({ name }) => `container ${name}: is bad`),
};

let generation: Generation;
let server: WebhookServer;
let port: number;
let ready = false;
const admissions = new Admissions();

beforeAll(async () => {
  generation = await makeGeneration(host, Date.now(), 3_600_000);
  server = new WebhookServer(
    { guard, admissions, ready: () => ready, metrics: () => admissions.text([]), log },
    generation,
  );
  port = ((await server.listen(0)) as AddressInfo).port;
});
afterAll(() => server.drain(0, 0));
beforeEach(() => void lines.splice(0));

async function send(method: string, path: string, body = ''): Promise<{ status: number; body: string }> {
  const options = { host: '127.0.0.1', port, method, path, ca: generation.ca, servername: host, agent: false as const };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      text(response).then((read) => resolve({ status: response.statusCode ?? 0, body: read }), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const pod = (...names: string[]): Pod => ({
  metadata: { name: 'it' },
  spec: { containers: names.map((name) => ({ name })) },
});

async function review(path: string, change: object) {
  const body = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u-1',
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'n',
      operation: 'CREATE',
      ...change,
    },
  };
  const answer = await send('POST', path, JSON.stringify(body));
  const { response } = JSON.parse(answer.body) as { readonly response: Readonly<Record<string, unknown>> };
  const { patch, ...rest } = response;
  return { http: answer.status, ...rest, ...(patch === undefined ? {} : { patch }) };
}

const decoded = (patch: unknown) => JSON.parse(Buffer.from(String(patch), 'base64').toString()) as unknown;

describe('/mutate', () => {
  test('patches a new pod', async () => {
    const { patch, ...rest } = await review('/mutate', { object: pod('app') });
    expect(rest).toEqual({ http: 200, uid: 'u-1', allowed: true, patchType: 'JSONPatch' });
    expect(decoded(patch)).toEqual([{ op: 'add', path: '/marked', value: 'app' }]);
  });

  test('patches new ephemeral containers, and no other update', async () => {
    const update = { operation: 'UPDATE', object: pod('app'), oldObject: pod('app') };
    const { patch } = await review('/mutate', { ...update, subResource: 'ephemeralcontainers' });
    expect(decoded(patch)).toEqual([{ op: 'add', path: '/marked', value: 'ephemeral' }]);
    expect(await review('/mutate', update)).toEqual({ http: 200, uid: 'u-1', allowed: true });
  });
});

describe('/validate', () => {
  test('refuses with one message that names every reason, and logs them', async () => {
    expect(await review('/validate', { object: pod('bad1', 'good', 'bad2') })).toEqual({
      http: 200,
      uid: 'u-1',
      allowed: false,
      status: {
        code: 403,
        reason: 'Forbidden',
        message: "the pod can't be guarded:\n- container bad1: is bad\n- container bad2: is bad",
      },
    });
    expect(lines).toEqual([
      {
        message: 'admission',
        fields: expect.objectContaining({
          path: 'validate',
          namespace: 'n',
          pod: 'it',
          allowed: false,
          reasons: [expect.any(String), expect.any(String)],
        }),
      },
    ]);
  });

  test('lets an update pass that adds no reason, and refuses one that does', async () => {
    const update = (before: Pod, after: Pod) =>
      review('/validate', { operation: 'UPDATE', oldObject: before, object: after });
    expect(await update(pod('bad'), pod('bad'))).toMatchObject({ allowed: true });
    expect(await update(pod('bad'), pod('good'))).toMatchObject({ allowed: true });
    expect(await update(pod('bad'), pod('bad', 'bad2'))).toMatchObject({
      allowed: false,
      status: { message: expect.stringContaining('bad2') },
    });
    expect(await update(pod('good'), pod('bad'))).toMatchObject({ allowed: false });
  });

  test('looks at ephemeral containers', async () => {
    const after = { ...pod('good'), spec: { containers: [{ name: 'good' }], ephemeralContainers: [{ name: 'bad' }] } };
    const update = { operation: 'UPDATE', subResource: 'ephemeralcontainers', oldObject: pod('good'), object: after };
    expect(await review('/validate', update)).toMatchObject({ allowed: false });
  });
});

test('what is no review is no admission', async () => {
  expect(await send('POST', '/validate', 'x')).toMatchObject({ status: 400 });
  expect(await send('POST', '/validate', '{"kind":"AdmissionReview"}')).toMatchObject({ status: 400 });
  expect(await send('POST', '/validate', `"${'x'.repeat(4 * 2 ** 20)}"`)).toMatchObject({ status: 413 });
  expect(await send('GET', '/validate')).toMatchObject({ status: 404 });
  expect(await send('PUT', '/validate')).toMatchObject({ status: 405 });
});

test('tells of its health, and counts', async () => {
  expect(await send('GET', '/healthz')).toMatchObject({ status: 200 });
  expect(await send('GET', '/readyz')).toMatchObject({ status: 503 });
  ready = true;
  expect(await send('GET', '/readyz')).toMatchObject({ status: 200 });
  const { body } = await send('GET', '/metrics');
  expect(body).toContain('guard_admissions_total{path="validate",allowed="false"}');
  expect(body).toMatch(/guard_admission_duration_seconds_count\{path="mutate"\} 3\n/);
});

test('new connections get the new certificate', async () => {
  const next = await makeGeneration(host, Date.now(), 3_600_000);
  server.serve(next);
  await expect(send('GET', '/healthz')).rejects.toThrow(/certificate/);
  generation = next;
  expect(await send('GET', '/healthz')).toMatchObject({ status: 200 });
});
