/** Shows what a command is doing, on standard error: live on a terminal, a few plain lines per step elsewhere. */
import { hasColour, painter } from './colour';
import { AbandonedError, StoppedError } from './errors';

/** Something the command does that may take longer than a person likes to wait in the dark. */
export interface Progress {
  /**
   * Runs `work` as a step with a title. `say` replaces the step's detail ("131 packages"). Steps may overlap.
   * @returns what `work` returns; a failure is shown with the title and passed on
   */
  step<T>(title: string, work: (say: (line: string) => void) => Promise<T>, options?: StepOptions): Promise<T>;
  /** Writes a line of its own, above the steps that run. */
  note(line: string): void;
}

export interface StepOptions {
  /** Whether the step is shown only while it lasts: its end is the command's answer. @default - false */
  readonly passing?: boolean;
}

/** Where progress is written; `process.stderr` is one. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

interface Running {
  readonly title: string;
  readonly since: number;
  detail: string;
}

/** Progress on a stream: `process.stderr` without one. Colour only on a terminal and without NO_COLOR. */
export function makeProgress(stream: ProgressStream = process.stderr, env = process.env): Progress {
  const live = stream.isTTY === true;
  const board: Display = live ? new Board(stream) : new Log(stream);
  const paint = painter(hasColour(stream, env));
  return {
    async step(title, work, { passing = false } = {}) {
      const running: Running = { title, since: Date.now(), detail: '' };
      board.add(running);
      try {
        const result = await work((line) => {
          running.detail = line.trim();
        });
        board.remove(running);
        if (!passing) stream.write(`${paint('green', '✓')} ${title} (${elapsed(running.since)})\n`);
        return result;
      } catch (error) {
        board.remove(running);
        if (passing) throw error;
        // A step that was stopped is not what went wrong.
        const stopped = error instanceof StoppedError || error instanceof AbandonedError;
        const how = stopped ? `- ${title} (stopped` : `${paint('red', '✗')} ${title} (failed`;
        stream.write(`${how} after ${elapsed(running.since)})\n`);
        throw error;
      }
    },
    note(line) {
      board.clear();
      stream.write(`${line}\n`);
    },
  };
}

/** Progress that shows nothing, for tests and machine-readable output. */
export const silentProgress: Progress = { step: async (_title, work) => work(() => {}), note: () => {} };

/** Elapsed time as people say it: `0.4s`, `12.3s`, `3m04s`. */
export function elapsed(since: number, now = Date.now()): string {
  const seconds = (now - since) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
}

/** Where running steps are shown. */
interface Display {
  add(step: Running): void;
  remove(step: Running): void;
  /** Makes room for a line. */
  clear(): void;
}

/** Milliseconds after which a step is worth a line of its own before it ends, and between two lines after that. */
const lasting = 1_000;
const repeat = 30_000;

/** One line when a step turns out to last, and one every half minute, so that a log shows where the time goes. */
class Log implements Display {
  private readonly timers = new Map<Running, NodeJS.Timeout>();

  constructor(private readonly stream: ProgressStream) {}

  add(step: Running): void {
    this.schedule(step, lasting, () => {
      this.stream.write(`… ${step.title}\n`);
      this.repeat(step);
    });
  }

  remove(step: Running): void {
    clearTimeout(this.timers.get(step));
    this.timers.delete(step);
  }

  clear(): void {}

  private repeat(step: Running): void {
    this.schedule(step, repeat, () => {
      this.stream.write(`${lineOf(step)}\n`);
      this.repeat(step);
    });
  }

  private schedule(step: Running, delay: number, work: () => void): void {
    this.timers.set(step, setTimeout(work, delay).unref());
  }
}

function lineOf(step: Running): string {
  const detail = step.detail === '' ? '' : ` · ${step.detail}`;
  return `… ${step.title} ${elapsed(step.since)}${detail}`;
}

/** The running steps at the bottom of a terminal, redrawn a few times a second. */
class Board implements Display {
  private readonly steps = new Set<Running>();
  private drawn = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly stream: ProgressStream) {}

  add(step: Running): void {
    this.steps.add(step);
    if (this.timer === undefined) {
      this.timer = setInterval(() => this.draw(), 150);
      this.timer.unref();
    }
    this.draw();
  }

  /** Takes the step away and leaves the cursor where the line that says how it ended belongs. */
  remove(step: Running): void {
    this.clear();
    this.steps.delete(step);
    if (this.steps.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private draw(): void {
    this.clear();
    const width = (this.stream.columns ?? 80) - 1;
    const lines = [...this.steps].map((step) => lineOf(step).slice(0, width));
    this.stream.write(lines.map((line) => `${line}\n`).join(''));
    this.drawn = lines.length;
  }

  clear(): void {
    // The terminal may have echoed ^C behind our last line.
    if (this.drawn > 0) this.stream.write(`\r\u001b[${this.drawn}A\u001b[0J`);
    this.drawn = 0;
  }
}
