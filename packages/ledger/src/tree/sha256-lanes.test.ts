import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LANES, sha256Lanes } from './sha256-lanes.ts';
import { BLOCK_BYTES } from './sha256-program.ts';

function padded(message: Uint8Array, blocks: number): Buffer {
  const block = Buffer.alloc(blocks * BLOCK_BYTES);
  block.set(message);
  block[message.length] = 0x80;
  block.writeUInt32BE(8 * message.length, block.length - 4);
  return block;
}

describe('sha256Lanes', () => {
  it('gives the digests of the system for messages of one, two and three blocks', () => {
    const lanes = sha256Lanes(65_536);
    if (lanes === null) throw new Error('nothing was compiled');
    for (const blocks of [1, 2, 3]) {
      for (const groups of [1, 2, 9]) {
        const messages = Array.from({ length: groups * LANES }, (_, i) =>
          randomBytes((blocks - 1) * BLOCK_BYTES + ((7 * i) % 56)),
        );
        const at = lanes.reserved;
        const out = at + messages.length * blocks * BLOCK_BYTES;
        Buffer.concat(messages.map((message) => padded(message, blocks))).copy(lanes.memory, at);
        lanes.hash(at, blocks, groups, out);
        const digests = messages.map((_, i) => {
          const place = out + 128 * (i >> 1) + 1 + 32 * (i & 1);
          return lanes.memory.toString('hex', place, place + 32);
        });
        expect(digests).toEqual(
          messages.map((message) => createHash('sha256').update(message).digest('hex')),
        );
      }
    }
  });
});
