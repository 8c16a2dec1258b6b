const BEGIN = /-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY/;
const BODY_LINE = /^[ \t]{0,64}(?:[A-Za-z0-9+/=]{1,256}|[A-Z][A-Za-z-]{1,32}: [^\n]{0,256}|)[ \t\r\n]{0,4}$/;

/** Follows a private key that a list holds line by line. */
export class PemLines {
  #inside = false;

  /** Whether this next string of the list is a body line of the key that began in one before it. */
  holdsNext(item: string): boolean {
    if (this.#inside) {
      this.#inside = !item.includes('-----END') && (item === '[REDACTED]' || BODY_LINE.test(item));
      if (this.#inside) return true;
    }
    this.#inside = BEGIN.test(item) && !item.includes('-----END');
    return false;
  }
}
