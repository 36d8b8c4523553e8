import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toolProblems } from '../../../../scripts/aws/preflight/tools';
import { temporaryFolder } from '../../../support/folder';
import { fakeTerraform } from '../../../support/stacks';

const folder = temporaryFolder();
writeFileSync(join(folder, 'aws'), '#!/bin/sh\necho aws-cli/2.31.0\n', { mode: 0o755 });
const ISTHMUS_TERRAFORM = fakeTerraform.command;

test('nothing is wrong where both programs are', async () => {
  expect(await toolProblems({ PATH: `${folder}:${process.env.PATH}`, ISTHMUS_TERRAFORM })).toEqual([]);
});

test('each that is missing is told, with the way to get it', async () => {
  expect(await toolProblems({ PATH: '/nowhere', ISTHMUS_TERRAFORM: '/nowhere/terraform' })).toEqual([
    {
      what: expect.stringContaining('no usable /nowhere/terraform'),
      allowed: expect.stringContaining('1.10'),
      fix: expect.stringContaining('install'),
    },
    { what: expect.stringContaining('no usable aws command'), fix: expect.stringContaining('aws eks get-token') },
  ]);
});
