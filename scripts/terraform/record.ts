/**
 * What was applied last, stack by stack: the plan, and for whom. Destroying goes by it and not by the lab file, which
 * may have changed or no longer parse: with another region in its provider, Terraform would find nothing there, drop
 * the resources from its state, and they would be left for ever.
 */
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planFile, type Stack } from './stacks';
import type { Owner } from './state';

/** Folder beside the state files. Ignored by git as all of Terraform's own files are. */
const folderName = '.terraform.applied';
const ownerFile = 'owner.json';
/** Where synth puts the charts of a stack. */
const assetsFolder = 'assets';

interface Recorded extends Owner {
  readonly lab: string;
  readonly dependsOn: readonly string[];
}

/** Records of the stacks of one lab in one checkout. */
export class AppliedRecord {
  private readonly base: string;

  /** @param checkout folder that holds the state files, the parent of synth's output */
  constructor(
    checkout: string,
    private readonly lab: string,
  ) {
    this.base = join(checkout, folderName);
  }

  /** Remembers a stack before it is applied for the first time, and each time after. */
  begin(stack: Stack, owner: Owner): void {
    const folder = this.folder(stack.name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    copyFileSync(join(stack.folder, planFile), join(folder, planFile));
    // Helm's provider looks for a release's chart even to uninstall it.
    rmSync(join(folder, assetsFolder), { recursive: true, force: true });
    const assets = join(stack.folder, assetsFolder);
    if (existsSync(assets)) cpSync(assets, join(folder, assetsFolder), { recursive: true });
    const recorded: Recorded = { ...owner, lab: this.lab, dependsOn: stack.dependsOn };
    // Last, so that a record is whole or not there.
    writeFileSync(join(folder, ownerFile), JSON.stringify(recorded));
  }

  /** Forgets a stack of which nothing is left. */
  forget(name: string): void {
    rmSync(this.folder(name), { recursive: true, force: true });
  }

  /** The stacks as they were applied. Paths relative to their folders lead to the same state files as synth's. */
  stacks(): Stack[] {
    return names(join(this.base, this.lab))
      .map((name) => ({ name, recorded: this.read(this.lab, name) }))
      .flatMap(({ name, recorded }) =>
        recorded === undefined ? [] : [{ name, folder: this.folder(name), dependsOn: recorded.dependsOn }],
      );
  }

  /** For whom a stack of this name was applied in this checkout: for this lab, or else for any other. */
  owner(name: string): Owner | undefined {
    const labs = [this.lab, ...names(this.base).filter((lab) => lab !== this.lab)];
    for (const lab of labs) {
      const recorded = this.read(lab, name);
      if (recorded === undefined) continue;
      const { dependsOn: _, ...owner } = recorded;
      return owner;
    }
    return undefined;
  }

  private read(lab: string, name: string): Recorded | undefined {
    const file = join(this.base, lab, name, ownerFile);
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded) : undefined;
  }

  /** As deep below the checkout as synth's folders are: relative paths to state files hold in both. */
  private folder(name: string): string {
    return join(this.base, this.lab, name);
  }
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
