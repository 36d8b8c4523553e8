import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { AssetType, type ITerraformDependable, TerraformAsset } from 'cdktf';
import { Construct } from 'constructs';
import type { KubeObject } from '../../model/kube';
import { Release } from './release';

/** Our chart, which renders a list of objects. */
const chart = join(__dirname, '../../charts-values/objects');

/** Where charts with a program in them are put together. */
const staged = join(__dirname, '../../dist/charts');

export interface ObjectsProps {
  readonly releaseName: string;
  readonly namespace: string;
  readonly objects: readonly KubeObject[];
  /**
   * Bundled JavaScript files, which the chart puts into a ConfigMap named like the release: name in the ConfigMap →
   * file. They travel as files of the chart because Terraform would read the expressions in their text.
   * @default - no program
   */
  readonly programs?: Readonly<Record<string, string>>;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** Kubernetes objects as one Helm release: no custom resource definition is needed when the plan is made. */
export class Objects extends Construct {
  readonly release: Release;

  constructor(scope: Construct, id: string, props: ObjectsProps) {
    super(scope, id);
    const asset = new TerraformAsset(this, 'Chart', { path: stage(props.programs ?? {}), type: AssetType.DIRECTORY });
    const carries = Object.keys(props.programs ?? {}).length > 0;
    const program = carries ? { program: { name: props.releaseName, namespace: props.namespace } } : {};
    this.release = new Release(this, 'Release', {
      releaseName: props.releaseName,
      namespace: props.namespace,
      chart: asset.path,
      values: [{ objects: props.objects, ...program }],
      ...(props.dependsOn === undefined ? {} : { dependsOn: props.dependsOn }),
    });
  }
}

/** A folder with the chart and the programs, named by their content: made once, the same for every lab. */
function stage(programs: Readonly<Record<string, string>>): string {
  const named = Object.entries(programs).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (named.length === 0) return chart;
  const hash = createHash('sha256');
  for (const [name, file] of named) hash.update(`${name} `).update(readFileSync(file));
  for (const file of readdirSync(join(chart, 'templates')).toSorted())
    hash.update(readFileSync(join(chart, 'templates', file)));
  const folder = join(staged, hash.digest('hex').slice(0, 16));
  if (existsSync(folder)) return folder;
  mkdirSync(staged, { recursive: true });
  const fresh = mkdtempSync(`${folder}-`);
  // Another person's plan uses it, too.
  chmodSync(fresh, 0o755);
  cpSync(chart, fresh, { recursive: true });
  mkdirSync(join(fresh, 'program'));
  for (const [name, file] of named) cpSync(file, join(fresh, 'program', name));
  try {
    renameSync(fresh, folder);
  } catch {
    // Another process was quicker; the content is the same.
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}
