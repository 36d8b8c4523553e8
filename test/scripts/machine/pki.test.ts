import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePki } from '../../../scripts/machine/pki';

let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'isthmus-pki-test-'));
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

const authorities = {
  ca: [{ name: 'server', commonName: 'server', dns: ['localhost'], addresses: ['127.0.0.1'] }],
  'other-ca': [{ name: 'client', commonName: 'client', organization: 'group' }],
};

async function make(): Promise<string> {
  const folder = join(base, 'pki');
  await ensurePki(folder, authorities, ['ca']);
  return folder;
}

const certificate = (folder: string, name: string) => new X509Certificate(readFileSync(join(folder, `${name}.crt`)));

it('issues from the right authority, with the names asked for', async () => {
  const folder = await make();
  const server = certificate(folder, 'server');
  const client = certificate(folder, 'client');
  expect(server.checkIssued(certificate(folder, 'ca'))).toBe(true);
  expect(server.verify(certificate(folder, 'ca').publicKey)).toBe(true);
  expect(client.verify(certificate(folder, 'ca').publicKey)).toBe(false);
  expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(server.checkHost('localhost')).toBe('localhost');
  expect(client.subject).toBe('O=group\nCN=client');
});

it('keeps only the authority keys asked for, and every file from other users', async () => {
  const folder = await make();
  expect(readdirSync(folder).sort()).toEqual([
    'ca.crt',
    'ca.key',
    'client.crt',
    'client.key',
    'other-ca.crt',
    'sa.key',
    'sa.pub',
    'server.crt',
    'server.key',
  ]);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
});

it('makes nothing anew when the set is there', async () => {
  const folder = await make();
  const before = readFileSync(join(folder, 'server.crt'), 'utf8');
  await make();
  expect(readFileSync(join(folder, 'server.crt'), 'utf8')).toBe(before);
});
