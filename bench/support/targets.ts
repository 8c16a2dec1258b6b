/** Prints one line: what was measured, and whether it is what it should be. A miss makes the process fail. */
export function show(what: string, value: string, target: string, ok: boolean): void {
  console.log(`${ok ? ' ok ' : 'MISS'}  ${what.padEnd(64)} ${value.padStart(14)}   target ${target}`);
  if (!ok) process.exitCode = 1;
}

export function kilo(value: number): string {
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)} M` : `${(value / 1e3).toFixed(0)} k`;
}

export function percent(value: number): string {
  return `${(value * 100).toFixed(0)} %`;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
