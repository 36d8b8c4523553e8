import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { accessTable } from '../../../model/access/changes';
import { appliedAccess, forgetAccess, noteAccess } from '../../../scripts/access/applied';
import { temporaryFolder } from '../../support/folder';
import { labFile } from '../../support/labs';

const folder = temporaryFolder();
const before = process.env.XDG_STATE_HOME;
beforeAll(() => {
  process.env.XDG_STATE_HOME = folder;
});
afterAll(() => {
  if (before === undefined) delete process.env.XDG_STATE_HOME;
  else process.env.XDG_STATE_HOME = before;
});

test('the table that was applied is kept as it was, until the lab is gone', () => {
  const lab = labFile('aws');
  expect(appliedAccess(lab)).toBeUndefined();
  noteAccess(lab);
  expect(appliedAccess(lab)).toEqual(accessTable(lab));
  noteAccess({ ...lab, access: [] });
  expect(appliedAccess(lab)?.rows).toEqual([]);
  forgetAccess(lab.name);
  expect(appliedAccess(lab)).toBeUndefined();
  // Nothing stays that a later `down` would take for a lab.
  expect(existsSync(join(folder, 'isthmus', lab.name))).toBe(false);
});
