import { AssetType, DataResource, type ITerraformDependable, TerraformAsset } from 'cdktf';
import { Construct } from 'constructs';
import type { HostSpec } from '../../model/hosts';
import { literal } from '../helm/text';

export interface ConsulHostProps {
  /** All but the program's place, which follows from `program`. */
  readonly spec: Omit<HostSpec, 'program'>;
  /** Bundled JavaScript file that the host runs. @default - no program */
  readonly program?: { readonly file: string; readonly env: Readonly<Record<string, string>> };
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/**
 * A host of a Consul mesh: agent, and what the host's role adds. Two resources, because a change of the spec must not
 * tear the host down: the first is the host's life, the second what it should be.
 */
export class ConsulHost extends Construct {
  readonly resource: DataResource;

  constructor(scope: Construct, id: string, { spec, program, dependsOn = [] }: ConsulHostProps) {
    super(scope, id);
    const place = literal(JSON.stringify({ lab: spec.lab, mesh: spec.mesh, name: spec.name }));
    const life = new DataResource(this, 'Life', {
      triggersReplace: { place },
      dependsOn: [...dependsOn],
      provisioners: [
        {
          type: 'local-exec',
          when: 'destroy',
          command: '../../../isthmus host remove',
          environment: { ISTHMUS_HOST: place },
        },
      ],
    });
    const whole = literal(JSON.stringify({ ...spec, ...this.programOf(program) }));
    this.resource = new DataResource(this, 'Resource', {
      triggersReplace: { spec: whole },
      dependsOn: [life],
      provisioners: [
        { type: 'local-exec', command: '../../../isthmus host apply', environment: { ISTHMUS_HOST: whole } },
      ],
    });
  }

  private programOf(program: ConsulHostProps['program']): Pick<HostSpec, 'program'> {
    if (program === undefined) return {};
    const asset = new TerraformAsset(this, 'Program', { path: program.file, type: AssetType.FILE });
    return { program: { path: asset.path, env: program.env } };
  }
}
