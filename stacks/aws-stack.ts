import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import type { Construct } from 'constructs';
import { type AwsSettings, meshTag, regionTag } from '../model/aws';
import type { Lab } from '../model/lab';
import { labTag } from '../model/names';
import { LabStack } from './lab-stack';

/** Tags of everything that belongs to a lab, and to one mesh of it. */
export function awsTags(lab: Lab, mesh?: string): Readonly<Record<string, string>> {
  return { ...lab.aws?.tags, [labTag]: lab.name, ...(mesh === undefined ? {} : { [meshTag]: mesh }) };
}

/** A stack of AWS resources, every one of them tagged. */
export class AwsStack extends LabStack {
  protected readonly settings: AwsSettings;

  /** @param mesh name of the mesh that the resources belong to; undefined when it is both */
  constructor(scope: Construct, lab: Lab, id: string, mesh?: string) {
    super(scope, lab, id);
    if (lab.aws === undefined) throw new Error(`${id} without the section aws`);
    this.settings = lab.aws;
    new AwsProvider(this, 'AwsProvider', {
      region: lab.aws.region,
      defaultTags: [{ tags: { ...awsTags(lab, mesh), [regionTag]: lab.aws.region } }],
    });
  }
}
