/** What a certificate says, and whether a chain holds. Parsing and checking only; nothing is made here. */
import 'reflect-metadata';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate as ParsedCertificate,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';

export interface Certificate {
  /** One PEM block that ends in a newline. */
  readonly pem: string;
  /** SHA-256 of the DER form, lower-case hex. */
  readonly sha256: string;
  /** URI names among the subject alternative names. */
  readonly uris: readonly string[];
  /** Subject alternative names of any other type. */
  readonly otherNames: number;
  readonly isCa: boolean;
  /** Whether it may sign handshakes as client and as server, and no certificates. */
  readonly isPeerLeaf: boolean;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A fingerprint as people compare it: upper-case pairs with colons. */
export function fingerprintText(certificate: Pick<Certificate, 'sha256'>): string {
  return (certificate.sha256.toUpperCase().match(/../g) ?? []).join(':');
}

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Reads every certificate of a PEM text. Returns `undefined` when one can't be read or anything else is among them. */
export function readCertificates(text: string): readonly Certificate[] | undefined {
  if (text.replaceAll(block, '').trim() !== '') return undefined;
  try {
    return (text.match(block) ?? []).map(readCertificate);
  } catch {
    return undefined;
  }
}

/** Host part of a certificate's one SPIFFE URI; `undefined` when it has none, several, or another name as well. */
export function trustDomainOf(certificate: Certificate): string | undefined {
  const [uri, ...rest] = certificate.uris;
  if (uri === undefined || rest.length > 0 || certificate.otherNames > 0) return undefined;
  return /^spiffe:\/\/([^/]+)(?:\/.*)?$/.exec(uri)?.[1];
}

/** Whether `key` (PEM) is the private key of `certificate`. */
export function isKeyOf(key: string, certificate: Certificate): boolean {
  try {
    const mine = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
    const theirs = new X509Certificate(certificate.pem).publicKey.export({ type: 'spki', format: 'der' });
    return mine.equals(theirs);
  } catch {
    return false;
  }
}

/** Whether signatures lead from the first certificate, through CA certificates of the same list, to `root`. */
export function chainsTo(chain: readonly Certificate[], root: Certificate, now: number): boolean {
  const [leaf, ...others] = chain;
  if (leaf === undefined) return false;
  const issuers = [root, ...others.filter((item) => item.isCa && isCurrent(item, now))];
  let current = leaf;
  // A path is never longer than the list; a loop of cross-signatures ends here.
  for (let step = 0; step <= issuers.length; step++) {
    const issuer = issuers.find((candidate) => candidate.pem !== current.pem && signed(candidate, current));
    if (issuer === undefined) return false;
    if (issuer.sha256 === root.sha256) return true;
    current = issuer;
  }
  return false;
}

export function isCurrent(certificate: Certificate, now: number): boolean {
  return certificate.notBefore <= now && now < certificate.notAfter;
}

function signed(issuer: Certificate, subject: Certificate): boolean {
  const by = new X509Certificate(issuer.pem);
  const it = new X509Certificate(subject.pem);
  return it.checkIssued(by) && it.verify(by.publicKey);
}

function readCertificate(pem: string): Certificate {
  const parsed = new ParsedCertificate(pem);
  const names = parsed.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const uris = names.filter((name) => name.type === 'url').map((name) => name.value);
  const isCa = parsed.getExtension(BasicConstraintsExtension)?.ca ?? false;
  return {
    pem: `${pem}\n`,
    sha256: new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase(),
    uris,
    otherNames: names.length - uris.length,
    isCa,
    isPeerLeaf: !isCa && isPeerLeaf(parsed),
    notBefore: parsed.notBefore.getTime(),
    notAfter: parsed.notAfter.getTime(),
  };
}

/** Envoy's SPIFFE validator refuses leaves without digitalSignature or with a right to sign certificates. */
function isPeerLeaf(parsed: ParsedCertificate): boolean {
  const usage = parsed.getExtension(KeyUsagesExtension)?.usages ?? 0;
  const purposes = parsed.getExtension(ExtendedKeyUsageExtension)?.usages ?? [];
  const signsOthers = (usage & (KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)) !== 0;
  return (
    (usage & KeyUsageFlags.digitalSignature) !== 0 &&
    !signsOthers &&
    purposes.includes(ExtendedKeyUsage.clientAuth) &&
    purposes.includes(ExtendedKeyUsage.serverAuth)
  );
}
