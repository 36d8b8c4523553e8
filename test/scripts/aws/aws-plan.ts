/** The stacks of the AWS lab as `up` and `down` see them, with one or two resources each. */
import type { AwsSettings } from '../../../model/aws';
import type { Lab } from '../../../model/lab';
import { AppliedRecord } from '../../../scripts/terraform/record';
import { readStacks } from '../../../scripts/terraform/stacks';
import { labFile } from '../../support/labs';
import type { Checkout, StackSpecs } from '../../support/stacks';

export const region = 'eu-north-1';
export const account = '111122223333';
export const identity = { account, arn: `arn:aws:iam::${account}:user/ann` };
export const page = 'http://page.example/';

const provider = { aws: [{ region, default_tags: [{ tags: { 'isthmus.dev/lab': 'weather' } }] }] };
const arn = (what: string, at = region) => `arn:aws:ec2:${at}:${account}:${what}`;
const tags = { tags_all: { 'isthmus.dev/lab': 'weather' } };

/** As `stacks/lab.ts` has them. */
export function awsPlan(at = region): StackSpecs {
  const mesh = (name: string): StackSpecs => ({
    [`network-${name}`]: {
      provider,
      resource: { aws_vpc: { [name]: { ...tags, arn: arn(`vpc/${name}`, at) } } },
      output: { vpcId: { value: `vpc-${name}` } },
    },
    [`cluster-${name}`]: {
      on: [`network-${name}`],
      provider,
      resource: { aws_eks_cluster: { [name]: tags }, aws_lb: { [`lb-${name}`]: tags } },
      ...(name === 'west' && { output: { pageAddress: { value: page } } }),
    },
    [`mesh-${name}`]: { on: [`cluster-${name}`], resource: { helm_release: { [`mesh-${name}`]: {} } } },
    [`federation-${name}`]: { on: [`mesh-${name}`], resource: { helm_release: { [`federation-${name}`]: {} } } },
    [`weather-${name}`]: { on: [`federation-${name}`], resource: { helm_release: { [`weather-${name}`]: {} } } },
  });
  return {
    ...mesh('west'),
    ...mesh('east'),
    border: { on: ['cluster-west', 'cluster-east'], provider, resource: { aws_vpc_peering_connection: { p: tags } } },
    pairing: { on: ['border', 'federation-west', 'federation-east'], resource: { terraform_data: { pair: {} } } },
  };
}

/** The AWS lab with other settings. */
export function awsLab(more: Partial<AwsSettings> = {}): Lab {
  const lab = labFile('aws');
  if (lab.aws === undefined) throw new Error('labs/aws.yaml has nothing on AWS');
  return { ...lab, name: 'weather', aws: { ...lab.aws, region, pageFrom: [{ base: 0, prefix: 0 }], ...more } };
}

/** Leaves behind what an `up` leaves, without running anything. */
export function raised(checkout: Checkout, plan: StackSpecs = awsPlan()): void {
  checkout.synthesise(plan);
  for (const [name, { resource, output }] of Object.entries(plan)) checkout.writeState(name, resource, output);
  const record = new AppliedRecord(checkout.folder, 'weather');
  for (const stack of readStacks(checkout.outdir)) record.begin(stack, { lab: 'weather', region, account });
}

/** A smaller plan: enough stacks for `up`, which does not care what lies between. */
export function upPlan(): StackSpecs {
  const { 'weather-west': ww, 'weather-east': we, ...all } = awsPlan();
  const names = ['network-west', 'cluster-west', 'network-east', 'cluster-east', 'mesh-east', 'border'];
  return {
    ...only(all, names),
    'weather-west': { ...ww, on: ['cluster-west'] },
    'weather-east': { ...we, on: ['mesh-east'] },
  };
}

/** A smaller plan for `down`: what goes over a mesh is destroyed as the mesh is. */
export function downPlan(): StackSpecs {
  const { pairing, ...all } = awsPlan();
  const names = ['network-west', 'cluster-west', 'mesh-west', 'network-east', 'cluster-east', 'mesh-east', 'border'];
  return { ...only(all, names), pairing: { ...pairing, on: ['border', 'mesh-west', 'mesh-east'] } };
}

function only(plan: StackSpecs, names: readonly string[]): StackSpecs {
  return Object.fromEntries(Object.entries(plan).filter(([name]) => names.includes(name)));
}
