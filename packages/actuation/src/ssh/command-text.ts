import { type Refusal, refuse } from '../adapter.ts';

/** The longest command text, in UTF-8 bytes: beyond it a classification means nothing. */
export const COMMAND_BYTES_MAX = 16_384;

/** Refuses a text that cannot be passed on unchanged: empty, with NUL or broken UTF-16, or too long. */
export function checkCommandText(text: string, bytesMax: number = COMMAND_BYTES_MAX): Refusal | null {
  if (text.trim() === '') return refuse('command_invalid', 'the command is empty');
  if (text.includes('\0')) return refuse('command_invalid', 'the command holds a NUL character');
  if (!text.isWellFormed()) return refuse('command_invalid', 'the command holds half of a surrogate pair');
  const lengthBytes = Buffer.byteLength(text);
  if (lengthBytes <= bytesMax) return null;
  return refuse('command_too_long', `the command has ${lengthBytes} bytes, the bound is ${bytesMax}`);
}
