/** Ctrl-C on a terminal goes to all of its process group: here to a small command and what it started. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTime } from '../../../scripts/machine/processes';
import { until } from '../../../scripts/machine/until';

// Programs are started, which takes its time on a busy machine.
jest.setTimeout(60_000);

const onLinux = process.platform === 'linux' ? describe : describe.skip;
const soon = { timeout: 20_000, interval: 10 };
const root = join(__dirname, '../../..');
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isthmus-group-test-'));
  file = join(folder, 'pid');
});

afterEach(() => rmSync(folder, { recursive: true }));

const pid = () => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
const lives = () => startTime(pid()) !== undefined;

/** A program that tells its number, and a line when it is asked for one. */
const script = () => `echo $$ > ${file}; read line; echo "{\\"said\\":\\"$line\\"}"; exec sleep 600`;

interface Command {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  said(): string;
  interrupt(): void;
}

/** A command in a group of its own, as a shell starts one. */
function command(body: string): Command {
  const imports = ['tsx', 'scripts/machine/exec', 'scripts/attack/vantage/logs', 'scripts/attack/vantage/agent'];
  const [tsx, exec, logs, agent] = imports.map((name) =>
    name === 'tsx' ? join(root, 'node_modules/tsx/dist/cjs/index.cjs') : join(root, `${name}.ts`),
  );
  const program = `
    require('${tsx}');
    const { run } = require('${exec}');
    const { followCommand } = require('${logs}');
    const { Agent } = require('${agent}');
    const script = ${JSON.stringify(script())};
    setTimeout(() => {}, 60_000);
    ${body}`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const group = -(child.pid ?? Number.NaN);
  const interrupt = () => void process.kill(group, 'SIGINT');
  return { child, ended: new Promise((resolve) => child.once('close', resolve)), said: () => text, interrupt };
}

const caught = "process.on('SIGINT', () => console.log('caught')); process.on('SIGUSR1', () => process.exit(130));";

onLinux('what a command started (needs Linux)', () => {
  it.each([
    ['a program that is run', "void run('sh', ['-c', script], { input: '', allow: [0, 1] });"],
    ['a log that is followed', "followCommand('sh', ['-c', script]);"],
    ['an agent', "Agent.start('here', 'sh', ['-c', script]).catch(() => {});"],
  ])('lives on when the command catches Ctrl-C, and ends with it: %s', async (_what, start) => {
    const { child, ended, said, interrupt } = command(`${caught} ${start}`);
    expect(await until(async () => lives(), soon)).toBe(true);
    interrupt();
    // The kernel gave the signal to all of the group before the command could say so.
    expect(await until(async () => said().includes('caught'), soon)).toBe(true);
    expect(lives()).toBe(true);
    child.kill('SIGUSR1');
    await ended;
    expect(await until(async () => !lives(), soon)).toBe(true);
  });

  it('ends by Ctrl-C when the command does not catch it', async () => {
    const { ended, interrupt } = command("void run('sh', ['-c', script], { input: '' });");
    expect(await until(async () => lives(), soon)).toBe(true);
    interrupt();
    await ended;
    expect(await until(async () => !lives(), soon)).toBe(true);
  });
});
