/** Where charts come from. */

/** Whether a source of charts is the address of a repository; any other is a folder. */
export function isRepository(source: string): boolean {
  return /^(https|oci):\/\//.test(source);
}
