import { Release as Resource } from '@cdktf/provider-helm/lib/release';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { stringify } from 'yaml';
import { literal } from './text';

export interface ReleaseProps {
  /** Release name. */
  readonly releaseName: string;
  readonly namespace: string;
  /** Chart folder relative to the stack's folder, or the name of a chart in `repository`. */
  readonly chart: string;
  /** Address of a chart repository. @default - `chart` is a folder */
  readonly repository?: string;
  /** Version of a chart of a repository. @default - the folder's own */
  readonly version?: string;
  /** Merged by Helm in this order, later ones win. @default - the chart's own values */
  readonly values?: readonly Readonly<Record<string, unknown>>[];
  /**
   * A program of Node.js that changes what Helm rendered, relative to the stack's folder: for what no value can say.
   * @default - installed as rendered
   */
  readonly postrender?: string;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** A Helm release that is complete only when its workloads are ready. */
export class Release extends Construct {
  readonly resource: Resource;

  constructor(scope: Construct, id: string, props: ReleaseProps) {
    super(scope, id);
    this.resource = new Resource(this, 'Resource', {
      name: props.releaseName,
      namespace: props.namespace,
      chart: props.chart,
      ...(props.repository === undefined ? {} : { repository: props.repository }),
      ...(props.version === undefined ? {} : { version: props.version }),
      values: (props.values ?? []).map((value) =>
        // Helm reads YAML 1.1, where yes, 0777 and 12:30 are not text. Blocks of white space do not read back (run).
        literal(
          stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1', blockQuote: false }),
        ),
      ),
      ...(props.postrender === undefined ? {} : { postrender: { binaryPath: 'node', args: [props.postrender] } }),
      wait: true,
      timeout: 300,
      dependsOn: [...(props.dependsOn ?? [])],
    });
  }
}
