/** The driver over the real Terraform. Its stacks hold only what is built in, so that no provider is fetched. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError, StoppedError } from '../../../scripts/errors';
import { until } from '../../../scripts/machine/until';
import { silentProgress } from '../../../scripts/progress';
import { applyStacks, type DriveOptions, destroyStacks } from '../../../scripts/terraform/drive';
import { findTerraform } from '../../../scripts/terraform/program';
import { readStacks } from '../../../scripts/terraform/stacks';
import { parseState } from '../../../scripts/terraform/state';
import { temporaryFolder } from '../../support/folder';
import { makeCheckout, type StackSpecs } from '../../support/stacks';
import { testWithTerraform } from '../../support/terraform';

const below = temporaryFolder();
const checkout = makeCheckout(below);
const at = (name: string) => join(checkout.folder, name);

/** Says who runs it, then waits for a file. */
const waits = (file: string) => [
  { 'local-exec': { command: `echo $PPID > ${at('pid')}; until [ -e ${at(file)} ]; do sleep 0.05; done` } },
];

/** Two stacks, of which the upper reads an output of the lower. */
function plan(size: string, provisioner: readonly unknown[] = []): StackSpecs {
  const below = '${data.terraform_remote_state.lower.outputs.size}';
  return {
    lower: {
      resource: { terraform_data: { size: { input: size } } },
      output: { size: { value: '${terraform_data.size.output}' } },
    },
    upper: {
      on: ['lower'],
      resource: {
        terraform_data: {
          first: { input: below },
          second: {
            input: '${terraform_data.first.output}',
            triggers_replace: size,
            ...(provisioner.length > 0 && { provisioner }),
          },
          third: { input: '${terraform_data.second.id}' },
        },
      },
      output: { pageAddress: { value: `http://${below}.example` } },
    },
  };
}

/** As cdktf writes a reference from one stack to another. */
function synthesise(specs: StackSpecs): void {
  checkout.synthesise(specs);
  const file = join(checkout.outdir, 'stacks/upper/cdk.tf.json');
  const config = { path: '../../../terraform.lower.tfstate' };
  const data = { terraform_remote_state: { lower: { backend: 'local', config } } };
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), data }));
}

const upper = () => parseState(readFileSync(checkout.stateFile('upper'), 'utf8'), 'upper');

testWithTerraform('apply, change, kill, stop, go on, destroy', async () => {
  const options: DriveOptions = {
    checkout: checkout.folder,
    owner: { lab: 'weather' },
    program: await findTerraform({}),
    progress: silentProgress,
    env: checkout.env,
  };
  const apply = (more: Partial<DriveOptions> = {}) => applyStacks(readStacks(checkout.outdir), { ...options, ...more });
  const begun = async () => {
    expect(
      await until(async () => existsSync(at('pid')) && readFileSync(at('pid'), 'utf8').endsWith('\n'), {
        timeout: 30_000,
        interval: 20,
      }),
    ).toBe(true);
    const pid = Number(readFileSync(at('pid'), 'utf8'));
    writeFileSync(at('pid'), '');
    return pid;
  };

  synthesise(plan('small'));
  expect([...(await apply())]).toEqual([
    ['lower', 1],
    ['upper', 3],
  ]);
  expect([...(await apply())]).toEqual([
    ['lower', 0],
    ['upper', 0],
  ]);
  expect(upper().outputs).toEqual({ pageAddress: 'http://small.example' });

  // Changed, and killed in the middle: the state holds what was done, its lock went with the process.
  synthesise(plan('large', waits('killed')));
  const killed = expect(apply()).rejects.toThrow(FailureError);
  process.kill(await begun(), 'SIGKILL');
  await killed;
  writeFileSync(at('killed'), '');
  expect(upper().resources).toContain('terraform_data.first');

  // Again, and stopped in good order.
  synthesise(plan('large', waits('stopped')));
  const stop = new AbortController();
  const stopped = expect(apply({ signal: stop.signal })).rejects.toThrow(StoppedError);
  await begun();

  stop.abort(new StoppedError('SIGINT'));
  await stopped;
  expect(upper().resources).toContain('terraform_data.first');

  synthesise(plan('large'));
  const changes = await apply();
  expect(changes.get('lower')).toBe(0);
  expect(changes.get('upper')).toBeGreaterThan(0);
  expect(upper().resources).toHaveLength(3);
  expect(upper().outputs).toEqual({ pageAddress: 'http://large.example' });

  await destroyStacks(readStacks(checkout.outdir), options);
  expect([checkout.state('upper'), checkout.state('lower')]).toEqual([[], []]);
  expect(existsSync(`${checkout.stateFile('upper')}.backup`)).toBe(true);
});
