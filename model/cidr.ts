/** IPv4 arithmetic on plain numbers. No DNS, no I/O; malformed text is an error, never a guess. */

/** An IPv4 block, aligned to its own size. */
export interface Cidr {
  /** First address as an unsigned 32-bit number. */
  readonly base: number;
  /** Prefix length, 0 to 32. */
  readonly prefix: number;
}

/** Networks that are never on the internet, by RFC 1918. */
export const privateNetworks: readonly Cidr[] = [
  { base: 0x0a000000, prefix: 8 },
  { base: 0xac100000, prefix: 12 },
  { base: 0xc0a80000, prefix: 16 },
];

const octet = /^(0|[1-9][0-9]{0,2})$/;

/** Reads `10.0.0.1`. Returns `undefined` when the text is not a strict dotted quad. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    const byte = Number(part);
    if (!octet.test(part) || byte > 255) return undefined;
    value = value * 256 + byte;
  }
  return value;
}

/** Reads `10.0.0.0/16`. Returns `undefined` when malformed or when host bits are set. */
export function parseCidr(text: string): Cidr | undefined {
  const [address, length, ...rest] = text.split('/');
  if (address === undefined || length === undefined || rest.length > 0) return undefined;
  const base = parseAddress(address);
  const prefix = Number(length);
  if (base === undefined || !octet.test(length) || prefix > 32) return undefined;
  return base % size({ base, prefix }) === 0 ? { base, prefix } : undefined;
}

/** Number of addresses in a block. */
export function size(block: Cidr): number {
  return 2 ** (32 - block.prefix);
}

export function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

export function formatCidr(block: Cidr): string {
  return `${formatAddress(block.base)}/${block.prefix}`;
}

/** The `index`-th sub-block of the given prefix length. Throws `RangeError` when the block holds no such one. */
export function subnet(block: Cidr, prefix: number, index: number): Cidr {
  if (prefix < block.prefix || index < 0 || index >= 2 ** (prefix - block.prefix)) {
    throw new RangeError(`${formatCidr(block)} has no subnet ${index} of /${prefix}`);
  }
  return { base: block.base + index * 2 ** (32 - prefix), prefix };
}

/** The `index`-th address of a block, as text. Throws `RangeError` outside it. */
export function host(block: Cidr, index: number): string {
  if (index < 0 || index >= size(block)) throw new RangeError(`${formatCidr(block)} has no address ${index}`);
  return formatAddress(block.base + index);
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.base < b.base + size(b) && b.base < a.base + size(a);
}

export function contains(block: Cidr, address: number): boolean {
  return address >= block.base && address < block.base + size(block);
}
