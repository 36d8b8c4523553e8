/** New certificates for guard, asked of a keeper that is made up here, and followed. */
import { outputs } from '../../../model/output';
import { StoppedError, UsageError } from '../../../scripts/errors';
import { kubectl } from '../../../scripts/kubectl';
import { type UntilOptions, until } from '../../../scripts/machine/until';
import type { Progress } from '../../../scripts/progress';
import { rotateGuard } from '../../../scripts/rotate/guard';
import { makeGeneration } from '../../../services/guard-webhook/generation';
import { localLab } from '../../support/labs';

jest.mock('../../../scripts/kubectl');
jest.mock('../../../scripts/machine/until', () => ({ until: jest.fn() }));

const lab = localLab();
const [west, east] = lab.meshes;
if (west === undefined || east === undefined) throw new Error('the lab has no two meshes');
const life = 3_600_000;
const encode = (text: string) => Buffer.from(text).toString('base64');

/** What is in the cluster. */
let secret: { current: string; next: string; previous: string };
let trusted: string;
let asked: string[];
/** What the keeper does at each of our looks, once it was asked. */
let steps: (() => void)[];
let old: string;
let fresh: string;

beforeAll(async () => {
  old = (await makeGeneration('guard', Date.now(), life)).ca;
  fresh = (await makeGeneration('guard', Date.now(), life)).ca;
});

function reset(): void {
  secret = { current: old, next: '', previous: '' };
  trusted = old;
  asked = [];
  steps = [
    () => Object.assign(secret, { next: fresh }),
    () => {
      trusted = old + fresh;
    },
    () => Object.assign(secret, { current: fresh, next: '', previous: old }),
    () => {},
    () => Object.assign(secret, { previous: '' }),
    () => {
      trusted = fresh;
    },
  ];
}

beforeEach(() => {
  jest.mocked(kubectl).mockReset();
  reset();
  jest.mocked(kubectl).mockImplementation(async (_cluster, args) => {
    const text = args.join(' ');
    const answer = (stdout: string) => ({ stdout, stderr: '', status: 0 });
    if (text.startsWith('annotate secret')) asked.push(text);
    if (text.startsWith('get secret')) {
      // Never a key: this is a person's terminal.
      expect(text).not.toContain('tls\\.key');
      return answer([secret.current, secret.next, secret.previous].map(encode).join('|'));
    }
    return answer(text.includes('webhookconfiguration') ? encode(trusted) : '');
  });
  jest.mocked(until).mockImplementation(async (condition: () => Promise<boolean>, { signal }: UntilOptions) => {
    for (let looks = 0; looks < 20; looks += 1) {
      signal?.throwIfAborted();
      if (await condition()) return true;
      steps.shift()?.();
    }
    return false;
  });
});

const titles: string[] = [];
const progress: Progress = {
  note: () => {},
  step: (title, work) => {
    titles.push(title);
    return work(() => {});
  },
};
beforeEach(() => void titles.splice(0));
const rotate = (mesh = west, signal = new AbortController().signal) => rotateGuard(lab, mesh, { progress, signal });

test('it is asked for once, and over when nobody trusts the old CA', async () => {
  const result = await rotate();
  expect(asked).toEqual([expect.stringMatching(/^annotate secret guard-webhook-tls .*guard\.isthmus\.dev\/rotate=20/)]);
  expect(outputs['rotate-guard'].parse(result)).toMatchObject({ mesh: 'west', followed: false });
  expect(result.new).not.toBe(result.old);
  expect(secret).toEqual({ current: fresh, next: '', previous: '' });
  expect(trusted).toBe(fresh);
  expect(steps).toEqual([]);
  expect(titles).toEqual([
    'guard of west: a new CA is trusted beside the old one',
    'guard of west: its certificate serves',
    'guard of west: the old CA is trusted no more',
  ]);
});

test.each([1, 2, 3, 4])(
  'one that is under way, after %d steps, is followed to its end, and no other asked for',
  async (done) => {
    const whole = await rotate();
    reset();
    for (let step = 0; step < done; step += 1) steps.shift()?.();
    expect(await rotate()).toMatchObject({ followed: true, old: whole.old, new: whole.new });
    expect(asked).toEqual([]);
    expect(trusted).toBe(fresh);
  },
);

test('a mesh without guard is refused, and those that have one are named', async () => {
  await expect(rotate(east)).rejects.toThrow(UsageError);
  await expect(rotate(east)).rejects.toThrow(/mesh east has no guard.*meshes with a guard: west/);
  expect(kubectl).not.toHaveBeenCalled();
});

test('a guard that has not started is not asked', async () => {
  secret.current = '';
  await expect(rotate()).rejects.toThrow(/has no certificate yet/);
  expect(asked).toEqual([]);
});

test('a keeper that does nothing is named, with what serves and where to look', async () => {
  steps = [];
  await expect(rotate()).rejects.toThrow(/after 60 s it is not so that a new CA is trusted.*guard-keeper/);
});

test('a stop ends the watching; what was asked for stays asked for', async () => {
  const stop = new AbortController();
  steps.splice(1, 0, () => stop.abort(new StoppedError('SIGINT')));
  await expect(rotate(west, stop.signal)).rejects.toThrow(StoppedError);
  expect(asked).toHaveLength(1);
});
