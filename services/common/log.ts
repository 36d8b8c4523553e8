/** Structured logs on standard output, one JSON object a line. Nothing secret is ever passed to them. */
import { pino } from 'pino';

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export function makeLog(program: string): Log {
  return pino({
    base: { program },
    level: process.env.LOG_LEVEL ?? 'info',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (name) => ({ level: name }) },
  });
}
