import * as fc from 'fast-check';

const DIMENSIONS = 8;
const finite = fc.float({ min: -100, max: 100, noNaN: true, noDefaultInfinity: true });

function ofDimensions(numbers: fc.Arbitrary<number>): fc.Arbitrary<number[]> {
  return fc.array(numbers, { minLength: DIMENSIONS, maxLength: DIMENSIONS });
}

/** Vectors that an extension of a database could rank otherwise than we do. */
export const anyVector: fc.Arbitrary<number[]> = fc
  .oneof(
    ofDimensions(finite),
    // Ones that are as near as others, and ones that cannot be compared.
    ofDimensions(fc.integer({ min: -1, max: 1 })),
    fc.array(finite, { minLength: 3, maxLength: 3 }),
    // Very long and very short ones, whose squares are no numbers of 32 bits.
    ofDimensions(fc.constantFrom(3e38, -3e38, 1e38, 2e37)),
    ofDimensions(fc.constantFrom(1e-45, 3e-39, -2e-40, 1e-30)),
  )
  .filter((numbers) => Float32Array.from(numbers).some((n) => n !== 0));
