/** The programs that come with the product. Each is one bundled JavaScript file below a checkout. */

/** Programs of services: what a lab file may name without a path. */
export const servicePrograms: readonly string[] = [
  'weather/frontend',
  'weather/backend',
  'weather/info',
  'weather/cache',
];

/** Programs of the lab itself. */
export const labPrograms: readonly string[] = ['trust-exchange', 'network-policy', 'guard-webhook'];

/**
 * File of a program.
 * @param program a program of ours by its name, or the path of a bundled JavaScript file
 * @param checkout folder of the checkout, in which `npm run build` bundles ours
 * @returns the path of the bundle; any other path as it is
 */
export function programFile(program: string, checkout: string): string {
  const own = [...servicePrograms, ...labPrograms].includes(program);
  return own ? `${checkout}/dist/programs/${program}.js` : program;
}
