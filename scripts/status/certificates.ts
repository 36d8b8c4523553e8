import { X509Certificate } from 'node:crypto';
import type { Root } from './model';

/** Every certificate of a PEM text, in its order; text that is none is left out. */
export function certificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

export function rootsOf(pem: string): Root[] {
  return certificates(pem).map((certificate) => ({
    sha256: certificate.fingerprint256,
    notAfter: new Date(certificate.validTo).toISOString(),
  }));
}
