import { errorMessage } from '@praxis/core';
import { verifyCosignature } from '../evidence/cosignature.ts';
import { type NoteVerifier, parseVerifierKey } from '../evidence/note.ts';
import type { FiledVoucher } from './evidence-cursor.ts';
import type { EvidenceFault, EvidenceProblem } from './report.ts';
import type { VerifyOptions } from './verify.ts';

/** Checks stamps and cosignatures one after the other, and keeps what the best of them say. */
export class VoucherCheck {
  /** The first that does not hold. */
  fault: EvidenceProblem | null = null;
  /** How many records a cosignature speaks for; null when there is none. */
  witnessed: number | null = null;
  /** How many records a stamp speaks for, and since when. */
  stamped: { readonly size: number; readonly time: string } | null = null;
  stamps = 0;
  readonly #path: string;
  readonly #witnessKeys: readonly NoteVerifier[];
  readonly #stampVerifiers: VerifyOptions['stampVerifiers'];

  /** `path` is where the evidence is. */
  constructor(path: string, options: Pick<VerifyOptions, 'witnessKeys' | 'stampVerifiers'>) {
    this.#path = path;
    const keys = (options.witnessKeys ?? []).map(parseVerifierKey);
    this.#witnessKeys = keys.filter((key): key is NoteVerifier => key !== null);
    this.#stampVerifiers = options.stampVerifiers;
  }

  async check(voucher: FiledVoucher): Promise<void> {
    if (voucher.reason === 'cosignature') this.#checkCosignature(voucher);
    else await this.#checkStamp(voucher);
  }

  async #checkStamp(voucher: FiledVoucher): Promise<void> {
    const { about, args } = voucher;
    this.stamps += 1;
    if (this.#stampVerifiers === undefined) return;
    const verifier = this.#stampVerifiers[args['stamper'] ?? ''];
    if (verifier === undefined)
      return this.#fail(voucher, 'stamp_invalid', `nobody here can check a stamp of \`${args['stamper']}\``);
    try {
      const { time } = await verifier(Buffer.from(args['token_base64'] ?? '', 'base64'), about?.text ?? '');
      if (about !== null && about.size > (this.stamped?.size ?? -1))
        this.stamped = { size: about.size, time };
    } catch (error) {
      this.#fail(voucher, 'stamp_invalid', errorMessage(error));
    }
  }

  #checkCosignature(voucher: FiledVoucher): void {
    const { about, args } = voucher;
    for (const key of this.#witnessKeys) {
      const verdict = verifyCosignature(about?.note.text ?? '', args['lines'] ?? '', key);
      if (verdict === 'invalid')
        return this.#fail(voucher, 'cosignature_invalid', "a witness's cosignature does not verify");
      if (verdict === 'valid' && about !== null) this.witnessed = Math.max(this.witnessed ?? 0, about.size);
    }
  }

  #fail({ about, offset }: FiledVoucher, code: EvidenceFault, detail: string): void {
    const place = { offset, seq: (about?.size ?? 1) - 1, code, path: this.#path };
    this.fault ??= { place, detail };
  }
}
