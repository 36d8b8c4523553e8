/** Whose a state is and where: none is lost, and none crossed. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../../scripts/errors';
import { applyStacks } from '../../../scripts/terraform/drive';
import { fakeTerraform } from '../../support/stacks';
import { arn, driving, owner, specs, vpc } from './driving';

const lab = driving();
const { apply, destroy, done, options, stacks } = lab;

describe('state', () => {
  const other = { tags_all: { 'isthmus.dev/lab': 'demo' } };
  test.each([
    ['lab', vpc('nw', other), 'lab demo, not weather'],
    ['region', vpc('nw', { arn: arn('us-east-1', owner.account) }), 'region us-east-1, not eu-north-1'],
    ['account', vpc('nw', { arn: arn(owner.region, '999988887777') }), 'account 999988887777, not 111122223333'],
  ])('of another %s is touched neither by apply nor by destroy', async (_what, resource, said) => {
    const state = {
      version: 4,
      resources: Object.entries(resource.aws_vpc).map(([name, attributes]) => ({
        mode: 'managed',
        type: 'aws_vpc',
        name,
        instances: [{ attributes }],
      })),
    };
    const text = JSON.stringify(state);
    writeFileSync(lab.checkout.stateFile('network-east'), text);
    for (const work of [apply, destroy]) {
      await expect(work()).rejects.toThrow(UsageError);
      await expect(work()).rejects.toThrow(`is of ${said}. Nothing was changed.`);
    }
    expect(readFileSync(lab.checkout.stateFile('network-east'), 'utf8')).toBe(text);
    expect(lab.checkout.calls().filter((call) => !call.endsWith(' init'))).toEqual([]);
  });

  test('without tags is known by who applied it', async () => {
    await apply();
    const changed = { ...owner, region: 'us-east-1' };
    await expect(apply({ owner: changed })).rejects.toThrow('region eu-north-1, not us-east-1');
    await expect(destroy({ owner: changed })).rejects.toThrow('region eu-north-1, not us-east-1');
    await expect(applyStacks(stacks(), options({ owner: { ...owner, lab: 'demo' } }))).rejects.toThrow(
      'lab weather, not demo',
    );
    await destroy();
    await apply({ owner: changed });
  });

  test('that is damaged stops everything', async () => {
    writeFileSync(lab.checkout.stateFile('border'), '{"version": 4, "resour');
    await expect(apply()).rejects.toThrow(/terraform\.border\.tfstate is no Terraform state\. Nothing was changed/);
    await expect(destroy()).rejects.toThrow(/is no Terraform state/);
    expect(done('apply')).toEqual([]);
  });

  test('in a file is not left behind when the lab file moves it to S3', async () => {
    await apply();
    lab.checkout.synthesise({ ...specs, border: { ...specs.border, backend: { s3: { bucket: 'b' } } } });
    lab.checkout.forgetCalls();
    const command = join(lab.checkout.folder, 'pull');
    writeFileSync(command, `#!/bin/sh\n[ "$1" = state ] || exec ${fakeTerraform.command} "$@"\n`, { mode: 0o755 });
    await expect(apply({ program: { command, version: '1.11.4' } })).rejects.toThrow(
      /border: .*terraform\.border\.tfstate holds 1 resources, and the lab file keeps state in s3/,
    );
    expect(done('apply')).toEqual([]);
  });

  test('in S3 is asked for, and not taken for empty', async () => {
    const backend = { s3: { bucket: 'b' } };
    const remote = {
      'network-west': { resource: vpc('nw'), backend },
      border: { on: ['network-west'], resource: { aws_route: { r: {} } }, backend },
    };
    lab.checkout.synthesise(remote);
    await apply();
    expect(lab.checkout.state('network-west')).toEqual([]);
    // Another clone: nothing is known here but the plan.
    rmSync(join(lab.checkout.folder, '.terraform.applied'), { recursive: true });
    lab.checkout.forgetCalls();
    expect((await apply()).get('network-west')).toBe(0);
    await expect(apply({ owner: { ...owner, lab: 'demo' } })).rejects.toThrow(
      'network-west: its state in s3 is of lab weather, not demo',
    );
    await expect(destroy({ owner: { ...owner, lab: 'demo' } })).rejects.toThrow('of lab weather, not demo');
    expect([...(await destroy()).keys()]).toEqual(['border', 'network-west']);
    expect((await destroy()).size).toBe(0);
  });

  test('that is locked tells who holds it, and the stacks above wait for the next up', async () => {
    const detail =
      'Error message: resource temporarily unavailable\nLock Info:\n  ID:        4582f9cd\n  Who:       ann@laptop\n  Created:   2026-11-23 15:35:17 +0000 UTC\n';
    lab.checkout.script({ 'cluster-west': { lock: { summary: 'Error acquiring the state lock', detail } } });
    await expect(apply()).rejects.toThrow(
      /at work on the state of cluster-west: ann@laptop, since 2026-11-23 15:35:17/,
    );
    expect(lab.checkout.state('border')).toEqual([]);
  });

  test('that Terraform could not write once stops the stack until it is pushed', async () => {
    writeFileSync(join(lab.checkout.outdir, 'stacks/border/errored.tfstate'), '{}');
    await expect(apply()).rejects.toThrow(
      /border: Terraform once could not write its state[\s\S]*state push errored\.tfstate/,
    );
    expect(done('apply')).toEqual([]);
  });
});
