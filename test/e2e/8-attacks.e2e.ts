/** The attack suite: everything is refused on the lab as it is, and something gets through with any enforcement off. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { outputs } from '../../model/output';
import { until } from '../../scripts/machine/until';
import { isthmus, succeed } from './support/cli';
import { folder, openLab } from './support/labs';
import { weakenings } from './support/weakenings';

const { file, lab } = openLab();

beforeAll(() => succeed('--config', file, 'up'));

interface Played {
  readonly status: number | null;
  readonly report: z.output<typeof outputs.attack>;
}

async function attack(...args: string[]): Promise<Played> {
  const { status, stdout, stderr } = await isthmus('--config', file, 'attack', '--json', ...args);
  if (stdout === '') throw new Error(stderr);
  return { status, report: outputs.attack.parse(JSON.parse(stdout)) };
}

test('everything is refused, every control is good, every known limit detected', async () => {
  const [page, junit] = [join(folder, 'attacks.html'), join(folder, 'attacks.xml')];
  const { status, report } = await attack('--html', page, '--junit', junit);
  const wrong = report.attacks.filter(({ refused, control, detection }) => !control.ok || !(detection?.ok ?? refused));
  expect(wrong).toEqual([]);
  expect(status).toBe(0);
  expect(report.attacks.length).toBeGreaterThanOrEqual(200);
  expect(report.attacks.filter(({ refused, stoppedBy }) => refused && stoppedBy === null)).toEqual([]);
  const text = readFileSync(page, 'utf8');
  for (const { id } of report.attacks) expect(text).toContain(id);
  expect(readFileSync(junit, 'utf8')).toContain('failures="0"');
});

test('a second run finds nothing of the first, and status is as before', async () => {
  expect((await attack('--only', 'gateway/no-sni')).status).toBe(0);
  await succeed('--config', file, 'status');
});

const sorted = (ids: readonly string[]) => ids.toSorted().join(' ');

/** Milliseconds that a change may take to reach what enforces it. */
const patience = 120_000;

describe.each(weakenings.map((weakening) => [weakening.what, weakening] as const))(
  'when %s',
  (_what, { lets, weaken }) => {
    test(`it shows: ${lets.join(', ')}; and not any more when it is put back`, async () => {
      let last: Played | undefined;
      const through = (expected: readonly string[]) => async () => {
        last = await attack('--only', ...lets);
        return sorted(last.report.through) === sorted(expected);
      };
      const restore = await weaken(lab);
      let seen: Played | undefined;
      try {
        await until(through(lets), { timeout: patience });
        seen = last;
      } finally {
        await restore();
      }
      expect(await until(through([]), { timeout: patience })).toBe(true);
      expect(last?.status).toBe(0);
      expect(sorted(seen?.report.through ?? [])).toBe(sorted(lets));
      expect(seen?.status).toBe(1);
    });
  },
);
