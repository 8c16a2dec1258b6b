/** How many bytes behind the last one a scanner may look at; the first of them must be zero. */
export const SCAN_PADDING_BYTES = 64;

/** Bytes that are being scanned. */
export interface ScanBytes {
  readonly bytes: Buffer;
  /** How often the bytes were changed: what was learned of them holds until then. */
  fills: number;
}

/** Room for `length` bytes and the padding behind them. */
export function scanBytes(length: number): ScanBytes {
  return { bytes: Buffer.alloc(length + SCAN_PADDING_BYTES), fills: 0 };
}

/** To be called whenever the bytes were changed: puts the zero behind the last one, where every scan stops. */
export function endScanAt(scan: ScanBytes, end: number): void {
  scan.bytes.fill(0, end, end + SCAN_PADDING_BYTES);
  scan.fills += 1;
}
