/** What the environment tells a program. Read once at the start; a bad value ends the program with a message. */
// As a namespace: the named import would bundle Zod's 250 KB of translations.
import * as z from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

const base = z.object({
  HOST: z.string().min(1).default('0.0.0.0'),
  PORT: port.default(8080),
  MESH: z.string().min(1).optional(),
  MESH_KIND: z.enum(['istio', 'consul']).optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export interface Environment {
  readonly host: string;
  readonly port: number;
  /** Mesh name of the lab file, `west`. */
  readonly mesh: string | undefined;
  readonly meshKind: 'istio' | 'consul' | undefined;
  readonly logLevel: string;
}

/** An http or https URL without a trailing slash, query or credentials. */
export const upstreamUrl = z
  .string()
  .refine(
    isUpstream,
    'must be an http(s) URL without a trailing slash, query or credentials, for example http://backend.backend',
  );

function isUpstream(text: string): boolean {
  if (!URL.canParse(text) || text.endsWith('/')) return false;
  const { protocol, search, hash, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && [search, hash, username, password].every((part) => part === '');
}

/** Thrown for a missing or malformed variable. The message names each, without its value: it may be a secret. */
export class EnvironmentError extends Error {}

/** Reads the variables that every program knows. */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const read = readVariables(base, env);
  return { host: read.HOST, port: read.PORT, mesh: read.MESH, meshKind: read.MESH_KIND, logLevel: read.LOG_LEVEL };
}

/** Reads the variables of `schema`; an empty variable counts as absent, as people write `X= ./program`. */
export function readVariables<S extends z.ZodType>(schema: S, env: NodeJS.ProcessEnv): z.output<S> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new EnvironmentError(`environment variables to mend:\n${faults.join('\n')}`);
}

/**
 * Where an upstream is that no row of the access table lets the program call: nowhere (RFC 6761). Its part of the page
 * then says that it can't be reached, as it does when a row is taken away.
 */
export function noRow(service: string): string {
  return `http://${service}.no-row-of-the-access-table.invalid`;
}
