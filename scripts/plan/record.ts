/** What the runner applied, so that it can tell what changed and take away what is gone from the plan. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { PlannedResource } from './read';

export interface AppliedResource extends PlannedResource {
  /** Of values and of the files they point at. */
  readonly hash: string;
}

export class Record {
  private readonly entries: Map<string, AppliedResource>;

  /** @param file where the record is kept; it need not exist */
  constructor(private readonly file: string) {
    this.entries = new Map(read(file).map((entry) => [entry.id, entry]));
  }

  get(id: string): AppliedResource | undefined {
    return this.entries.get(id);
  }

  all(): AppliedResource[] {
    return [...this.entries.values()];
  }

  set(resource: PlannedResource, hash: string): void {
    this.entries.set(resource.id, { ...resource, hash });
    this.write();
  }

  delete(id: string): void {
    if (this.entries.delete(id)) this.write();
  }

  /** Written whole and renamed, so that a killed runner leaves the old record or the new one. */
  private write(): void {
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.file}.new`, JSON.stringify(this.all(), null, 1));
    renameSync(`${this.file}.new`, this.file);
  }
}

function read(file: string): AppliedResource[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as AppliedResource[];
  } catch {
    return [];
  }
}

/** Identity of a resource's wanted state: its values, and its chart's content for a Helm release. */
export function hashOf({ type, values, folder }: PlannedResource): string {
  const { chart, repository } = values;
  const isFolder = type === 'helm_release' && typeof chart === 'string' && repository === undefined;
  const files = isFolder ? filesOf(resolve(folder, chart)) : [];
  return sha256(JSON.stringify([values, files]));
}

/** Path and content hash of every file below a folder, in the order of their names. */
function filesOf(folder: string): [path: string, hash: string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }): [string, string] => {
      const file = join(parentPath, name);
      return [relative(folder, file), sha256(readFileSync(file))];
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
