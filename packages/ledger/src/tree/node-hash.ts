import { hash } from 'node:crypto';

/**
 * A node of the tree: the 32 bytes of a SHA-256 digest as a string of 32 characters, one per byte.
 * A string of that kind costs a third of a Buffer to make, and the tree makes two per record.
 */
export type NodeHash = string;

/** How many bytes a node hash has. */
export const NODE_BYTES = 32;

const NODE_PREFIX = 0x01;
const node = Buffer.alloc(1 + 2 * NODE_BYTES, NODE_PREFIX);

/** The hash of a leaf: `SHA-256(0x00 || line)`, RFC 6962 §2.1; the line is the stored one, without its newline. */
export function leafHash(line: string | Uint8Array): NodeHash {
  if (typeof line === 'string') return hash('sha256', `\0${line}`, 'latin1');
  if (line.length > LEAF_BYTES_MAX)
    return hash('sha256', Buffer.concat([Buffer.of(LEAF_PREFIX), line]), 'latin1');
  leaf.set(line, 1);
  return hash('sha256', leaf.subarray(0, 1 + line.length), 'latin1');
}

const LEAF_PREFIX = 0x00;
const LEAF_BYTES_MAX = 65_536;
/** Where the prefix and a line of usual length are put together. */
const leaf = Buffer.alloc(1 + LEAF_BYTES_MAX, LEAF_PREFIX);

/** The hash of an inner node: `SHA-256(0x01 || left || right)`, RFC 6962 §2.1. */
export function innerHash(left: NodeHash, right: NodeHash): NodeHash {
  node.write(left, 1, 'latin1');
  node.write(right, 1 + NODE_BYTES, 'latin1');
  return hash('sha256', node, 'latin1');
}

/** The root of the tree without leaves: the digest of nothing, RFC 6962 §2.1. */
export const EMPTY_ROOT: NodeHash = hash('sha256', '', 'latin1');

export function nodeToHex(value: NodeHash): string {
  return Buffer.from(value, 'latin1').toString('hex');
}

/** Throws nothing: what is not 64 hex digits gives a value no hash equals. */
export function nodeFromHex(hex: string): NodeHash {
  return Buffer.from(hex, 'hex').toString('latin1');
}

export function nodeToBase64(value: NodeHash): string {
  return Buffer.from(value, 'latin1').toString('base64');
}

export function nodeFromBase64(text: string): NodeHash {
  return Buffer.from(text, 'base64').toString('latin1');
}
