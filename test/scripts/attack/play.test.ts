/** What counts as refused: a broken lab, a missing program or an unknown answer never does. */
import fc from 'fast-check';
import { outputs } from '../../../model/output';
import {
  type Attack,
  by,
  type Control,
  type How,
  isGood,
  Lacking,
  type Observation,
  play,
  type Result,
  verdict,
} from '../../../scripts/attack/attack';
import { attackOutputOf } from '../../../scripts/attack/report/json';
import { table } from '../../../scripts/attack/report/table';
import { playAll } from '../../../scripts/attack/run';
import { type Progress, silentProgress } from '../../../scripts/progress';

const alert: Observation = {
  tried: 'TLS without a certificate',
  answered: 'alert',
  notes: ['a note'],
  stop: { how: 'tls-alert', who: "east/info's proxy", what: 'TLS alert "certificate required"' },
};
const works: Control = { ok: true, evidence: '200' };

function attack(change: Partial<Attack<null>> = {}): Attack<null> {
  return {
    id: 'identity/example',
    group: 'identity',
    title: 'an example',
    serves: ['M8'],
    attempt: async () => alert,
    refusedWhen: by('tls-alert'),
    control: async () => works,
    ...change,
  };
}

test('a refusal with its evidence, on a lab where the legitimate step works, is good', async () => {
  const result = await play(attack(), null, () => 0);
  expect(result).toMatchObject({
    refused: true,
    stoppedBy: 'east/info\'s proxy: TLS alert "certificate required"',
    evidence: ['tried: TLS without a certificate', 'answered: alert', 'a note'],
    control: works,
  });
  expect(verdict([result])).toEqual({ good: true, through: [], unproven: [], unnoticed: [] });
});

test('a broken lab does not pass: when the legitimate step fails, nothing is proved', async () => {
  const result = await play(attack({ control: async () => ({ ok: false, evidence: 'no answer' }) }), null);
  expect(result.refused).toBe(true);
  expect(isGood(result)).toBe(false);
  expect(verdict([result])).toMatchObject({ good: false, unproven: ['identity/example'] });
  expect(table([result], 1)).toContain('NO CONTROL');
  expect(table([result], 1)).toContain(
    'Prove nothing, because the legitimate step failed, too, or nobody can be named who refused: identity/example',
  );
});

test('a control that can not be tried is not good', async () => {
  const result = await play(attack({ control: () => Promise.reject(new Error('no such pod')) }), null);
  expect(result.control).toEqual({ ok: false, evidence: 'it could not be tried: no such pod' });
});

test('an attempt that can not be tried is not refused, whatever would count as a refusal', async () => {
  const failing = attack({
    attempt: () => Promise.reject(new Error('node: not found')),
    refusedWhen: () => 'anything',
  });
  const result = await play(failing, null);
  expect(result).toMatchObject({ refused: false, stoppedBy: null });
  expect(result.evidence).toContain('answered: it could not be tried: node: not found');
});

test.each(['ECONNREFUSED', 'timeout', 'ENOTFOUND', 'agent: gone', 'closed'])(
  'an end that nobody vouches for is not refused: %s',
  async (end) => {
    const { stop: _stop, ...unknown } = alert;
    expect((await play(attack({ attempt: async () => ({ ...unknown, end }) }), null)).refused).toBe(false);
  },
);

test('another refusal than the expected one does not count', () => {
  const hows: readonly How[] = ['tls-alert', 'http-rule', 'firewall', 'not-listening', 'admission', 'permission'];
  fc.assert(
    fc.property(fc.constantFrom(...hows), fc.subarray([...hows]), (how, expected) => {
      const said = by(...expected)({ ...alert, stop: { how, who: 'x', what: 'y' } });
      expect(said).toBe(expected.includes(how) ? 'x: y' : undefined);
    }),
  );
});

test('what got through is named with its evidence', async () => {
  const results = [await play(attack(), null), await play(attack({ id: 'identity/open', refusedWhen: by() }), null)];
  expect(verdict(results)).toMatchObject({ good: false, through: ['identity/open'] });
  const text = table(results, 3);
  expect(text).toContain('Got through: identity/open');
  expect(text).toContain('answered: alert');
  expect(text).toContain('1 of 2 attacks refused');
});

test('whoever got nowhere did not get through, also where nobody can be named who refused', async () => {
  const { stop: _stop, ...unknown } = alert;
  const log = (details: string) => ({ details }) as unknown as NonNullable<Observation['log']>;
  const ends: readonly [Partial<Observation>, 'through' | 'unproven'][] = [
    [{ status: 200, end: 'closed' }, 'through'],
    [{ status: 403, end: 'closed' }, 'unproven'],
    [{ status: 403, end: 'closed', log: log('via_upstream') }, 'through'],
    [{ end: 'ECONNREFUSED' }, 'unproven'],
    [{ end: 'agent: gone' }, 'unproven'],
    [{ end: 'open: none', connected: false }, 'unproven'],
    [{ end: 'read' }, 'through'],
    [{ end: 'timeout', connected: true }, 'through'],
  ];
  for (const [end, found] of ends) {
    const result = await play(attack({ attempt: async () => ({ ...unknown, ...end }) }), null);
    const { good, through, unproven } = verdict([result]);
    expect([end, good, through, unproven]).toEqual([
      end,
      false,
      found === 'through' ? ['identity/example'] : [],
      found === 'unproven' ? ['identity/example'] : [],
    ]);
  }
});

