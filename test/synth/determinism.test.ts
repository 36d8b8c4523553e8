/** The same lab file gives the same bytes: in two folders, at two times, for two people. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/folder';
import { root } from '../support/labs';

const folder = temporaryFolder();
const sources = ['main.ts', 'package.json', 'tsconfig.json', 'charts-values', 'constructs', 'labs', 'model', 'stacks'];
const scripts = ['load.ts', 'home.ts', 'errors.ts', 'root.ts'];
const programs = [
  'weather/frontend',
  'weather/backend',
  'weather/info',
  'weather/cache',
  'trust-exchange',
  'guard-webhook',
];

/** A copy of what makes a plan, with small programs. */
function checkout(name: string): string {
  const at = join(folder, name);
  for (const path of sources) cpSync(join(root, path), join(at, path), { recursive: true });
  for (const path of scripts) cpSync(join(root, 'scripts', path), join(at, 'scripts', path));
  for (const program of programs) {
    const file = join(at, 'dist/programs', `${program}.js`);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `console.log('${program}');\n`);
  }
  symlinkSync(join(root, 'node_modules'), join(at, 'node_modules'));
  return at;
}

/** Runs main.ts as a person would; returns every file of the plan. */
function planOf(at: string, env: Readonly<Record<string, string>>): Map<string, string> {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'main.ts'], {
    cwd: at,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, CHECKPOINT_DISABLE: '1', ...env },
  });
  expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  const out = join(at, 'cdktf.out');
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files
      .map(({ parentPath, name }) => {
        const file = join(parentPath, name);
        return [file.slice(out.length), readFileSync(file, 'utf8')] as const;
      })
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

test.each(['local', 'kubeconfig', 'aws'])(
  'labs/%s.yaml: two checkouts, two people, one plan',
  (lab) => {
    const first = checkout(`first-${lab}`);
    const config = { ISTHMUS_CONFIG: `labs/${lab}.yaml` };
    const elsewhere = { HOME: '/nowhere', TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', USER: 'other' };
    const plan = planOf(first, { HOME: '/root', TZ: 'UTC', ...config });
    expect(plan.size).toBeGreaterThan(20);
    expect(planOf(checkout(`a folder/second-${lab}`), { ...elsewhere, ...config })).toEqual(plan);
    // Over a plan that is there already: it is written the same way for every lab.
    if (lab === 'local') expect(planOf(first, { HOME: '/root', TZ: 'UTC', ...config })).toEqual(plan);
    const text = [...plan.values()].join('\n');
    expect(text).not.toContain(folder);
    expect(text).not.toContain(realpathSync(folder));
    expect(text).not.toContain(root);
  },
  60_000,
);

test('a lab file that is wrong ends with its faults, before anything is written', () => {
  const at = checkout('wrong');
  writeFileSync(join(at, 'lab.yaml'), 'name: Wrong\nplatform: local\nmeshes: {}\n');
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'main.ts'], {
    cwd: at,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ISTHMUS_CONFIG: 'lab.yaml' },
  });
  expect(status).not.toBe(0);
  expect(stderr).toContain('lab.yaml has 3 faults:');
  expect(stderr).toContain('lab.yaml:1  name: is not valid');
  expect(readdirSync(at)).not.toContain('cdktf.out');
}, 30_000);
