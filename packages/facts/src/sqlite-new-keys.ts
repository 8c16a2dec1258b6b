/** After how many new keys in a row the next one is taken for another, at first and at most. */
const NEW_KEYS_MIN = 8;
const NEW_KEYS_MAX = 1024;

/** Guesses from the keys before whether the next one is new to the store. */
export interface NewKeyGuess {
  isLikely(): boolean;
  /** Tells what a look at the store has shown. */
  found(isNew: boolean): void;
  /** Tells what came of a guess that was acted upon. A wrong one is costly: the next is made after a longer row. */
  guessed(isRight: boolean): void;
}

/** A guess that starts without knowledge. */
export function newKeyGuess(): NewKeyGuess {
  let inARow = 0;
  let wanted = NEW_KEYS_MIN;
  return {
    isLikely: () => inARow >= wanted,
    found(isNew) {
      inARow = isNew ? inARow + 1 : 0;
    },
    guessed(isRight) {
      if (!isRight) inARow = 0;
      wanted = isRight ? NEW_KEYS_MIN : Math.min(wanted * 2, NEW_KEYS_MAX);
    },
  };
}
