/** On a Linux machine as root: `isthmus up` that is stopped while it builds, with a Go that only sleeps. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingPackages } from '../../scripts/machine/packages';
import { startTime } from '../../scripts/machine/processes';
import { until } from '../../scripts/machine/until';

const able = process.platform === 'linux' && process.getuid?.() === 0;
const onMachine = able ? describe : describe.skip;
const root = join(__dirname, '../..');
let folder: string;

onMachine('isthmus up (needs Linux, root and the packages that building needs)', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'isthmus-stop-test-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'stopped by %s says one thing, ends what it started and leaves nothing half made',
    async (signal) => {
      // Building for real would install them; a test must not.
      expect(await missingPackages(true)).toEqual([]);
      const { child, said, ended } = up();
      expect(await until(async () => sleepers().length > 0, { timeout: 120_000, interval: 50 })).toBe(true);
      child.kill(signal);
      expect(await ended).toBe(128 + constants.signals[signal]);
      const command = `./isthmus --config ${join(folder, 'lab.yaml')}`;
      expect(
        said()
          .split('\n')
          .filter((line) => line.startsWith('isthmus')),
      ).toEqual([
        `isthmus: stopped by ${signal}; what was done stays: \`${command} up\` goes on from here, \`${command} down\` takes it away`,
      ]);
      expect(said()).not.toContain('fault of isthmus');
      expect(sleepers().filter((pid) => startTime(pid) !== undefined)).toEqual([]);
      expect(readdirSync(join(folder, 'cache/isthmus'))).toEqual(['go']);
    },
    180_000,
  );
});

interface Command {
  readonly child: ChildProcess;
  said(): string;
  readonly ended: Promise<number | null>;
}

function up(): Command {
  const lab = join(folder, 'lab.yaml');
  const text = readFileSync(join(root, 'labs/local.yaml'), 'utf8').replace(/^name: .*$/m, `name: s${process.pid}`);
  writeFileSync(lab, `${text}\nsettings: { pagePort: 28091, apiPort: 28092 }\n`);
  const go = `#!/bin/sh
case "$1" in
env) echo go1.99.0 ;;
version) ;;
*) echo $$ >> ${join(folder, 'sleepers')}; sleep 600 ;;
esac
`;
  writeFileSync(join(folder, 'go'), go, { mode: 0o755 });
  const { ISTHMUS_BIN_DIR: _, ...env } = process.env;
  const child = spawn(join(root, 'isthmus'), ['--config', lab, 'up'], {
    env: { ...env, PATH: `${folder}:${env.PATH}`, XDG_CACHE_HOME: join(folder, 'cache') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  return { child, said: () => said, ended: new Promise((resolve) => child.once('close', resolve)) };
}

function sleepers(): number[] {
  const file = join(folder, 'sleepers');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number) : [];
}
