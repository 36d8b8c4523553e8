/** Refusals of the kernel's permissions. */
import type { Stop } from '../attack';
import type { Seen } from '../vantage/agent';

/** The kernel's own words, and undefined for any other end. */
export function deniedByKernel({ end }: Seen): Stop | undefined {
  return ['EACCES', 'EPERM'].includes(end) ? { how: 'permission', who: 'the kernel', what: end } : undefined;
}
