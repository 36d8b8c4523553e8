/** What Terraform tells with `-json`: one JSON object a line. */
import * as z from 'zod';
import { elapsed } from '../progress';

/** An error as Terraform reports it. */
export interface Diagnostic {
  readonly summary: string;
  readonly detail: string;
  /** Resource address; none for what concerns the whole stack. */
  readonly address?: string | undefined;
}

/** What is planned for one resource. */
interface Planned {
  readonly address: string;
  readonly type: string;
  /** `create`, `update`, `replace`, `delete` and others. */
  readonly action: string;
  /** Why, such as `tainted` or `cannot_update`; not always told. */
  readonly reason: string | undefined;
}

const resource = z.object({ addr: z.string(), resource_type: z.string() });
/** `action` is what happens to the resource; `read` for data, which no plan counts. */
const hook = z.object({ resource, action: z.string().optional() });
const event = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('change_summary'),
    changes: z.object({ add: z.int(), change: z.int(), remove: z.int(), operation: z.string() }),
  }),
  z.object({
    type: z.literal('planned_change'),
    change: z.object({ resource, action: z.string(), reason: z.string().optional() }),
  }),
  z.object({ type: z.literal('apply_start'), hook }),
  z.object({ type: z.literal('apply_progress'), hook }),
  z.object({ type: z.literal('apply_complete'), hook }),
  z.object({ type: z.literal('apply_errored'), hook }),
  z.object({ type: z.literal('refresh_start'), hook }),
  z.object({
    type: z.literal('diagnostic'),
    diagnostic: z.object({
      severity: z.string(),
      summary: z.string(),
      detail: z.string().default(''),
      address: z.string().optional(),
    }),
  }),
]);
type Event = z.infer<typeof event>;

/** One line as an event; `undefined` for lines that say nothing we use, also for such that are not JSON. */
function parseLine(line: string): Event | undefined {
  try {
    return event.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Follows one apply or destroy: how far it is, and what went wrong. */
export class Follower {
  /** Errors, in the order in which they came. */
  readonly diagnostics: Diagnostic[] = [];
  /** What is to be changed. */
  readonly planned: Planned[] = [];
  /** Lines that are not JSON: what the program says when it can't even begin. */
  readonly rest: string[] = [];
  private total = 0;
  private done = 0;
  private readonly running = new Map<string, { readonly type: string; readonly since: number }>();

  /** Takes one line. */
  take(line: string, now = Date.now()): void {
    const found = parseLine(line);
    if (found === undefined) {
      if (line.trim() !== '' && !line.startsWith('{')) this.rest.push(line);
      return;
    }
    if ('hook' in found && found.hook.action === 'read') return;
    switch (found.type) {
      case 'change_summary': {
        const { operation, add, change, remove } = found.changes;
        if (operation === 'plan') this.total = add + change + remove;
        break;
      }
      case 'planned_change': {
        const { resource: at, action, reason } = found.change;
        this.planned.push({ address: at.addr, type: at.resource_type, action, reason });
        break;
      }
      case 'apply_start':
        this.running.set(found.hook.resource.addr, { type: found.hook.resource.resource_type, since: now });
        break;
      case 'apply_complete':
        this.done += 1;
        this.running.delete(found.hook.resource.addr);
        break;
      case 'apply_errored':
        this.running.delete(found.hook.resource.addr);
        break;
      case 'diagnostic':
        if (found.diagnostic.severity === 'error') this.diagnostics.push(found.diagnostic);
        break;
      case 'apply_progress':
      case 'refresh_start':
        break;
    }
  }

  /** Resources that were created, changed or destroyed so far. */
  get changes(): number {
    return this.done;
  }

  /** `12 of 40: aws_nat_gateway 1m20s`, with the resource that is longest at work; empty before anything changes. */
  status(now = Date.now()): string {
    if (this.total === 0) return '';
    const [first] = [...this.running.values()].sort((a, b) => a.since - b.since);
    const more = this.running.size > 1 ? `, ${this.running.size - 1} more` : '';
    const at = first === undefined ? '' : `: ${first.type} ${elapsed(first.since, now)}${more}`;
    return `${this.done} of ${this.total}${at}`;
  }
}
