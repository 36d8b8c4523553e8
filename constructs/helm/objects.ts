import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssetType, type ITerraformDependable, TerraformAsset } from 'cdktf';
import { Construct } from 'constructs';
import type { KubeObject } from '../../model/kube';
import { Release } from './release';

/** Our chart, which renders a list of objects. */
const chart = join(__dirname, '../../charts-values/objects');

export interface ObjectsProps {
  readonly releaseName: string;
  readonly namespace: string;
  readonly objects: readonly KubeObject[];
  /**
   * A bundled JavaScript file, which the chart puts into a ConfigMap named like the release, as `main.js`. It travels
   * as a file of the chart because Terraform would read the expressions in its text.
   * @default - no program
   */
  readonly program?: string;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** Kubernetes objects as one Helm release: no custom resource definition is needed when the plan is made. */
export class Objects extends Construct {
  readonly release: Release;

  constructor(scope: Construct, id: string, props: ObjectsProps) {
    super(scope, id);
    const asset = new TerraformAsset(this, 'Chart', { path: stage(props.program), type: AssetType.DIRECTORY });
    const program =
      props.program === undefined ? {} : { program: { name: props.releaseName, namespace: props.namespace } };
    this.release = new Release(this, 'Release', {
      releaseName: props.releaseName,
      namespace: props.namespace,
      chart: asset.path,
      values: [{ objects: props.objects, ...program }],
      ...(props.dependsOn === undefined ? {} : { dependsOn: props.dependsOn }),
    });
  }
}

const staged: string[] = [];
process.once('exit', () => {
  for (const folder of staged) rmSync(folder, { recursive: true, force: true });
});

/** A folder with the chart and the program. cdktf copies assets when it writes the plan, so it lives as long as we do. */
function stage(program: string | undefined): string {
  if (program === undefined) return chart;
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-chart-'));
  staged.push(folder);
  cpSync(chart, folder, { recursive: true });
  mkdirSync(join(folder, 'program'));
  cpSync(program, join(folder, 'program', 'main.js'));
  return folder;
}
