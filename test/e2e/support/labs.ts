/** Lab files for the tests: the default lab, and what a person might change of it. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Lab } from '../../../model/lab';
import { parseLab } from '../../../model/parse';
import { root } from './cli';

const folder = mkdtempSync(join(tmpdir(), 'isthmus-e2e-'));

interface Raw {
  services: Record<string, Record<string, unknown>>;
  access: Record<string, unknown>[];
  settings?: Record<string, unknown>;
}

/** File of the places that `info` serves in these tests; it may be changed while info runs. */
export const placesFile = join('/var/lib/isthmus', 'e2e-places.json');

/** Writes a lab file made from the default one. */
export function labFile(name: string, change: (lab: Raw) => void = () => {}): string {
  const raw = parse(readFileSync(join(root, 'labs/local.yaml'), 'utf8')) as Raw;
  change(raw);
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, stringify(raw));
  return file;
}

export function readLab(file: string): Lab {
  const { lab } = parseLab(readFileSync(file, 'utf8'));
  if (lab === undefined) throw new Error(`${file} has faults`);
  return lab;
}
