/** Requests of Node's own client, with their whole answers. */
import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import { ApiError } from './errors';

/** An answer with a status of 2xx. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface ApiRequest {
  /** Which API is asked, for errors. */
  readonly api: ApiError['api'];
  /** Method and path without a query, for errors. */
  readonly name: string;
  /** Milliseconds that it may take. */
  readonly timeout: number;
  /** Opens the request, which must end when the signal does. */
  readonly open: (limit: AbortSignal) => ClientRequest;
  /** Sent as JSON. @default - no body */
  readonly body?: unknown;
  /** What of a refusal goes into the error. @default - all of it */
  readonly reason?: (text: string) => string;
}

/**
 * Sends one request and reads its answer.
 * @throws {@link ApiError} for every status but 2xx; with status 0 when there was no answer in time
 */
export async function ask({
  api,
  name,
  timeout,
  open,
  body,
  reason = (text) => text,
}: ApiRequest): Promise<HttpAnswer> {
  const limit = AbortSignal.timeout(timeout);
  let answer: HttpAnswer;
  try {
    answer = await answerOf(open(limit), body);
  } catch (error) {
    throw new ApiError(api, name, 0, limit.aborted ? `no answer within ${timeout} ms` : (error as Error).message);
  }
  const { status, text } = answer;
  if (status < 200 || status > 299) throw new ApiError(api, name, status, reason(text));
  return answer;
}

function answerOf(outgoing: ClientRequest, body: unknown): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('error', reject);
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
