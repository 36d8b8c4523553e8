/** What counts as refused by the provider's sidecar, dialled from beside it. */
import { stopOf } from '../../../scripts/attack/steps/host';

const who = "east/info's proxy";
const tls = { connected: true, secured: true };

test.each([
  [
    'an alert',
    { connected: true, secured: false, end: 'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN' },
    false,
    'tls-alert',
  ],
  ['TLS that intentions closed', { ...tls, end: 'closed' }, true, 'connection-rule'],
  ['a request in clear that was ended', { connected: true, secured: false, end: 'closed' }, false, 'not-tls'],
])('%s is a refusal', (_what, seen, denied, how) => {
  expect(stopOf(who, seen, undefined, denied)).toMatchObject({ who, how });
});

test.each([
  ['TLS that somebody closed, and no intention counted', { ...tls, end: 'closed' }, false],
  ['a port that nobody listens on', { connected: false, secured: false, end: 'ECONNREFUSED' }, false],
  ['silence', { ...tls, end: 'timeout' }, true],
  ['an agent that is gone', { end: 'agent: gone' }, true],
  ['an answer', { ...tls, end: 'answered', text: 'HTTP/1.1 200 OK\r\n\r\n{}' }, true],
  ['an error of the program itself', { ...tls, end: 'answered', text: 'HTTP/1.1 403 Forbidden\r\n\r\n{}' }, false],
])('%s is none', (_what, seen, denied) => {
  expect(stopOf(who, seen, undefined, denied)).toBeUndefined();
});
