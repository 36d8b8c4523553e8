import { LocalBackend, S3Backend, TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import type { Lab } from '../model/lab';
import { stateFileName } from '../model/names';

/** A stack of one mesh and layer. Its state lies beside it, wherever the checkout is, or in the lab's bucket. */
export class LabStack extends TerraformStack {
  constructor(scope: Construct, lab: Lab, id: string) {
    super(scope, id);
    const state = lab.aws?.state;
    if (state?.kind !== 's3') {
      new LocalBackend(this, { path: `../../../${stateFileName(id)}` });
      return;
    }
    const { bucket, region, prefix } = state;
    new S3Backend(this, { bucket, region, key: `${prefix}isthmus/${lab.name}/${id}.tfstate`, encrypt: true });
    // A lock file in the bucket itself, since Terraform 1.10; cdktf knows the older lock table only.
    this.addOverride('terraform.backend.s3.use_lockfile', true);
  }
}
