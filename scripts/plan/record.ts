/** What the runner applied, so that it can tell what changed and take away what is gone from the plan. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
    this.entries.delete(id);
    this.write();
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
  const hash = createHash('sha256').update(JSON.stringify(values));
  const { chart } = values;
  if (type === 'helm_release' && typeof chart === 'string') hashFolder(join(folder, chart), hash);
  return hash.digest('hex');
}

function hashFolder(path: string, hash: ReturnType<typeof createHash>): void {
  for (const name of readdirSync(path).toSorted()) {
    const entry = join(path, name);
    hash.update(name);
    if (statSync(entry).isDirectory()) hashFolder(entry, hash);
    else hash.update(readFileSync(entry));
  }
}
