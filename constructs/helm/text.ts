/**
 * Terraform reads `${` and `%{` in every string of a plan as the start of an expression, and cdktf leaves both as they
 * are in plain strings. Text that is data must be escaped.
 */
export function literal(text: string): string {
  // cdktf puts its own marks for values that it does not know yet into strings, and finds them again at the end.
  if (/[$#&]\{TfToken\[/.test(text)) throw new Error(`text must not hold a mark of cdktf: ${text.slice(0, 200)}`);
  // Functions, because in a replacement text a doubled dollar stands for a single one.
  return text.replaceAll('${', () => '$${').replaceAll('%{', () => '%%{');
}
