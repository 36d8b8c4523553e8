/** No report holds what an attacker was given. */
import { type Attack, by, play } from '../../../scripts/attack/attack';
import { untold, wrote } from '../../../scripts/attack/groups/plane';
import { redacted } from '../../../scripts/attack/report/redact';
import { table } from '../../../scripts/attack/report/table';

const id = '0f9c7a52-8a3e-4b59-9d0f-3c0a1b2c3d4e';
const jwt = `eyJhbGciOiJSUzI1NiJ9.${'a'.repeat(40)}.${'b'.repeat(40)}`;

test.each([
  ['a private key', `x -----BEGIN EC PRIVATE KEY-----\n${id}\n-----END EC PRIVATE KEY-----`],
  ['a private key that was cut', `-----BEGIN PRIVATE KEY-----\\n${id}`],
  ["Consul's list of tokens", `200, [{"AccessorID":"a","SecretID":"${id}","Description":""}]`],
  ['one that was cut', `{"SecretID": "${id.slice(0, 30)}`],
  ['a pairing token', `{"PeeringToken":"${id}"}`],
  ['a leaf', `{"CertPEM":"","PrivateKeyPEM":"${id}"}`],
  ['a Secret of Kubernetes', `{"data":{"tls.key":"${id}"}}`],
  ['a bearer token', `authorization: Bearer ${id}`],
])('%s is not shown', (_what, text) => {
  expect(redacted(text)).not.toContain(id.slice(0, 12));
  expect(redacted(text)).toContain('(not shown)');
});

test("an account's token is not shown", () => {
  expect(redacted(`token ${jwt}!`)).toBe('token (not shown)!');
});

test('what proves a refusal stays as it is', () => {
  const lines = [
    `403, Permission denied: token with AccessorID '${id}' lacks permission 'acl:read'`,
    `log: {"request":"${id}","details":"rbac_access_denied_matched_policy[none]"}`,
    'TLS alert "certificate required"',
  ];
  for (const line of lines) expect(redacted(line)).toBe(line);
});

test('nothing of a result has a credential', async () => {
  const text = `{"SecretID":"${id}"}`;
  const attack: Attack<null> = {
    id: 'plane/example',
    group: 'plane',
    title: 'an example',
    serves: ['M8'],
    attempt: async () => ({
      tried: text,
      answered: text,
      notes: [text],
      stop: { how: 'unauthorized', who: 'x', what: text },
    }),
    refusedWhen: by('unauthorized'),
    control: async () => ({ ok: false, evidence: text }),
    detect: async () => ({ ok: false, evidence: text }),
  };
  const result = await play(attack, null);
  expect(JSON.stringify(result)).not.toContain(id);
  expect(table([result], 1)).not.toContain(id);
});

test("of what the plane's Consul answers, only a refusal is told in its own words", () => {
  expect(untold({ end: 'answered', status: 200, text: id }).text).not.toContain(id);
  expect(untold({ end: 'answered', status: 403, text: 'Permission denied' }).text).toBe('Permission denied');
});

test('a write whose condition does not hold left nothing to undo', () => {
  expect(wrote({ status: 200, text: 'true' })).toBe(true);
  expect(wrote({ status: 200, text: 'false\n' })).toBe(false);
  expect(wrote({ status: 403, text: 'Permission denied' })).toBe(false);
});
