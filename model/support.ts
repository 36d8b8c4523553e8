/** How long what we pin is supported by those who make it. The lab on one machine pins for itself and is exempt. */

export interface SupportWindow {
  readonly product: string;
  /** The line that the pin belongs to. */
  readonly line: string;
  /** Last day, ISO 8601. */
  readonly until: string;
  readonly source: string;
}

export const supportWindows: readonly SupportWindow[] = [
  {
    product: 'Amazon EKS',
    line: '1.35',
    until: '2027-03-27',
    source: 'end of standard support: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html',
  },
  {
    product: 'Istio',
    line: '1.31',
    // Istio names a month; a line released in August ends in the following April (1.23: 16 April 2025).
    until: '2027-03-31',
    source:
      'six weeks after 1.33, which is expected in February 2027: https://istio.io/latest/docs/releases/supported-releases/',
  },
];

/** Windows that are over at a date. */
export function unsupportedAt(date: Date, windows: readonly SupportWindow[] = supportWindows): SupportWindow[] {
  return windows.filter(({ until }) => date.getTime() >= new Date(until).getTime() + 24 * 3600 * 1000);
}
