/** What tells the rules of a running enforcer from those that one before it left: its process id, as nft lists it. */
export function keeperMark(pid: number): string {
  return `comment "kept by process ${pid}"`;
}

/** Whether these rules, as nft lists them, are those of this enforcer. */
export function isKeptBy(listed: string, pid: number | undefined): boolean {
  return pid !== undefined && listed.includes(keeperMark(pid));
}
