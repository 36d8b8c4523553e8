/** What counts as refused at the border: packets of this very attempt, by an attacker that lives. */
import { firewall, scanStop, withinStop } from '../../../scripts/attack/steps/border';
import { linesSince } from '../../../scripts/attack/vantage/capture';

const line = (way: 'In ' | 'Out', port: number) =>
  `1795465000.000001 mesh0 ${way} IP 10.10.0.2.22001 > 10.20.0.11.${port}: Flags [S], seq 1, length 0`;

describe('one dial', () => {
  test.each(['timeout', 'silence', 'ECONNREFUSED', 'ECONNRESET'])(
    'that ends with %s was dropped when its packet came in and none went out',
    (end) => {
      expect(firewall([line('In ', 22)], { end })).toMatchObject({ how: 'firewall', who: 'the border router' });
    },
  );

  test.each(['agent: gone', 'agent: silent', 'EADDRINUSE', 'EACCES', 'ENOTFOUND', 'open', 'closed'])(
    'that ends with %s is no refusal, whatever packets there are',
    (end) => {
      expect(firewall([line('In ', 22)], { end })).toBeUndefined();
    },
  );

  test('is no refusal when it connected, never came to the border, or was sent on', () => {
    expect(firewall([line('In ', 22)], { end: 'timeout', connected: true })).toBeUndefined();
    expect(firewall([], { end: 'timeout' })).toBeUndefined();
    expect(firewall([line('In ', 22), line('Out', 22)], { end: 'timeout' })).toBeUndefined();
  });
});

describe('a scan', () => {
  const ports = [22, 80, 8443];
  const packets = ports.map((port) => line('In ', port));
  const seen = { end: 'scanned', open: [], counted: { timeout: 2, ECONNREFUSED: 1 } };

  test('was dropped when each port was dialled and nothing sent on', () => {
    expect(scanStop(packets, seen, ports)).toMatchObject({ how: 'firewall' });
  });

  test.each([
    ['the agent is gone', packets, { end: 'agent: gone' }],
    ['a port is open', packets, { ...seen, open: [22], counted: { timeout: 2 } }],
    ['one port was not dialled', packets.slice(1), seen],
    ['one packet stands for all', packets.slice(0, 1), seen],
    ['one was sent on', [...packets, line('Out', 80)], seen],
    ['one dial failed before it was made', packets, { ...seen, counted: { timeout: 2, EADDRNOTAVAIL: 1 } }],
    ['one dial is missing', packets, { ...seen, counted: { timeout: 2 } }],
  ])('proves nothing when %s', (_what, some, ended) => {
    expect(scanStop(some, ended, ports)).toBeUndefined();
  });
});

describe('a scan within the network of the node', () => {
  const ports = [8300, 8500];
  const seen = { end: 'scanned', open: [], counted: { ECONNREFUSED: 2 } };
  const [came, went] = [ports.map((port) => line('In ', port)), ports.map((port) => line('Out', port))];
  const how = (packets: readonly string[], ended = seen) => withinStop(packets, ended, ports, 'the pod')?.how;

  test('was refused by the policies when the node sent nothing on, though a reset looks like nobody listening', () => {
    expect(how(came)).toBe('firewall');
  });

  test('was refused by the pod when each packet went on to it', () => {
    expect(how([...came, ...went])).toBe('not-listening');
  });

  test('proves nothing when only some went on, none came, or one was not reset', () => {
    expect(how([...came, ...went.slice(1)])).toBeUndefined();
    expect(how([])).toBeUndefined();
    expect(how(came, { ...seen, counted: { ECONNREFUSED: 1 } })).toBeUndefined();
  });
});

test('packets of earlier attempts do not count', () => {
  const earlier = line('In ', 22).replace('1795465000', '1795464000');
  const printed = `${earlier}\n${line('In ', 80)}\n`;
  expect(linesSince(printed, 1_795_465_000_000)).toEqual([line('In ', 80)]);
});
