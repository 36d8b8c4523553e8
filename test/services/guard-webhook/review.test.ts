/** AdmissionReviews over TLS, as the API server sends them. */
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { mutate } from '../../../model/guard/mutate';
import type { Pod } from '../../../model/guard/types';
import { type Generation, makeGeneration } from '../../../services/guard-webhook/generation';
import { guardOf } from '../../../services/guard-webhook/guard';
import { Admissions } from '../../../services/guard-webhook/metrics';
import { type Guard, readReview, validatePod } from '../../../services/guard-webhook/review';
import { WebhookServer } from '../../../services/guard-webhook/server';
import { annotation, istioPod, label, spec } from '../../support/guard/changes';
import { applyPatch, istioConfig } from '../../support/guard/pods';

const host = 'guard-webhook.guard.svc';
const lines: { fields: object; message: string }[] = [];
const note = (fields: object, message: string) => void lines.push({ fields, message });
const log = { info: note, warn: note, error: note };

const named = ({ spec }: Pod) => [...spec.containers, ...(spec.ephemeralContainers ?? [])].map(({ name }) => name);
const bad = (names: readonly string[]) =>
  names.filter((name) => name.startsWith('bad')).map((name) => `container ${name}: is bad`);

/** Refuses containers named bad, those of an update when they are new, and marks what it mutates. */
const guard: Guard = {
  mutate: ({ spec }) => spec.containers.map(({ name }) => ({ op: 'add', path: '/marked', value: name })),
  mutateEphemeral: () => [{ op: 'add', path: '/marked', value: 'ephemeral' }],
  refusalsAtOnce: (pod) => bad(named(pod).filter((name) => name.startsWith('bad-at-once'))),
  refusalsOfEphemeralAtOnce: (_, after) => bad(named(after).filter((name) => name.startsWith('bad-at-once'))),
  refusals: (pod) => bad(named(pod)),
  refusalsOfUpdate: (before, after) => bad(named(after).filter((name) => !named(before).includes(name))),
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

describe('/mutate refuses', () => {
  const refused = { allowed: false, status: { message: expect.stringContaining('container bad-at-once: is bad') } };

  test('what its author wrote wrongly, and leaves to /validate what others could mend', async () => {
    expect(await review('/mutate', { object: pod('bad-at-once') })).toMatchObject(refused);
    expect(await review('/mutate', { object: pod('bad') })).toMatchObject({ allowed: true });
  });

  test('an ephemeral container, and no other update', async () => {
    const update = { operation: 'UPDATE', object: pod('bad-at-once'), oldObject: pod('app') };
    expect(await review('/mutate', { ...update, subResource: 'ephemeralcontainers' })).toMatchObject(refused);
    expect(await review('/mutate', update)).toMatchObject({ allowed: true });
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

describe('/validate, with the guard that serves', () => {
  const serving = guardOf({ GUARD_CONFIG: JSON.stringify(istioConfig) });
  const update = (oldObject: Pod, object: Pod, change: object = {}) => {
    const request = { uid: 'u-1', resource: { resource: 'pods' }, operation: 'UPDATE', object, oldObject, ...change };
    return validatePod(readReview({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }), serving);
  };
  /** As a pod stands whose rules another version of guard made. */
  const older = annotation('guard.isthmus.dev/rules-v4', '# of an older guard\n*filter\nCOMMIT\n')(istioPod);

  test('a running pod is labelled, whoever made its rules', () => {
    for (const pod of [istioPod, older]) {
      expect(update(pod, label('version', '2')(pod))).toEqual({ allowed: true, reasons: [], patch: [] });
    }
  });

  test.each([
    [
      'rules replaced by none',
      older,
      annotation('guard.isthmus.dev/rules-v4', '*filter\nCOMMIT\n'),
      /rules-v4.*is changed/,
    ],
    [
      'a new declaration with the rules that follow from it',
      istioPod,
      (pod: Pod) => {
        const written = annotation('guard.isthmus.dev/allow', '[{"from": "cache", "to": "app", "port": 8080}]')(pod);
        return applyPatch(written, mutate(written, istioConfig));
      },
      /allow.*is changed, but the rules of a running pod stay/,
    ],
    [
      "a proxy's program, read when it starts again",
      istioPod,
      annotation('proxy.istio.io/config', 'binaryPath: /etc/istio/proxy/evil'),
      /proxy\.istio\.io\/config.*could change/,
    ],
  ] as const)('refused of a running pod: %s', (_, before, change, reason) => {
    const { allowed, reasons } = update(before, change(before));
    expect(allowed).toBe(false);
    expect(reasons).toContainEqual(expect.stringMatching(reason));
  });

  test('refused of a running pod: an ephemeral container with the user of another', () => {
    const debug = spec({ ephemeralContainers: [{ name: 'debug', securityContext: { runAsUser: 21001 } }] });
    expect(update(istioPod, debug(istioPod), { subResource: 'ephemeralcontainers' }).allowed).toBe(false);
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
  expect(body).toMatch(/guard_admission_duration_seconds_count\{path="mutate"\} 7\n/);
});

test('new connections get the new certificate', async () => {
  const next = await makeGeneration(host, Date.now(), 3_600_000);
  server.serve(next);
  await expect(send('GET', '/healthz')).rejects.toThrow(/certificate/);
  generation = next;
  expect(await send('GET', '/healthz')).toMatchObject({ status: 200 });
});
