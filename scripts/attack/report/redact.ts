/** Text for reports: they get passed on, and what an attacker was given may be a credential. */

/** Each keeps what it is named by (first group) and loses the rest; also when the text was cut within it. */
const credentials: readonly RegExp[] = [
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /()\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}/g,
  /(\bBearer )[\w.~+/=-]{8,}/gi,
  /("[\w.-]*(?:SecretID|Secret|PrivateKeyPEM|PrivateKey|PeeringToken|Token|\.key|Password)" ?: ?")[^"]{8,}/gi,
];

export function redacted(text: string): string {
  return credentials.reduce((rest, credential) => rest.replaceAll(credential, '$1(not shown)'), text);
}
