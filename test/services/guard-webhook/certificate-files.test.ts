import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateFiles } from '../../../services/guard-webhook/certificate-files';
import { type Generation, makeGeneration } from '../../../services/guard-webhook/generation';

const host = 'guard-webhook.guard.svc';
const log = { info: () => {}, warn: jest.fn(), error: () => {} };
const folder = mkdtempSync(join(tmpdir(), 'isthmus-certificates-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
};

test('what is served follows the files, and never a half of two generations', async () => {
  const [one, two] = await Promise.all([0, 1].map(() => makeGeneration(host, Date.now(), 3_600_000)));
  if (one === undefined || two === undefined) throw new Error('no generations');
  const served: Generation[] = [];
  const files = new CertificateFiles({ folder, host, log, onGeneration: (generation) => served.push(generation) });
  files.look();
  expect(files.notAfter).toBeUndefined();
  expect(log.warn).toHaveBeenCalledTimes(1);
  write({ 'ca.crt': one.ca, 'tls.crt': one.certificate, 'tls.key': one.key });
  files.look();
  files.look();
  expect(served).toEqual([one]);
  write({ 'tls.crt': two.certificate });
  files.look();
  expect(served).toEqual([one]);
  write({ 'ca.crt': two.ca, 'tls.key': two.key });
  files.look();
  expect(served).toEqual([one, two]);
  expect(files.notAfter).toBeGreaterThan(Date.now());
});
