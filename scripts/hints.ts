/** Hints name commands; with another lab file than the default one they must say so, or they would act on another lab. */

/**
 * A text whose hints call the program as the person does.
 * @param command `./isthmus`, with `--config` where it takes one
 */
export function withCommand(text: string, command: string): string {
  return text.replaceAll(
    /(?<![\w/.-])isthmus (?=(up|down|status|call|leftovers|logs|open|cost|access|plan|attack|bench|rotate)\b)/g,
    () => `${command} `,
  );
}
