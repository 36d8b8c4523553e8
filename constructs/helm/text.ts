/**
 * Terraform reads `${` and `%{` in every string of a plan as the start of an expression, and cdktf leaves both as they
 * are in plain strings. Text that is data must be escaped.
 */
export function literal(text: string): string {
  return text.replaceAll('${', '$${').replaceAll('%{', '%%{');
}
