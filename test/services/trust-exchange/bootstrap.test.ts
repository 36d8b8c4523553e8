import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readingRole, signingRole } from '../../../services/trust-exchange/acl';
import { entryName, staleEntries } from '../../../services/trust-exchange/bootstrap';
import { prepare, readPlaneTokens } from '../../../services/trust-exchange/prepare';
import { planeConfig } from './support';

describe('the bootstrap tokens', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plane-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('are made once, readable by Consul alone, and never replaced', () => {
    const file = join(folder, 'data/acl.json');
    expect(prepare(file)).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o400);
    const made = readFileSync(file, 'utf8');
    chmodSync(file, 0o660);
    expect(prepare(file)).toBe(false);
    expect(statSync(file).mode & 0o777).toBe(0o400);
    expect(readFileSync(file, 'utf8')).toBe(made);
    const { management, agent } = readPlaneTokens(file);
    expect(management).not.toBe(agent);
  });

  test('that are damaged stop the plane, and are not shown', () => {
    const file = join(folder, 'acl.json');
    writeFileSync(file, '{"acl":{"tokens":{"initial_management":"oops"}}}');
    expect(() => prepare(file)).toThrow(`${file} is unusable`);
    expect(() => readPlaneTokens(file)).not.toThrow('oops');
    expect(() => readPlaneTokens(join(folder, 'none.json'))).toThrow('(ENOENT)');
  });
});

describe('the scoped rights', () => {
  test('to sign cover exactly the consumers, each once, and no intentions', () => {
    const { rules } = signingRole(planeConfig());
    expect(rules).toBe('service "backend" {\n  policy = "write"\n  intentions = "deny"\n}\n');
    expect(signingRole(planeConfig({ imports: [] })).rules).toBe('');
  });

  test('to read write nothing', () => {
    expect(readingRole().rules).not.toContain('write');
    expect(readingRole().rules).not.toMatch(/mesh|operator|acl|key/);
  });
});

describe('config entries', () => {
  test('that the plan no longer has are stale', () => {
    const a = { kind: 'service-defaults', name: 'a' };
    const b = { kind: 'service-defaults', name: 'b' };
    const c = { kind: 'service-intentions', name: 'a' };
    expect(staleEntries([a, b, c], [a])).toEqual([b, c]);
    expect(staleEntries([], [a])).toEqual([]);
  });

  test('without kind or name are refused, with what they have', () => {
    expect(entryName({ Kind: 'mesh' })).toEqual({ kind: 'mesh', name: 'mesh' });
    expect(() => entryName({ Kind: 'service-defaults' })).toThrow('Kind "service-defaults" and Name undefined');
  });
});
