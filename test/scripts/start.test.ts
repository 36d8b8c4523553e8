/** What the command loads before it does anything: every call of it waits for that. */
import { spawnSync } from 'node:child_process';
import { root } from '../support/labs';

/** Says, at the end, what was loaded. */
const program = `
process.argv.push('isthmus', '--help');
process.on('exit', () => process.stderr.write(Object.keys(require.cache).join('\\n')));
require('./scripts/isthmus.ts');
`;

test('it starts without what only some commands need', () => {
  const args = ['--require', require.resolve('tsx/cjs'), '-e', program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  expect(stdout).toContain('attack');
  const loaded = stderr.split('\n');
  expect(loaded).toContainEqual(expect.stringMatching(/scripts\/commands\/attack\.ts$/));
  const heavy = /node_modules\/(@peculiar|@aws-sdk|@smithy|cdktf|@grpc)\/|scripts\/(attack\/catalogue|bench\/\w+)\.ts$/;
  expect(loaded.filter((file) => heavy.test(file))).toEqual([]);
});
