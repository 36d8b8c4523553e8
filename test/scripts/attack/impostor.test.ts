/** Whether a caller was taken in by an impostor is told by its proxy's own log and by what came to the impostor. */
import { impostorAttacks } from '../../../scripts/attack/groups/impostor';
import { stopOf } from '../../../scripts/attack/steps/impostor';
import { Agent, agentProgram, type Posed } from '../../../scripts/attack/vantage/agent';
import { makeAuthority, mintLeaf } from '../../../scripts/attack/vantage/certificates';
import { impostorsWord, leading } from '../../../scripts/attack/vantage/impostor';

const way = { from: ['10.10.1.7', '10.10.1.9'], to: '10.20.0.11', port: 8443 } as const;
const san =
  'TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_SAN_matcher';
const line = { upstream: '10.20.0.11:8443', failure: san };
const seen = { end: 'answered', status: 503, text: 'upstream connect error' };
const met: Posed = {
  connections: 3,
  requests: 0,
  failures: ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN'],
  clients: [],
};
const reason = /CERTIFICATE_VERIFY_FAILED.*SAN/;

test('refused when the caller met the impostor, found its name wrong, and asked it nothing', () => {
  expect(stopOf("west/backend's own proxy", way, { seen, line }, met, reason)).toEqual({
    how: 'not-the-callee',
    who: "west/backend's own proxy",
    what: `ended TLS before it asked anything: ${san}`,
  });
});

const root =
  'TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_X509_verify_cert';

test.each([
  ['nobody came to the impostor', { posed: { ...met, connections: 0 } }],
  ['the impostor was told the request', { posed: { ...met, requests: 1 } }],
  ['the impostor answered', { seen: { end: 'answered', status: 200, text: impostorsWord } }],
  ['the proxy was refused for another reason', { line: { ...line, failure: root } }],
  ['the proxy names no reason', { line: { ...line, failure: '-' } }],
  ['the proxy dialled somebody else', { line: { ...line, upstream: '10.20.0.21:20000' } }],
  ['the proxy dialled nobody', { line: { ...line, upstream: '-' } }],
  ['the proxy has no line of it', { line: undefined }],
])('no refusal when %s', (_what, change) => {
  const all = { seen, line, posed: met, ...change };
  expect(stopOf('x', way, all, all.posed, reason)).toBeUndefined();
});

test('only the connections of one caller to one callee are led elsewhere, and for a minute at most', () => {
  const rules = leading(way, 40001);
  expect(rules).toContain('elements = { 10.10.1.7 timeout 60s, 10.10.1.9 timeout 60s }');
  expect(rules).toContain('ip saddr @callers ip daddr 10.20.0.11 tcp dport 8443 counter redirect to :40001');
});

test('every direction has an impostor with another name of the right CA, one of another CA, and one in clear', () => {
  const ids = impostorAttacks.map(({ id }) => id);
  for (const place of ['provider', 'export'])
    for (const name of ['other-service', 'self-signed', 'expired', 'plaintext'])
      expect(ids).toContain(`impostor/${place}-${name}`);
});

describe('the impostor itself', () => {
  let agent: Agent;
  beforeAll(async () => {
    agent = await Agent.start('here', process.execPath, ['-e', agentProgram]);
  });
  afterAll(() => agent.stop());

  const request = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

  test('takes TLS with its certificate, and tells what came', async () => {
    const leaf = await mintLeaf(await makeAuthority(), { uris: ['spiffe://a/b'] });
    const { port = 0 } = await agent.try({ kind: 'pose', answer: impostorsWord, ...leaf });
    const asked = await agent.try({ kind: 'raw', host: '127.0.0.1', port, secure: { ...leaf }, send: [request] });
    expect(asked).toMatchObject({ secured: true, peer: 'URI:spiffe://a/b' });
    expect(asked.text).toContain(impostorsWord);
    const clear = await agent.try({ kind: 'raw', host: '127.0.0.1', port, send: [request] });
    expect(clear.text).not.toContain(impostorsWord);
    const { posed } = await agent.try({ kind: 'posed', port });
    expect(posed).toMatchObject({ connections: 2, requests: 1, clients: ['URI:spiffe://a/b'] });
    expect(posed?.failures).toHaveLength(1);
  });

  test('in clear it answers whatever comes; TLS is no request', async () => {
    const { port = 0 } = await agent.try({ kind: 'pose', answer: impostorsWord });
    const clear = await agent.try({ kind: 'raw', host: '127.0.0.1', port, send: [request] });
    expect(clear.text).toContain(impostorsWord);
    const secure = await agent.try({ kind: 'raw', host: '127.0.0.1', port, secure: {} });
    expect(secure.secured).toBe(false);
    const { posed } = await agent.try({ kind: 'posed', port });
    expect(posed).toMatchObject({ connections: 2, requests: 1 });
    expect(await agent.try({ kind: 'posed', port })).toEqual({ end: 'nobody posed there' });
  });
});
