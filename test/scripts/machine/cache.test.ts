import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailureError } from '../../../scripts/errors';
import {
  cacheFolder,
  cleanCache,
  entryFile,
  entryHash,
  findEntry,
  makeEntry,
  verifyEntry,
} from '../../../scripts/machine/cache';

let base: string;
const before = process.env.XDG_CACHE_HOME;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'isthmus-cache-test-'));
  process.env.XDG_CACHE_HOME = base;
});

afterEach(() => {
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
  rmSync(base, { recursive: true, force: true });
});

const makeTool = () => makeEntry('tool-1', async (folder) => writeFileSync(join(folder, 'tool'), 'good'));

describe('makeEntry', () => {
  it('makes an entry once', async () => {
    let made = 0;
    const fill = async (folder: string) => {
      made += 1;
      writeFileSync(join(folder, 'tool'), 'good');
    };
    const folder = await makeEntry('tool-1', fill);
    expect(await makeEntry('tool-1', fill)).toBe(folder);
    expect(made).toBe(1);
    expect(readFileSync(entryFile('tool-1', 'tool'), 'utf8')).toBe('good');
  });

  it('leaves nothing behind when filling fails', async () => {
    const failing = makeEntry('tool-1', async (folder) => {
      writeFileSync(join(folder, 'half'), 'x');
      throw new Error('network');
    });
    await expect(failing).rejects.toThrow('network');
    expect(findEntry('tool-1')).toBeUndefined();
    expect(readdirSync(cacheFolder())).toEqual([]);
  });

  it('sweeps what a killed build left, but not that of a living one', async () => {
    await makeTool();
    // Process ids end well below this number.
    const dead = join(cacheFolder(), '.new-99999999-other-1');
    const living = join(cacheFolder(), `.new-${process.pid}-other-2`);
    for (const folder of [dead, living]) mkdirSync(folder);
    await makeEntry('tool-2', async () => {});
    expect(existsSync(dead)).toBe(false);
    expect(existsSync(living)).toBe(true);
  });
});

describe('a damaged entry', () => {
  it.each([
    ['another size', 'longer than before', /has 18 bytes and should have 4/],
    ['another content', 'evil', /was changed/],
  ])('with %s is refused by name, with the fix', async (_what, content, message) => {
    const folder = await makeTool();
    writeFileSync(join(folder, 'tool'), content);
    utimesSync(join(folder, 'tool'), 1, 1);
    expect(() => entryFile('tool-1', 'tool')).toThrow(FailureError);
    expect(() => entryFile('tool-1', 'tool')).toThrow(message);
    expect(() => entryFile('tool-1', 'tool')).toThrow(/entry tool-1 .*`isthmus cache clean`/);
  });

  it('with a lost file is refused', async () => {
    const folder = await makeTool();
    rmSync(join(folder, 'tool'));
    expect(() => entryFile('tool-1', 'tool')).toThrow(/tool is gone/);
  });

  it('with an unreadable record is refused', async () => {
    const folder = await makeTool();
    writeFileSync(join(folder, 'entry.json'), '{');
    expect(() => entryFile('tool-1', 'tool')).toThrow(/entry.json can't be read/);
  });

  it('is found by the full check even when size and time are as recorded', async () => {
    const folder = await makeTool();
    const { mtimeMs } = JSON.parse(readFileSync(join(folder, 'entry.json'), 'utf8')).tool;
    writeFileSync(join(folder, 'tool'), 'evil');
    utimesSync(join(folder, 'tool'), mtimeMs / 1000, mtimeMs / 1000);
    await expect(verifyEntry('tool-1')).rejects.toThrow(/was changed/);
  });
});

it('accepts a file that was only touched', async () => {
  const folder = await makeTool();
  utimesSync(join(folder, 'tool'), 1, 1);
  expect(entryFile('tool-1', 'tool')).toBe(join(folder, 'tool'));
  await verifyEntry('tool-1');
});

it('tells the recorded hash', async () => {
  await makeTool();
  expect(entryHash('tool-1', 'tool')).toBe('770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c');
});

it('cleans the whole cache, also when there is none', async () => {
  await makeTool();
  expect(cleanCache()).toBe(cacheFolder());
  expect(cleanCache()).toBeUndefined();
});
