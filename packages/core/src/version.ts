/** The version of praxis. All its packages are released together. */
export const VERSION = '0.1.0';
