/** A program of ours where an attacker is, kept for the whole run: starting one for each attempt would cost seconds. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { FailureError } from '../../errors';
import { endingWithUs } from '../../machine/exec';

/** Certificate, key and names of a TLS client, as Node.js takes them. */
export interface Secure {
  readonly servername?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ALPNProtocols?: readonly string[];
  readonly maxVersion?: string;
}

export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** One thing an agent can try; `program.js` says what each field does. */
export type Attempt =
  | {
      readonly kind: 'raw';
      readonly host: string;
      readonly port: number;
      /** Port to dial from. @default - any */
      readonly localPort?: number;
      readonly secure?: Secure;
      readonly send?: readonly string[];
      readonly timeout?: number;
      readonly quiet?: number;
    }
  | {
      readonly kind: 'ask';
      readonly url?: string;
      readonly socketPath?: string;
      readonly method?: string;
      readonly path?: string;
      readonly headers?: Headers;
      /** Headers whose values are in files there, such as tokens. */
      readonly headerFiles?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly timeout?: number;
    }
  | {
      readonly kind: 'ask2';
      /** Address and port, or a socket in place of both. */
      readonly host?: string;
      readonly port?: number;
      readonly socketPath?: string;
      readonly secure?: Secure;
      readonly headers: Headers;
      /** Headers whose values are in files there, such as tokens. */
      readonly headerFiles?: Readonly<Record<string, string>>;
      /** Base64. */
      readonly body?: string;
      /** Whether the stream stays open after the body. @default - it ends */
      readonly keep?: boolean;
      /** Texts to look for in the answer, of which then nothing else is told. */
      readonly needles?: readonly string[];
      readonly timeout?: number;
    }
  | { readonly kind: 'datagram'; readonly host: string; readonly port: number; readonly send?: string }
  | {
      readonly kind: 'ports';
      readonly host: string;
      readonly ports: readonly number[];
      /** Port to dial all of them from. @default - any */
      readonly localPort?: number;
      readonly timeout?: number;
    }
  | { readonly kind: 'file'; readonly path: string }
  /** To read and write. */
  | { readonly kind: 'open'; readonly path: string }
  | { readonly kind: 'signal'; readonly pid: number; readonly signal: NodeJS.Signals }
  | {
      readonly kind: 'program';
      readonly command: string;
      readonly args?: readonly string[];
      readonly uid?: number;
      readonly gid?: number;
    }
  | { readonly kind: 'become'; readonly uid?: number; readonly gid?: number }
  | { readonly kind: 'whoami' }
  | { readonly kind: 'rights' }
  | { readonly kind: 'listen'; readonly host: string; readonly port: number; readonly protocol: 'tcp' | 'udp' }
  | {
      readonly kind: 'hold';
      readonly host: string;
      readonly port: number;
      readonly secure: Secure;
      readonly request: string;
      readonly seconds: number;
    }
  | {
      readonly kind: 'pose';
      /** Certificate and key that it shows, PEM. @default - none: it takes what comes in clear */
      readonly cert?: string;
      readonly key?: string;
      /** Body of every answer. */
      readonly answer: string;
    }
  | { readonly kind: 'posed'; readonly port: number };

/** What came to somebody who posed as a server. */
export interface Posed {
  readonly connections: number;
  readonly requests: number;
  /** How connections ended that came to no request. */
  readonly failures: readonly string[];
  /** Subject alternative names of the certificates that callers showed. */
  readonly clients: readonly string[];
}

/** What an agent saw. */
export interface Seen {
  readonly end: string;
  readonly connected?: boolean;
  readonly secured?: boolean;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly trailers?: Readonly<Record<string, string | undefined>>;
  readonly text?: string;
  /** Own and other end of the connection, `address:port`. */
  readonly local?: string;
  readonly remote?: string;
  /** Subject alternative names of the server's certificate. */
  readonly peer?: string;
  readonly alpn?: string;
  readonly exit?: number;
  readonly bytes?: number;
  readonly found?: readonly string[];
  readonly open?: readonly number[];
  readonly counted?: Readonly<Record<string, number>>;
  /** Of a connection that is held: Unix time, and times from then on, in milliseconds. */
  readonly began?: number;
  readonly answers?: number;
  readonly firstAnswer?: number;
  readonly lastAnswer?: number;
  readonly after?: number;
  /** Port of whoever poses, and what came to it. */
  readonly port?: number;
  readonly posed?: Posed;
}

const source = (name: string) => readFileSync(join(__dirname, `${name}.js`), 'utf8');

/** A part of the program as one value: there are no files of ours where it runs. */
const part = (name: string) => `const ${name} = ((module) => {\n${source(name)}\nreturn module.exports;\n})({});\n`;

/** Source of the program that runs there. */
export const agentProgram = [part('machine'), part('pose'), source('program')].join('');

/** Milliseconds that an agent gets to start, and a single attempt to end. */
const patience = { start: 30_000, attempt: 60_000 };

export class Agent {
  private readonly waiting = new Map<number, (seen: Seen) => void>();
  private readonly begun: Promise<void>;
  private last = 0;
  private rest = '';
  private complaint = '';
  private gone = false;

  private constructor(
    /** Where it is, for people. */
    readonly place: string,
    private readonly child: ChildProcessByStdio<Writable, Readable, Readable>,
  ) {
    let ready: () => void = () => {};
    this.begun = new Promise((resolve, reject) => {
      ready = resolve;
      child.on('error', reject);
      child.on('close', () => {
        this.gone = true;
        reject(new FailureError(`${place}: the program there ended: ${this.complaint.trim().slice(-500)}`));
        for (const answer of this.waiting.values()) answer({ end: 'agent: gone' });
        this.waiting.clear();
      });
    });
    this.begun.catch(() => {});
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.complaint += text;
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.rest + text).split('\n');
      this.rest = lines.pop() ?? '';
      for (const line of lines) this.read(line, ready);
    });
  }

  /** Starts an agent by a command line that takes its attempts on standard input. It ends when this process does. */
  static async start(place: string, command: string, args: readonly string[]): Promise<Agent> {
    const [file, argv] = endingWithUs(command, args);
    // In a group of its own: Ctrl-C on the terminal would end it, and what it changed is put back by it.
    const child = spawn(file, argv, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const agent = new Agent(place, child);
    const late = setTimeout(() => agent.stop(), patience.start);
    try {
      await agent.begun;
      return agent;
    } finally {
      clearTimeout(late);
    }
  }

  /** Tries one thing. Never throws: an agent that is gone says so. */
  async try(attempt: Attempt): Promise<Seen> {
    if (this.gone) return { end: 'agent: gone' };
    this.last += 1;
    const id = this.last;
    return new Promise((resolve) => {
      const late = setTimeout(() => done({ end: 'agent: silent' }), patience.attempt);
      const done = (seen: Seen) => {
        clearTimeout(late);
        this.waiting.delete(id);
        resolve(seen);
      };
      this.waiting.set(id, done);
      this.child.stdin.write(`${JSON.stringify({ id, ...attempt })}\n`);
    });
  }

  stop(): void {
    this.child.stdin.end();
    this.child.kill('SIGTERM');
  }

  private read(line: string, ready: () => void): void {
    if (!line.startsWith('{')) return;
    const { id, ready: began, ...seen } = JSON.parse(line) as Seen & { id?: number; ready?: boolean };
    if (began === true) ready();
    if (id !== undefined) this.waiting.get(id)?.(seen);
  }
}
