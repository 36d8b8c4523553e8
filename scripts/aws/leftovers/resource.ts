/** Things in an AWS account as the search for leftovers sees them. */

export type Tags = Readonly<Record<string, string>>;

/** Something that exists. Things that are deleted, or being deleted and free by then, are never made into one. */
export interface Resource {
  /** As Terraform names it: `aws_ebs_volume`. */
  readonly type: string;
  /** What the AWS API takes to name it: an id, a name, or an ARN where the API wants that. */
  readonly id: string;
  /** What people know it by. Empty when it has no name. */
  readonly name: string;
  readonly tags: Tags;
  /** VPCs that can't be deleted as long as it is there. @default - none */
  readonly vpcs?: readonly string[];
  /** Id of the thing that it comes and goes with, such as the NAT gateway of an interface. @default - stands alone */
  readonly partOf?: string;
  /** Ids of interfaces that come and go with it. @default - none known */
  readonly parts?: readonly string[];
  /** Why it needs no removing: it goes by itself. @default - it stays */
  readonly leaving?: string;
  /** What its price depends on: `instanceType`, `gib`, `volumeType`, `kind`. @default - none */
  readonly facts?: Readonly<Record<string, string | number>>;
}

/** How a resource was recognised. `vpc`: by nothing but where it is. */
export type MarkKind = 'tag' | 'cluster' | 'name' | 'vpc';

export interface Mark {
  readonly kind: MarkKind;
  /** Which tag, name or VPC it was. */
  readonly why: string;
}

/** A resource that carries the lab's mark. */
export interface Leftover extends Resource, Mark {
  readonly region: string;
  /** USD. Undefined: the price is not known. */
  readonly perHour: number | undefined;
  /** Command line that removes it. */
  readonly remove: string;
}

/** A place that could not be looked into. */
export interface Unseen {
  /** Service and what of it: `EC2 volumes`. */
  readonly service: string;
  readonly reason: string;
  /** IAM actions that are missing. @default - permissions are not the reason */
  readonly permissions?: readonly string[];
}

/** One place to look into. */
export interface Look {
  readonly service: string;
  /** IAM actions that it takes. */
  readonly permissions: readonly string[];
  run(): Promise<readonly Resource[]>;
}

/** Tags as the AWS APIs list them. */
export function tagsOf(
  list: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Tags {
  return Object.fromEntries((list ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** Everything of all pages. */
export async function collect<Page, Item>(
  pages: AsyncIterable<Page>,
  items: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const all: Item[] = [];
  for await (const page of pages) all.push(...(items(page) ?? []));
  return all;
}

/** In lists of `size`, for calls that take so many at most. */
export function inChunks<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}
