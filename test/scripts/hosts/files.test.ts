import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesSince, logSize, logTail } from '../../../scripts/hosts/log';
import { isOpen } from '../../../scripts/hosts/runnable';
import { folder, newGossipKey, passable, secret, writeOwned } from '../../../scripts/hosts/secret';

let base: string;
const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const mode = (path: string) => statSync(path).mode & 0o777;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'hosts-'));
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('secret', () => {
  const asRoot = process.getuid?.() === 0 ? test : test.skip;

  asRoot('is made once, for one reader', () => {
    const path = join(base, 'tokens', 'agent');
    expect(secret(path, () => 'first')).toBe('first');
    expect(secret(path, () => 'second')).toBe('first');
    expect(mode(path)).toBe(0o600);
    expect(mode(join(base, 'tokens'))).toBe(0o700);
    expect(readdirSync(join(base, 'tokens'))).toEqual(['agent']);
  });

  asRoot('is the one of who came first when two make it at once', () => {
    const path = join(base, 'key');
    const mine = secret(path, () => {
      writeFileSync(path, 'theirs');
      return 'mine';
    });
    expect(mine).toBe('theirs');
    expect(readdirSync(base)).toEqual(['key']);
  });

  test('a gossip key has 32 bytes', () => {
    expect(Buffer.from(newGossipKey(), 'base64')).toHaveLength(32);
  });
});

test('writeOwned replaces a file and its mode in one step', () => {
  const path = join(base, 'agent.json');
  writeOwned(path, 'old', me, 0o644);
  writeOwned(path, 'new', me);
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(mode(path)).toBe(0o600);
  expect(readdirSync(base)).toEqual(['agent.json']);
});

test('folder corrects the mode of a folder that is there', () => {
  mkdirSync(join(base, 'data'), { mode: 0o755 });
  expect(mode(folder(join(base, 'data'), me, 0o700))).toBe(0o700);
});

test('passable lets others pass and takes nothing away', () => {
  mkdirSync(join(base, 'lab'));
  chmodSync(join(base, 'lab'), 0o700);
  passable(join(base, 'lab'));
  expect(mode(join(base, 'lab'))).toBe(0o711);
});

describe('isOpen', () => {
  test('needs every folder above to be passable', () => {
    const program = join(base, 'bin', 'consul');
    mkdirSync(join(base, 'bin'));
    writeFileSync(program, '');
    chmodSync(program, 0o755);
    chmodSync(base, 0o755);
    expect(isOpen(program)).toBe(true);
    chmodSync(base, 0o700);
    expect(isOpen(program)).toBe(false);
  });

  test('needs the program to be for everybody', () => {
    const program = join(base, 'consul');
    writeFileSync(program, '');
    chmodSync(base, 0o755);
    chmodSync(program, 0o750);
    expect(isOpen(program)).toBe(false);
  });
});

describe('logs', () => {
  test('give the lines after a place', () => {
    const log = join(base, 'a.log');
    expect(logSize(log)).toBe(0);
    expect(linesSince(log, 0)).toEqual([]);
    writeFileSync(log, 'one\ntwo\n');
    const from = logSize(log);
    expect(linesSince(log, from)).toEqual([]);
    writeFileSync(log, 'three\nfour\n', { flag: 'a' });
    expect(linesSince(log, from)).toEqual(['three', 'four']);
  });

  test('end with their last lines', () => {
    const log = join(base, 'a.log');
    writeFileSync(log, Array.from({ length: 40 }, (_, index) => `line ${index}\n`).join(''));
    expect(logTail(log, 2)).toBe('line 38\nline 39');
    expect(logTail(join(base, 'none.log'))).toBe('(it is empty)');
  });
});
