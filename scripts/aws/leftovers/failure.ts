/** What an AWS API said when it refused. */
import type { Unseen } from './resource';

const denials = [
  'AccessDenied',
  'AccessDeniedException',
  'AuthorizationError',
  'UnauthorizedOperation',
  'UnauthorizedException',
];

const badCredentials = [
  'AuthFailure',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'UnrecognizedClientException',
];

/** Name of an AWS error, such as `UnauthorizedOperation`. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** Whether AWS does not know or no longer takes the credentials, so that any other call would fail as well. */
export function areBadCredentials(error: unknown): boolean {
  return badCredentials.includes(errorName(error));
}

/** Whether what should be deleted is gone already. */
export function isGone(error: unknown): boolean {
  // LoadBalancerNotFound, ResourceNotFoundException, NoSuchEntity, InvalidVolume.NotFound, InvalidGroupId.NotFound, NatGatewayNotFound …
  return /NotFound|NoSuchEntity|NotExist/.test(errorName(error));
}

export function isDenied(error: unknown): boolean {
  return denials.includes(errorName(error));
}

/** One line about a place that could not be looked into, with the permissions that are missing if that is why. */
export function unseen(service: string, permissions: readonly string[], error: unknown): Unseen {
  const reason = describe(error);
  if (!isDenied(error)) return { service, reason };
  // AWS mostly names the action; else it is one of those that the look takes.
  const named = /\b[a-z0-9-]+:[A-Z][A-Za-z]+\b/.exec(reason)?.[0];
  return { service, reason, permissions: named === undefined ? permissions : [named] };
}

/** The message of an AWS error on one line, with the error's name when the message does not tell. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const message = error.message.replaceAll(/\s+/g, ' ').trim();
  if (message === '' || message === 'UnknownError') return error.name;
  return message.includes(error.name) || error.name === 'Error' ? message : `${error.name}: ${message}`;
}
