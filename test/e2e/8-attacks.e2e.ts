/** The attack suite: everything is refused on the lab as it is. `8-weakenings.e2e.ts` shows that it could be otherwise. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { outputs } from '../../model/output';
import { isthmus, succeed } from './support/cli';
import { folder, openLab } from './support/labs';

const { file } = openLab();

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
