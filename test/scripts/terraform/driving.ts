/** A checkout with two meshes and the border between them, and a fake Terraform to drive over it. */
import { silentProgress } from '../../../scripts/progress';
import { applyStacks, type Changes, type DriveOptions, destroyStacks } from '../../../scripts/terraform/drive';
import { readStacks, type Stack } from '../../../scripts/terraform/stacks';
import { temporaryFolder } from '../../support/folder';
import { type Checkout, fakeTerraform, makeCheckout, type StackSpecs } from '../../support/stacks';

export const owner = { lab: 'weather', region: 'eu-north-1', account: '111122223333' };

export const arn = (region: string, account: string) => `arn:aws:ec2:${region}:${account}:vpc/vpc-1`;

/** A VPC with the lab's tag. */
export const vpc = (name: string, values: object = {}) => ({
  aws_vpc: { [name]: { tags_all: { 'isthmus.dev/lab': 'weather' }, ...values } },
});

export const specs: StackSpecs = {
  'network-west': { resource: vpc('nw') },
  'network-east': { resource: vpc('ne') },
  'cluster-west': { on: ['network-west'], resource: { aws_eks_cluster: { cw: {} }, aws_eks_node_group: { gw: {} } } },
  'cluster-east': { on: ['network-east'], resource: { aws_eks_cluster: { ce: {} } } },
  border: { on: ['cluster-west', 'cluster-east'], resource: { aws_route: { r: {} } } },
};

export interface Driving {
  /** Another one for each test. */
  readonly checkout: Checkout;
  stacks(): Stack[];
  options(more?: Partial<DriveOptions>): DriveOptions;
  apply(more?: Partial<DriveOptions>): Promise<Changes>;
  destroy(more?: Partial<DriveOptions>): Promise<Changes>;
  /** Calls of one verb. */
  done(verb: string): string[];
}

/** For the tests of one file. */
export function driving(): Driving {
  // A Node.js for each Terraform, on a machine that others use too.
  jest.setTimeout(120_000);
  const below = temporaryFolder();
  let checkout: Checkout;
  beforeEach(() => {
    checkout = makeCheckout(below);
    checkout.synthesise(specs);
  });
  const stacks = () => readStacks(checkout.outdir);
  const options = (more: Partial<DriveOptions> = {}): DriveOptions => ({
    checkout: checkout.folder,
    owner,
    program: fakeTerraform,
    progress: silentProgress,
    env: checkout.env,
    ...more,
  });
  return {
    get checkout() {
      return checkout;
    },
    stacks,
    options,
    apply: (more) => applyStacks(stacks(), options(more)),
    destroy: (more) => destroyStacks(stacks(), options(more)),
    done: (verb) => checkout.calls().filter((call) => call.endsWith(` ${verb}`)),
  };
}
