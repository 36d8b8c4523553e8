import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailureError, ProgramError, StoppedError } from '../../../scripts/errors';
import { run } from '../../../scripts/machine/exec';
import { startTime } from '../../../scripts/machine/processes';
import { until } from '../../../scripts/machine/until';

// Programs are started, which takes its time on a busy machine.
jest.setTimeout(60_000);

const onLinux = process.platform === 'linux' ? describe : describe.skip;
const soon = { timeout: 10_000, interval: 10 };
const root = join(__dirname, '../../..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isthmus-exec-test-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const numbersIn = (file: string) =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number) : [];
const allGone = async (pids: readonly number[]) => pids.every((pid) => startTime(pid) === undefined);

describe('run', () => {
  it('gives output and status', async () => {
    const result = await run('sh', ['-c', 'cat; echo b >&2; exit 3'], { input: 'a', allow: [3] });
    expect(result).toEqual({ stdout: 'a', stderr: 'b\n', status: 3 });
  });

  it('shows the end of what a failed program said', async () => {
    const failing = run('sh', ['-c', 'echo why; exit 3']);
    await expect(failing).rejects.toThrow(ProgramError);
    await expect(failing).rejects.toThrow('sh ended with status 3:\nwhy');
  });

  it("blames a program that can't be run, not us", async () => {
    const failing = run('/no/such/program', []);
    await expect(failing).rejects.toThrow(FailureError);
    await expect(failing).rejects.toThrow("can't run /no/such/program: ");
  });

  it('hands on each line as it comes', async () => {
    const lines: string[] = [];
    await run('printf', ['a\\nb\\nc'], { onLine: (line) => lines.push(line) });
    expect(lines).toEqual(['a', 'b', 'c']);
  });

  it('starts nothing when it is stopped already', async () => {
    const file = join(folder, 'started');
    const stopped = run('touch', [file], { signal: AbortSignal.abort(new StoppedError('SIGINT')) });
    await expect(stopped).rejects.toThrow('stopped by SIGINT');
    expect(existsSync(file)).toBe(false);
  });
});

onLinux('a program that is stopped (needs Linux)', () => {
  it.each([
    ['that ends when asked', ''],
    ['that does not listen', 'trap "" TERM;'],
  ])('%s is gone with all that it started when the reason is thrown', async (_what, habit) => {
    const file = join(folder, 'pids');
    const stop = new AbortController();
    const script = `${habit} echo $$ > ${file}; sleep 600 & echo $! >> ${file}; wait; sleep 600`;
    const stopped = run('sh', ['-c', script], { signal: stop.signal });
    const outcome = expect(stopped).rejects.toThrow('stopped by SIGTERM');
    expect(await until(async () => numbersIn(file).length === 2, soon)).toBe(true);
    stop.abort(new StoppedError('SIGTERM'));
    await outcome;
    expect(await until(() => allGone(numbersIn(file)), soon)).toBe(true);
  });

  it('ends when the command that runs it is killed without a word', async () => {
    const file = join(folder, 'pids');
    const program = `
      require('${join(root, 'node_modules/tsx/dist/cjs/index.cjs')}');
      const { run } = require('${join(root, 'scripts/machine/exec.ts')}');
      void run('sh', ['-c', 'echo $$ > ${file}; exec sleep 600'], { endsWithUs: true });`;
    const parent = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
    expect(await until(async () => numbersIn(file).length === 1, soon)).toBe(true);
    parent.kill('SIGKILL');
    expect(await until(() => allGone(numbersIn(file)), soon)).toBe(true);
  });
});
