/** The bundles themselves: built, started as processes, asked, ended. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { WeatherAnswer } from '../../../services/weather/common/answers';

const root = resolve(__dirname, '../../..');
const bundled = (name: string) => resolve(root, 'dist/programs/weather', `${name}.js`);
const names = ['info', 'backend', 'frontend'];
const running: ChildProcess[] = [];

beforeAll(() => {
  const build = ['--import', 'tsx', 'scripts/bundle.ts', ...names.map((name) => `weather/${name}`)];
  execFileSync(process.execPath, build, { cwd: root });
}, 60_000);

afterEach(async () => {
  const ends = running.filter((child) => child.exitCode === null).map((child) => once(child, 'exit'));
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await Promise.all(ends);
});

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
}

async function start(name: string, env: Record<string, string> = {}): Promise<Started> {
  const child = spawn(process.execPath, [bundled(name)], {
    env: { HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, port } = JSON.parse(line) as { msg: string; port?: number };
    if (msg === 'listening') {
      child.stdout.resume();
      return { child, url: `http://127.0.0.1:${port}` };
    }
  }
  throw new Error(`${name} ended before it listened`);
}

describe('the bundles', () => {
  test.each(names)('%s is small enough and knows nothing of the machine that built it', (name) => {
    const text = readFileSync(bundled(name), 'utf8');
    expect(text.length).toBeLessThan(900_000);
    expect(text).not.toContain(root);
  });

  test('answer through one another', async () => {
    const info = await start('info', { MESH: 'east', MESH_KIND: 'consul' });
    const backend = await start('backend', { INFO_URL: info.url, MESH: 'west', MESH_KIND: 'istio' });
    const frontend = await start('frontend', { BACKEND_URL: backend.url });

    const page = await (await fetch(frontend.url)).text();
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1];
    expect((await fetch(`${frontend.url}${script}`)).headers.get('content-type')).toContain('javascript');

    const ask = async () => (await (await fetch(`${frontend.url}/api/weather?place=Helsinki`)).json()) as WeatherAnswer;
    expect(await ask()).toMatchObject({
      weather: { ok: true, source: 'sample' },
      info: { ok: true, population: 658_864, served: { mesh: 'east', kind: 'consul' } },
      served: { mesh: 'west', kind: 'istio' },
    });

    info.child.kill('SIGTERM');
    expect(await once(info.child, 'exit')).toEqual([0, null]);
    expect(await ask()).toMatchObject({ weather: { ok: true }, info: { ok: false, reason: 'unreachable' } });
  }, 30_000);

  test('do not start with a wrong environment, and say what to mend', async () => {
    const child = spawn(process.execPath, [bundled('backend')], {
      env: { PORT: '0', INFO_URL: 'info' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.push(child);
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(said).toContain('backend: environment variables to mend:\n  INFO_URL: ');
  });

  test('end with a message when the port is taken', async () => {
    const first = await start('info');
    const child = spawn(process.execPath, [bundled('info')], {
      env: { HOST: '127.0.0.1', PORT: new URL(first.url).port },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    running.push(child);
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said).toContain("can't listen on 127.0.0.1:");
  });
});
