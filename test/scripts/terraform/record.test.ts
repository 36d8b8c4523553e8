/** What was applied is kept whole: Terraform needs it to destroy. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppliedRecord } from '../../../scripts/terraform/record';
import { readStacks } from '../../../scripts/terraform/stacks';
import { temporaryFolder } from '../../support/folder';
import { writePlan } from '../../support/plans';

const folder = temporaryFolder();
const owner = { lab: 'a', region: 'eu-west-1', account: '111122223333' };

test('charts of a stack are kept beside its plan, and only those of the last time', () => {
  const checkout = mkdtempSync(join(folder, 'checkout-'));
  const outdir = writePlan(checkout, { one: { resource: {} } });
  const chart = (name: string) => join(outdir, 'stacks/one/assets', name);
  const record = new AppliedRecord(checkout, 'a');
  const begin = () => record.begin(stackOf(outdir), owner);
  mkdirSync(chart('old'), { recursive: true });
  begin();
  rmSync(chart('old'), { recursive: true });
  mkdirSync(chart('new'));
  writeFileSync(join(chart('new'), 'Chart.yaml'), 'name: objects\n');
  begin();
  rmSync(outdir, { recursive: true });
  const [kept] = record.stacks();
  expect(readFileSync(join(kept?.folder ?? '', 'assets/new/Chart.yaml'), 'utf8')).toBe('name: objects\n');
  expect(existsSync(join(kept?.folder ?? '', 'assets/old'))).toBe(false);
});

function stackOf(outdir: string) {
  const [stack] = readStacks(outdir);
  if (stack === undefined) throw new Error('no stack');
  return stack;
}
