/** Stands between the SDK and the mock of AWS: remembers each call, and refuses those that a test wants refused. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AwsProxy {
  readonly url: string;
  /** `ec2:DescribeVolumes`, in the order they came; EKS's are `eks:GET /clusters`. */
  readonly calls: readonly string[];
  /** Refuses an action from now on, as AWS does when a permission is missing. */
  deny(action: string): void;
  /** Refuses every call: the credentials are no good. */
  expire(): void;
  /** Forgets calls and denials. */
  reset(): void;
  stop(): Promise<void>;
}

/** @param target address of the mock */
export async function startProxy(target: string): Promise<AwsProxy> {
  const calls: string[] = [];
  const denied = new Set<string>();
  let expired = false;
  const server = createServer((incoming, outgoing) => {
    void readBody(incoming).then((body) => {
      const [service, action] = actionOf(incoming, body);
      calls.push(`${service}:${action}`);
      if (expired) return refuse(outgoing, incoming, 'ExpiredToken', 'The security token included is expired');
      if (denied.has(`${service}:${action}`)) {
        const code = service === 'ec2' ? 'UnauthorizedOperation' : 'AccessDenied';
        const message = `User: arn:aws:iam::123456789012:user/x is not authorized to perform: ${service}:${action}`;
        return refuse(outgoing, incoming, code, service === 'ec2' ? 'You are not authorized.' : message);
      }
      return forward(target, incoming, body, outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    deny: (action) => void denied.add(action),
    expire: () => {
      expired = true;
    },
    reset: () => {
      calls.length = 0;
      denied.clear();
      expired = false;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Which service signed the call, and what it asks for. */
function actionOf({ headers, method, url = '' }: IncomingMessage, body: Buffer): [service: string, action: string] {
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return [service, target.split('.').at(-1) ?? ''];
  const form = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const action = form ? new URLSearchParams(body.toString()).get('Action') : undefined;
  return [service, action ?? `${method} ${url.split('?')[0]}`];
}

function refuse(outgoing: ServerResponse, { headers }: IncomingMessage, code: string, message: string): void {
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') !== true) {
    outgoing.writeHead(400, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': `${code}Exception` });
    outgoing.end(JSON.stringify({ __type: `${code}Exception`, message }));
    return;
  }
  const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  const ec2 = code === 'UnauthorizedOperation';
  outgoing.writeHead(403, { 'content-type': 'text/xml' });
  outgoing.end(ec2 ? `<Response><Errors>${error}</Errors></Response>` : `<ErrorResponse>${error}</ErrorResponse>`);
}

function forward(target: string, incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): void {
  const { host: _, ...headers } = incoming.headers;
  const onward = request(`${target}${incoming.url}`, { method: incoming.method ?? 'GET', headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  onward.end(body);
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
