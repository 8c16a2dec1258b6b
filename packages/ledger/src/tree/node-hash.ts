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

/**
 * The hash of a leaf, RFC 6962 §2.1. The leaf of a record is the 32 bytes of its `entry_hash`, which commits
 * to every other byte of it: `SHA-256(0x00 || entry_hash)`. What is not 64 hex digits has no hash: `''`.
 */
export function leafHash(entryHash: string): NodeHash {
  if (entryHash.length !== 2 * NODE_BYTES || leaf.write(entryHash, 1, 'hex') !== NODE_BYTES) return '';
  return hash('sha256', leaf, 'latin1');
}

/** The same for an `entry_hash` that is at hand as a digest. */
export function leafOfDigest(entryHash: NodeHash): NodeHash {
  if (entryHash.length !== NODE_BYTES) return '';
  leaf.write(entryHash, 1, 'latin1');
  return hash('sha256', leaf, 'latin1');
}

const LEAF_PREFIX = 0x00;
const leaf = Buffer.alloc(1 + NODE_BYTES, LEAF_PREFIX);

/** The hash of an inner node: `SHA-256(0x01 || left || right)`, RFC 6962 §2.1. Over what is no hash there is none: `''`. */
export function innerHash(left: NodeHash, right: NodeHash): NodeHash {
  if (left.length !== NODE_BYTES || right.length !== NODE_BYTES) return '';
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
