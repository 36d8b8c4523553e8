/** Addresses in a lab file. */
import { z } from 'zod';
import { parseAddress, parseCidr } from './cidr';

/** An IPv4 address, as text. */
export const address = z
  .string()
  .refine((text) => parseAddress(text) !== undefined, { error: 'must be an IPv4 address' });

/**
 * An aligned IPv4 block, read.
 * @param what for the message, with an example
 */
export function cidr(what: string, prefix: { readonly from: number; readonly to: number }, example: string) {
  const { from, to } = prefix;
  return z.string().transform((text, context) => {
    const block = parseCidr(text);
    if (block !== undefined && block.prefix >= from && block.prefix <= to) return block;
    const message = `must be an aligned IPv4 ${what} of /${from} to /${to}, such as ${example}`;
    context.addIssue({ code: 'custom', input: text, message });
    return z.NEVER;
  });
}
