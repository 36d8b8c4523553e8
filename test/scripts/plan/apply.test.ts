import { join } from 'node:path';
import * as fc from 'fast-check';
import { until } from '../../../scripts/machine/until';
import { applyPlan, deleteAll } from '../../../scripts/plan/apply';
import type { PlannedResource } from '../../../scripts/plan/read';
import { Record } from '../../../scripts/plan/record';
import { type Progress, silentProgress } from '../../../scripts/progress';
import { broken, events, failures, handlers, hold, reset, world } from '../../support/fake-handlers';
import { temporaryFolder } from '../../support/folder';
import { planned, short } from '../../support/plans';

jest.mock('../../../scripts/plan/types', () => jest.requireActual('../../support/fake-handlers'));

const folder = temporaryFolder();
let count = 0;
const freshRecord = () => new Record(join(folder, `record-${++count}.json`));
const options = { lab: 'weather', progress: silentProgress };
const ids = (list: readonly string[]) => list.map(short);
const eventually = async (event: string) => {
  expect(await until(async () => events.includes(event), { timeout: 5_000, interval: 2 })).toBe(true);
};

beforeEach(reset);

describe('order', () => {
  test('what a resource needs is applied before it', async () => {
    const plan = [planned('s/c', ['s/b']), planned('s/b', ['s/a']), planned('s/a')];
    const outcome = await applyPlan(plan, freshRecord(), options);
    expect(events).toEqual(['+s/a', 's/a', '+s/b', 's/b', '+s/c', 's/c']);
    expect(ids(outcome.applied)).toEqual(['s/a', 's/b', 's/c']);
    expect([outcome.deleted, outcome.unchanged]).toEqual([[], []]);
  });

  test('what does not depend on each other is applied at the same time', async () => {
    const release = hold('+s/a');
    const applied = applyPlan([planned('s/a'), planned('s/b'), planned('s/c', ['s/b'])], freshRecord(), options);
    await eventually('s/c');
    expect(events).not.toContain('s/a');
    release();
    await applied;
    expect(events.at(-1)).toBe('s/a');
  });

  test('what is gone from the plan is deleted first, from the top down', async () => {
    const record = freshRecord();
    await applyPlan([planned('s/a'), planned('s/b', ['s/a']), planned('s/c', ['s/b'])], record, options);
    events.length = 0;
    const outcome = await applyPlan([planned('s/a'), planned('s/new')], record, options);
    expect(events).toEqual(['-s/c', 's/c gone', '-s/b', 's/b gone', '+s/new', 's/new']);
    expect(ids(outcome.deleted).toSorted()).toEqual(['s/b', 's/c']);
    expect(ids(outcome.unchanged)).toEqual(['s/a']);
  });

  test('holds for any plan: begun only when all below has ended', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        reset();
        await applyPlan(plan, freshRecord(), options);
        for (const { id, dependsOn } of plan) {
          const begun = events.indexOf(`+${short(id)}`);
          expect(events.filter((event) => event === `+${short(id)}`)).toHaveLength(1);
          for (const below of dependsOn) expect(events.indexOf(short(below))).toBeLessThan(begun);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a second time', () => {
  test('nothing is done when nothing changed', async () => {
    const record = freshRecord();
    const plan = [planned('s/a', [], { x: 1 }), planned('s/b', ['s/a'])];
    await applyPlan(plan, record, options);
    events.length = 0;
    expect(ids((await applyPlan(plan, record, options)).unchanged)).toEqual(['s/a', 's/b']);
    expect(events).toEqual([]);
  });

  test('what changed is applied again, and only that', async () => {
    const record = freshRecord();
    await applyPlan([planned('s/a', [], { x: 1 }), planned('s/b', ['s/a'])], record, options);
    events.length = 0;
    const outcome = await applyPlan([planned('s/a', [], { x: 2 }), planned('s/b', ['s/a'])], record, options);
    expect(events).toEqual(['+s/a', 's/a']);
    expect([ids(outcome.applied), ids(outcome.unchanged)]).toEqual([['s/a'], ['s/b']]);
    expect(world.get('s/a')).toBe('{"x":2}');
  });

  test('what somebody took away is applied again', async () => {
    const record = freshRecord();
    const plan = [planned('s/a'), planned('s/b')];
    await applyPlan(plan, record, options);
    events.length = 0;
    world.delete('s/b');
    await applyPlan(plan, record, options);
    expect(events).toEqual(['+s/b', 's/b']);
  });

  test('what can not be changed in place is deleted as it was, then made anew', async () => {
    const record = freshRecord();
    await applyPlan([planned('s/a', [], { key: 'old' })], record, options);
    events.length = 0;
    await applyPlan([planned('s/a', [], { key: 'new' })], record, options);
    expect(events).toEqual(['-s/a', 's/a gone', '+s/a', 's/a']);
  });

  test('another process goes on where the first one stopped: the record is on disk', async () => {
    const file = join(folder, 'shared.json');
    const plan = [planned('s/a'), planned('s/b', ['s/a'])];
    await applyPlan(plan, new Record(file), options);
    events.length = 0;
    expect(ids((await applyPlan(plan, new Record(file), options)).unchanged)).toEqual(['s/a', 's/b']);
    expect(events).toEqual([]);
  });
});

describe('a claim', () => {
  const claim = jest.fn<Promise<void>, [PlannedResource]>();
  beforeEach(() => {
    claim.mockReset();
    handlers.terraform_data.claim = claim;
  });
  afterAll(() => delete handlers.terraform_data.claim);

  test('that is refused leaves nothing in the record: what is others’ is never deleted as ours', async () => {
    const record = freshRecord();
    claim.mockRejectedValue(new Error('it is theirs'));
    await expect(applyPlan([planned('s/a')], record, options)).rejects.toThrow('it is theirs');
    expect([events, record.all()]).toEqual([[], []]);
  });

  test('is made again when what was ours is gone, and not when nothing is to be done', async () => {
    const record = freshRecord();
    claim.mockResolvedValue();
    await applyPlan([planned('s/a'), planned('s/b')], record, options);
    claim.mockClear();
    world.delete('s/b');
    await applyPlan([planned('s/a'), planned('s/b')], record, options);
    expect(claim.mock.calls.map(([{ id }]) => short(id))).toEqual(['s/b']);
  });
});

describe('a failure', () => {
  test('reaches the caller; what runs is let finish, and nothing new is begun', async () => {
    const record = freshRecord();
    broken.add('+s/a');
    const release = hold('+t/slow');
    const plan = [planned('s/a'), planned('s/above', ['s/a']), planned('t/slow'), planned('t/next', ['t/slow'])];
    let done = false;
    const applied = applyPlan(plan, record, options).finally(() => {
      done = true;
    });
    const failed = expect(applied).rejects.toThrow('+s/a failed');
    await eventually('+t/slow');
    expect(await until(async () => failures.includes('+s/a'), { timeout: 5_000, interval: 2 })).toBe(true);
    expect(done).toBe(false);
    release();
    await failed;
    expect(events).toEqual(['+s/a', '+t/slow', 't/slow']);
    expect(record.all().map(({ id, hash }) => [short(id), hash === 'begun'])).toEqual([
      ['s/a', true],
      ['t/slow', false],
    ]);
  });

  test('is mended by a second run, which does the rest and no more', async () => {
    const record = freshRecord();
    const plan = [planned('s/a'), planned('s/b', ['s/a']), planned('s/c', ['s/b'])];
    broken.add('+s/b');
    await expect(applyPlan(plan, record, options)).rejects.toThrow('+s/b failed');
    broken.clear();
    events.length = 0;
    await applyPlan(plan, record, options);
    expect(events).toEqual(['+s/b', 's/b', '+s/c', 's/c']);
  });

  test('leaves half a resource, which is deleted when it leaves the plan', async () => {
    const record = freshRecord();
    broken.add('+s/b');
    await expect(applyPlan([planned('s/a'), planned('s/b')], record, options)).rejects.toThrow('+s/b failed');
    broken.clear();
    events.length = 0;
    await applyPlan([planned('s/a')], record, options);
    expect(events).toEqual(['-s/b', 's/b gone']);
  });

  test('in a replacement is taken away before the old one comes back', async () => {
    const record = freshRecord();
    await applyPlan([planned('s/a', [], { key: 'old' })], record, options);
    broken.add('+s/a');
    await expect(applyPlan([planned('s/a', [], { key: 'new' })], record, options)).rejects.toThrow('+s/a failed');
    broken.clear();
    events.length = 0;
    await applyPlan([planned('s/a', [], { key: 'old' })], record, options);
    expect(events).toEqual(['-s/a', 's/a gone', '+s/a', 's/a']);
    expect(world.get('s/a')).toBe('{"key":"old"}');
  });

  test('of a deletion comes before anything is applied; the other deletions are let finish', async () => {
    const record = freshRecord();
    await applyPlan([planned('s/a'), planned('s/b'), planned('s/c', ['s/a'])], record, options);
    events.length = 0;
    broken.add('-s/c');
    const release = hold('-s/b');
    const applied = applyPlan([planned('s/new')], record, options);
    const failed = expect(applied).rejects.toThrow('-s/c failed');
    await eventually('-s/b');
    expect(await until(async () => failures.includes('-s/c'), { timeout: 5_000, interval: 2 })).toBe(true);
    release();
    await failed;
    expect(events.toSorted()).toEqual(['-s/b', '-s/c', 's/b gone']);
    expect(record.all().map(({ id }) => short(id))).toEqual(['s/a', 's/c']);
  });

  test('at any place, and a run of any plan after it, end where that plan alone ends', async () => {
    await fc.assert(
      fc.asyncProperty(plans, plans, plans, fc.nat(), async (first, second, third, place) => {
        reset();
        const record = freshRecord();
        await applyPlan(first, record, options);
        const steps = [...first.map(({ id }) => `-${short(id)}`), ...second.map(({ id }) => `+${short(id)}`)];
        broken.add(steps[place % Math.max(1, steps.length)] ?? '');
        await applyPlan(second, record, options).catch(() => {});
        broken.clear();
        await applyPlan(third, record, options);
        expect(Object.fromEntries(world)).toEqual(
          Object.fromEntries(third.map(({ id, values }) => [short(id), JSON.stringify(values)])),
        );
        expect(
          record
            .all()
            .map(({ id }) => id)
            .toSorted(),
        ).toEqual(third.map(({ id }) => id).toSorted());
      }),
      { numRuns: 50 },
    );
  });
});

test('Ctrl-C begins nothing new and says why it stopped', async () => {
  const stop = new AbortController();
  const release = hold('+s/a');
  const record = freshRecord();
  const applied = applyPlan([planned('s/a'), planned('s/b', ['s/a'])], record, { ...options, signal: stop.signal });
  const stopped = expect(applied).rejects.toThrow('stopped by SIGINT');
  await eventually('+s/a');
  stop.abort(new Error('stopped by SIGINT'));
  release();
  await stopped;
  expect(events).toEqual(['+s/a', 's/a']);
  expect(record.all()).toHaveLength(1);
});

describe('work before a stack', () => {
  const plan = [planned('s/a'), planned('t/a'), planned('t/b')];

  test('is done once, before its first resource', async () => {
    const before = { t: async () => void events.push('before t') };
    await applyPlan(plan, freshRecord(), { ...options, before });
    expect(events.filter((event) => event === 'before t')).toHaveLength(1);
    expect(events.indexOf('before t')).toBeLessThan(events.indexOf('+t/a'));
    expect(events.indexOf('before t')).toBeLessThan(events.indexOf('+t/b'));
  });

  test('that fails keeps the stack from being begun', async () => {
    const before = { t: () => Promise.reject(new Error('no key')) };
    await expect(applyPlan(plan, freshRecord(), { ...options, before })).rejects.toThrow('no key');
    expect(events.filter((event) => event.includes('t/'))).toEqual([]);
  });
});

describe('progress', () => {
  /** Shows what a person would see. */
  function shown(): { lines: string[]; progress: Progress } {
    const lines: string[] = [];
    const progress: Progress = {
      note: () => {},
      step: async (title, work) => {
        lines.push(`begin ${title}`);
        const ended = await work((line) => lines.push(line)).then(
          (value) => ({ value }),
          (error: unknown) => {
            lines.push(`fail ${title}`);
            throw error;
          },
        );
        lines.push(`end ${title}`);
        return ended.value;
      },
    };
    return { lines, progress };
  }

  test('has one step for each stack, from its first resource to its last', async () => {
    const { lines, progress } = shown();
    const plan = [planned('s/a'), planned('s/b', ['s/a']), planned('t/c', ['s/b'])];
    await applyPlan(plan, freshRecord(), { ...options, progress });
    expect(lines.filter((line) => /^(begin|end|fail)/.test(line))).toEqual(['begin s', 'end s', 'begin t', 'end t']);
    expect(lines).toContain('working on s/b');
  });

  test('shows a failed stack as failed, and leaves no step open', async () => {
    const { lines, progress } = shown();
    broken.add('+s/b');
    const plan = [planned('s/a'), planned('s/b', ['s/a']), planned('s/c', ['s/b'])];
    await expect(applyPlan(plan, freshRecord(), { ...options, progress })).rejects.toThrow();
    await until(async () => lines.includes('fail s'), { timeout: 5_000, interval: 2 });
    expect(lines.filter((line) => /^(begin|end|fail)/.test(line))).toEqual(['begin s', 'fail s']);
  });

  test('says how much leaves', async () => {
    const { lines, progress } = shown();
    const record = freshRecord();
    await applyPlan([planned('s/a'), planned('s/b')], record, options);
    await deleteAll(record.all(), record, { ...options, progress });
    expect(lines).toEqual([
      'begin remove 2 resources that the plan no longer holds',
      'removing a',
      'removing b',
      'end remove 2 resources that the plan no longer holds',
    ]);
    expect(record.all()).toEqual([]);
    expect([...world]).toEqual([]);
  });
});

/** Plans whose resources need only earlier ones. */
const plans: fc.Arbitrary<PlannedResource[]> = fc
  .array(
    fc.record({
      stack: fc.constantFrom('s', 't'),
      below: fc.array(fc.nat(), { maxLength: 2 }),
      x: fc.nat(2),
      key: fc.nat(1),
    }),
    {
      maxLength: 7,
    },
  )
  .map((list) => {
    const name = (index: number) => `${list[index]?.stack}/r${index}`;
    return list.map(({ below, x, key }, index) =>
      planned(name(index), index === 0 ? [] : [...new Set(below.map((at) => name(at % index)))], { x, key }),
    );
  });
