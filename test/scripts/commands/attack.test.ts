/** The command around the attacks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLab } from '../../../model/parse';
import { attackCommand } from '../../../scripts/commands/attack';
import { labLock, withLock } from '../../../scripts/machine/lock';
import { silentProgress } from '../../../scripts/progress';

jest.mock('../../../scripts/machine/lock', () => ({
  ...jest.requireActual<object>('../../../scripts/machine/lock'),
  withLock: jest.fn(async () => []),
}));

test('attacks hold the lock that up, down, rotate and bench hold', async () => {
  const { lab } = parseLab(readFileSync(join(__dirname, '../../../labs/local.yaml'), 'utf8'));
  if (lab === undefined) throw new Error('labs/local.yaml has faults');
  await attackCommand(lab, { json: true }, { progress: silentProgress });
  expect(withLock).toHaveBeenCalledWith('attack', lab.name, expect.any(Function), labLock(true));
});
