import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../../scripts/errors';
import { findTerraform, isUsable } from '../../../scripts/terraform/program';
import { temporaryFolder } from '../../support/folder';
import { fakeTerraform } from '../../support/stacks';

const folder = temporaryFolder();

test.each([
  ['1.9.8', false],
  ['1.10.0', true],
  ['1.11.4', true],
  ['1.14.0-rc1', true],
  ['0.15.5', false],
  ['2.0.0', false],
  ['next', false],
])('version %s: %s', (version, usable) => expect(isUsable(version)).toBe(usable));

function program(answer: string): string {
  const file = join(folder, `terraform-${Math.random()}`);
  writeFileSync(file, `#!/bin/sh\n${answer}\n`, { mode: 0o755 });
  return file;
}

test('the one that a person chose is found, with its version', async () => {
  expect(await findTerraform({ ISTHMUS_TERRAFORM: fakeTerraform.command })).toEqual(fakeTerraform);
});

test.each<[what: string, command: string, says: RegExp]>([
  [
    'an old one',
    program(`echo '{"terraform_version": "1.5.7"}'`),
    /is of version 1\.5\.7\n {4}allowed: Terraform or OpenTofu 1\.10 or newer, below 2\.0\n {4}fix: {5}https:/,
  ],
  ['none', join(folder, 'none'), /no usable .*ENOENT[\s\S]*fix: .*install/],
  ['a broken one', program('echo broken >&2; exit 3'), /no usable [\s\S]*status 3[\s\S]*broken/],
  ['something else', program('echo hello'), /of version unknown/],
])('%s is refused with the fix', async (_what, command, says) => {
  const found = findTerraform({ ISTHMUS_TERRAFORM: command });
  await expect(found).rejects.toThrow(UsageError);
  await expect(found).rejects.toThrow(says);
});