test('an attack without its legitimate step, or that could not be tried, proves nothing, and is not through as well', async () => {
  const open = { attempt: async () => ({ ...alert, status: 200, end: 'closed' }), refusedWhen: by() };
  const uncontrolled = await play(attack({ ...open, control: async () => ({ ok: false, evidence: 'no' }) }), null);
  const untried = await play(attack({ attempt: () => Promise.reject(new Error('no such path')) }), null);
  for (const result of [uncontrolled, untried])
    expect(verdict([result])).toEqual({ good: false, through: [], unproven: ['identity/example'], unnoticed: [] });
});

test('what an attempt finds lacking is not played, and says why', async () => {
  const lacking: unknown[] = [];
  const one = attack({ attempt: () => Promise.reject(new Lacking('no echo')) });
  const results = await playAll([one], null, { progress: silentProgress, lacking: (found) => lacking.push(found) });
  expect([results, lacking]).toEqual([[], [{ id: 'identity/example', group: 'identity', why: 'no echo' }]]);
});

test('a known limit counts by its detection, not by its refusal', async () => {
  const limit = (ok: boolean) =>
    attack({ group: 'known-limit', refusedWhen: by(), detect: async () => ({ ok, evidence: 'seen in the log' }) });
  const seen = await play(limit(true), null);
  const unseen = await play(limit(false), null);
  expect(verdict([seen])).toEqual({ good: true, through: [], unproven: [], unnoticed: [] });
  expect(verdict([unseen])).toMatchObject({ good: false, through: [], unnoticed: ['identity/example'] });
});

test('a run without attacks proves nothing', () => {
  expect(verdict([]).good).toBe(false);
});

test('any mixture is good only if every part is', () => {
  const result = fc.record({
    refused: fc.boolean(),
    control: fc.record({ ok: fc.boolean(), evidence: fc.string() }),
    detection: fc.option(fc.record({ ok: fc.boolean(), evidence: fc.string() }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(result, { minLength: 1 }), (parts) => {
      const results = parts.map(({ detection, ...rest }, index): Result => {
        const base = { id: `identity/${index}`, group: 'identity' as const, title: '', serves: [], stoppedBy: null };
        return { ...base, evidence: [], ms: 0, ...rest, ...(detection === undefined ? {} : { detection }) };
      });
      const { good, through, unproven, unnoticed } = verdict(results);
      expect(good).toBe(results.every(isGood));
      expect(good).toBe([...through, ...unproven, ...unnoticed].length === 0);
      expect(() => outputs.attack.parse(attackOutputOf(results, []))).not.toThrow();
    }),
  );
});

describe('a run', () => {
  test('plays all, tells them in their own order, and the groups that change the lab when all others are done', async () => {
    const played: string[] = [];
    const one = (id: string, group: Attack<null>['group']) =>
      attack({
        id,
        group,
        attempt: async () => {
          played.push(id);
          return alert;
        },
      });
    const all = [one('lifecycle/a', 'lifecycle'), one('identity/b', 'identity'), one('border/c', 'border')];
    const results = await playAll(all, null, { progress: silentProgress });
    expect(results.map(({ id }) => id)).toEqual(['lifecycle/a', 'identity/b', 'border/c']);
    expect(played.at(-1)).toBe('lifecycle/a');
  });

  test('tells in every group how far all have come', async () => {
    const told = new Map<string, string>();
    const progress: Progress = {
      ...silentProgress,
      step: (title, work) => work((line) => void told.set(title, line)),
    };
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = attack({
      id: 'border/slow',
      group: 'border',
      title: 'slow',
      attempt: () => released.then(() => alert),
    });
    const quick = ['a', 'b'].map((name) => attack({ id: `identity/${name}` }));
    const playing = playAll([slow, ...quick], null, { progress });
    await new Promise((resolve) => setImmediate(resolve));
    expect(told.get('border')).toBe('2 of 3: slow');
    release();
    await playing;
  });

  test('ends when it is stopped', async () => {
    const stop = new AbortController();
    const first = attack({
      attempt: async () => {
        stop.abort(new Error('stopped'));
        return alert;
      },
    });
    const second = attack({ id: 'identity/second', attempt: () => Promise.reject(new Error('played all the same')) });
    await expect(playAll([first, second], null, { progress: silentProgress, signal: stop.signal })).rejects.toThrow(
      'stopped',
    );
  });
});
