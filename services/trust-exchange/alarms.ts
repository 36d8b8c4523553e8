/** What the peer sent and we refused to copy. An alarm stands until its subject was looked at and found right. */
import type { BundleAlarm } from './bundle';
import type { EndpointAlarmKind } from './endpoints';

type AlarmKind = BundleAlarm | EndpointAlarmKind;

export interface Alarm {
  readonly kind: AlarmKind;
  /** What it is about: a Secret (`namespace/name`) or an import. */
  readonly subject: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export type NewAlarm = Pick<Alarm, 'kind' | 'message'>;

export class Alarms {
  private readonly bySubject = new Map<string, readonly Alarm[]>();

  constructor(
    private readonly onRaised: (alarm: Alarm) => void,
    private readonly onCleared: (alarm: Alarm) => void,
  ) {}

  /** Replaces the alarms of a subject; reports only those that are new or over. */
  set(subject: string, alarms: readonly NewAlarm[], now: number): void {
    const before = this.bySubject.get(subject) ?? [];
    const after = alarms.map(({ kind, message }): Alarm => {
      const known = before.find((alarm) => alarm.kind === kind);
      return known?.message === message ? known : { kind, subject, message, since: known?.since ?? now };
    });
    if (after.length === 0) this.bySubject.delete(subject);
    else this.bySubject.set(subject, after);
    for (const alarm of after) if (!before.includes(alarm)) this.onRaised(alarm);
    for (const alarm of before) if (!after.some(({ kind }) => kind === alarm.kind)) this.onCleared(alarm);
  }

  of(subject: string): readonly Alarm[] {
    return this.bySubject.get(subject) ?? [];
  }

  all(): readonly Alarm[] {
    return [...this.bySubject.values()].flat();
  }
}
