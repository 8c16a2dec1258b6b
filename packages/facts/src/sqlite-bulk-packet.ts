import {
  mapColumns,
  type NumberName,
  type NumberColumn,
  type PutColumns,
  type TextColumn,
  type TextName,
} from './put-columns.ts';

/** A column of texts on its way: the same in all rows, or the texts of all rows in one. */
type PackedTexts = { readonly same: string } | { readonly joined: string };

/** Puts on their way to another thread. A few long texts are copied much more quickly than many objects. */
export interface BulkPacket {
  readonly rows: number;
  readonly contentHashes: Uint8Array;
  readonly texts: Readonly<Record<TextName, PackedTexts>>;
  readonly numbers: Readonly<Record<NumberName, NumberColumn>>;
}

// No text of a checked put holds NUL: the canonical form of a value writes it as an escape.
const SEPARATOR = '\0';

/** Packs the columns of checked puts. */
export function packColumns({ rows, contentHashes, texts, numbers }: PutColumns): BulkPacket {
  return {
    rows,
    contentHashes,
    numbers,
    texts: mapColumns<TextName, TextColumn, PackedTexts>(texts, joined),
  };
}

/** The columns of a packet, as they were packed. */
export function unpackColumns({ rows, contentHashes, texts, numbers }: BulkPacket): PutColumns {
  const { buffer, byteOffset, byteLength } = contentHashes;
  return {
    rows,
    contentHashes: Buffer.from(buffer, byteOffset, byteLength),
    numbers,
    texts: mapColumns<TextName, PackedTexts, TextColumn>(texts, split),
  };
}

function joined(column: TextColumn): PackedTexts {
  return 'each' in column ? { joined: column.each.join(SEPARATOR) } : column;
}

function split(column: PackedTexts): TextColumn {
  return 'joined' in column ? { each: column.joined.split(SEPARATOR) } : column;
}
