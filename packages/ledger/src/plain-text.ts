/** How many bytes behind the last one a scanner may look at; the first of them must be zero. */
export const SCAN_PADDING_BYTES = 64;

/** Bytes that are being scanned, readable a byte and four bytes at a time. */
export interface ScanBytes {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** How often the bytes were changed: what was learned of them holds until then. */
  fills: number;
}

/** Room for `length` bytes and the padding behind them. */
export function scanBytes(length: number): ScanBytes {
  const bytes = Buffer.alloc(length + SCAN_PADDING_BYTES);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), fills: 0 };
}

/** To be called whenever the bytes were changed: puts the zero behind the last one, where every scan stops. */
export function endScanAt(scan: ScanBytes, end: number): void {
  scan.bytes.fill(0, end, end + SCAN_PADDING_BYTES);
  scan.fills += 1;
}

/** How many bytes at `a` are the same as those at `b`, which end at `bEnd`. */
export function sameBytes(view: DataView, a: number, b: number, bEnd: number): number {
  let same = b;
  // Equal as numbers is equal in all bits, zeros aside, which no text holds; what looks like no number is none of ours.
  while (same < bEnd && view.getFloat64(a + same - b, true) === view.getFloat64(same, true)) same += 8;
  for (let at = same; at < bEnd; at += 4) {
    const difference = view.getInt32(a + at - b, true) ^ view.getInt32(at, true);
    if (difference !== 0) return at - b + ((31 - Math.clz32(difference & -difference)) >> 3);
  }
  return bEnd - b;
}

/** What a text was found to hold besides printable ASCII. */
export interface TextMarks {
  escaped: boolean;
  nonAscii: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NON_ASCII = 0x80;
/** The escapes of two characters: for each of these characters RFC 8785 §3.2.2.2 allows no other form. */
const SHORT_ESCAPES: readonly boolean[] = Array.from({ length: 256 }, (_, byte) =>
  '"\\bfnrt'.includes(String.fromCharCode(byte)),
);

/**
 * The index of the quote that ends the canonical JSON text whose first character is at `at`, or -1 when
 * there is none before the bytes end, or the text holds what needs a closer look (`\u` escapes, escapes
 * that are not canonical, control characters). Whether bytes beyond ASCII are UTF-8 is for the caller to check.
 */
export function endOfText(view: DataView, at: number, marks: TextMarks): number {
  for (let p = at; ; ) {
    const word = view.getInt32(p, true);
    const quotes = word ^ 0x22222222;
    const slashes = word ^ 0x5c5c5c5c;
    // The high bit of each byte that is no plain character; above the lowest such byte it may lie.
    const stops =
      (word |
        (((word - 0x20202020) | 0) & ~word) |
        (((quotes - 0x01010101) | 0) & ~quotes) |
        (((slashes - 0x01010101) | 0) & ~slashes)) &
      0x80808080;
    if (stops === 0) {
      p += 4;
      continue;
    }
    p += (31 - Math.clz32(stops & -stops)) >> 3;
    const byte = view.getUint8(p);
    if (byte === QUOTE) return p;
    if (byte >= NON_ASCII) {
      marks.nonAscii = true;
      p += 1;
    } else if (byte === BACKSLASH && SHORT_ESCAPES[view.getUint8(p + 1)] === true) {
      marks.escaped = true;
      p += 2;
    } else {
      return -1;
    }
  }
}

/** How many bytes a token compares without asking how long it is. */
const TOKEN_BYTES = 20;

/**
 * A fixed text of at least four bytes that is looked for at a place. Compares five words, of which those
 * beyond a shorter text repeat its last one; what is longer has the rest in another token.
 */
export class Token {
  readonly length: number;
  readonly #word0: number;
  readonly #word1: number;
  readonly #word2: number;
  readonly #word3: number;
  readonly #word4: number;
  readonly #at1: number;
  readonly #at2: number;
  readonly #at3: number;
  readonly #at4: number;
  readonly #rest: Token | null;

  constructor(text: string | Buffer) {
    const bytes = Buffer.from(text);
    const last = Math.min(bytes.length, TOKEN_BYTES) - 4;
    this.length = bytes.length;
    this.#at1 = Math.min(4, last);
    this.#at2 = Math.min(8, last);
    this.#at3 = Math.min(12, last);
    this.#at4 = Math.min(16, last);
    this.#word0 = bytes.readInt32LE(0);
    this.#word1 = bytes.readInt32LE(this.#at1);
    this.#word2 = bytes.readInt32LE(this.#at2);
    this.#word3 = bytes.readInt32LE(this.#at3);
    this.#word4 = bytes.readInt32LE(this.#at4);
    // The rest begins within what is compared here, so that it is never shorter than a word.
    this.#rest = bytes.length > TOKEN_BYTES ? new Token(bytes.subarray(TOKEN_BYTES - 4)) : null;
  }

  isAt(view: DataView, at: number): boolean {
    return (
      view.getInt32(at, true) === this.#word0 &&
      view.getInt32(at + this.#at1, true) === this.#word1 &&
      view.getInt32(at + this.#at2, true) === this.#word2 &&
      view.getInt32(at + this.#at3, true) === this.#word3 &&
      view.getInt32(at + this.#at4, true) === this.#word4 &&
      (this.#rest === null || this.#rest.isAt(view, at + TOKEN_BYTES - 4))
    );
  }
}
