/** Whether AWS takes the credentials; what to do when it does not. */
import { describe, errorName } from '../leftovers/failure';
import type { AwsFacts, Identity } from './facts';
import type { Problem } from './problem';

interface Reason {
  readonly pattern: RegExp;
  readonly what: string;
  readonly fix: string;
}

/** First match wins, over the error's name and message. */
const reasons: readonly Reason[] = [
  {
    pattern: /Expired|expired/,
    what: 'the AWS credentials have expired',
    fix: 'log in again (such as: aws sso login), or get new session keys',
  },
  {
    pattern: /CredentialsProviderError|TokenProviderError|Could not load credentials/,
    what: 'there are no AWS credentials',
    fix: 'aws configure, aws sso login with AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  },
  {
    pattern: /InvalidClientTokenId|UnrecognizedClientException|AuthFailure|InvalidAccessKeyId/,
    what: 'AWS does not know the access key',
    fix: 'check AWS_PROFILE and AWS_ACCESS_KEY_ID; the key may have been deleted, or be of another partition (China, GovCloud)',
  },
  {
    pattern: /SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|RequestTimeTooSkewed/,
    what: 'AWS refuses the signature of the request',
    fix: "check AWS_SECRET_ACCESS_KEY and this machine's clock (timedatectl)",
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|TimeoutError|timed out/,
    what: 'AWS can not be reached',
    fix: 'check the network of this machine, HTTPS_PROXY and AWS_ENDPOINT_URL',
  },
];

/** Who we are to AWS, or why AWS does not say. */
export async function whoAmI(
  facts: Pick<AwsFacts, 'identity'>,
): Promise<{ readonly identity: Identity } | { readonly problem: Problem }> {
  try {
    return { identity: await facts.identity() };
  } catch (error) {
    return { problem: credentialsProblem(error) };
  }
}

export function credentialsProblem(error: unknown): Problem {
  const said = describe(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = `${errorName(error)} ${code} ${said}`;
  const known = reasons.find(({ pattern }) => pattern.test(text));
  return {
    what: `${known?.what ?? 'AWS does not say who you are'}: ${said}`,
    fix: known?.fix ?? 'try: aws sts get-caller-identity',
  };
}
