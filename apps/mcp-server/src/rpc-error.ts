/** A JSON-RPC error response (JSON-RPC 2.0 §5.1); an id that is neither text nor a number becomes null. */
export function rpcError(code: number, message: string, id: unknown = null): object {
  const known = typeof id === 'string' || typeof id === 'number' ? id : null;
  return { jsonrpc: '2.0', id: known, error: { code, message } };
}
