/** Lab files for the tests: the default lab under a name and ports of its own, and what a person might change of it. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Lab } from '../../../model/lab';
import { parseLab } from '../../../model/parse';
import { root } from './cli';

export const labName = 'e2e';

/** One folder for all test files; programs of other users read the places in it. */
export const folder = join(tmpdir(), 'isthmus-e2e');
mkdirSync(folder, { recursive: true });
chmodSync(folder, 0o755);

export interface RawLab {
  name: string;
  services: Record<string, Record<string, unknown>>;
  access: Record<string, unknown>[];
  settings?: Record<string, unknown>;
}

/** File with the places that info serves in these tests; it may be changed while info runs. */
export const placesFile = join(folder, 'places.json');

export const page = 'http://127.0.0.1:18080/';

/** Writes a lab file made from the default one, and reads it back. */
export function makeLab(name: string, change: (lab: RawLab) => void = () => {}): { file: string; lab: Lab } {
  const raw = parse(readFileSync(join(root, 'labs/local.yaml'), 'utf8')) as RawLab;
  raw.name = labName;
  raw.settings = { pagePort: 18080, apiPort: 18443 };
  Object.assign(raw.services['east/info'] ?? {}, { env: { PLACES_FILE: placesFile } });
  change(raw);
  // Whichever file of tests is run first, and alone.
  if (!existsSync(placesFile)) writePlaces();
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, stringify(raw));
  const { lab } = parseLab(readFileSync(file, 'utf8'));
  if (lab === undefined) throw new Error(`${file} has faults`);
  return { file, lab };
}

/** The default lab. */
export function openLab(): { file: string; lab: Lab } {
  return makeLab('open');
}

/** The default lab before anybody wrote a row that crosses the border. */
export function closedLab(): { file: string; lab: Lab } {
  return makeLab('closed', (lab) => {
    lab.access = lab.access.filter(({ from, to }) => from !== 'east/info' && to !== 'east/info');
  });
}

/** The default lab before anybody wrote the row from Consul to Istio. */
export function oneWayLab(): { file: string; lab: Lab } {
  return makeLab('one-way', (lab) => {
    lab.access = lab.access.filter(({ from }) => from !== 'east/info');
  });
}

/** Puts info's own places into the file that it serves, changed as a test likes. */
export function writePlaces(change: (text: string) => string = (text) => text): void {
  writeFileSync(placesFile, change(readFileSync(join(root, 'services/weather/info/places.json'), 'utf8')));
}
